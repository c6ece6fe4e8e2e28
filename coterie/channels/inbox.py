"""From events to people: the one way chats come in, whatever the channel.

A batch is stored in one transaction, set-based. Repeated message ids change nothing. Only what a person did themselves
moves "last seen" and the number of chats.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from coterie.audience.models import Scope
from coterie.channels import traffic
from coterie.channels.events import Event
from coterie.channels.models import Channel
from coterie.chats.models import Sender
from coterie.chats.recording import Turn, already_stored, record
from coterie.core.ids import from_public
from coterie.journal.commit import Transaction, commit
from coterie.people.attributes import Refused, catalogue_keys
from coterie.people.changes import People
from coterie.people.identities import resolve
from coterie.segments.membership import join, leave
from coterie.segments.models import Kind, Segment


@dataclass(frozen=True, slots=True)
class Receipt:
    """Which message ids were new, and who each user id is."""

    fresh: frozenset[str]
    people: dict[str, int]


def receive(channel: Channel, events: Sequence[Event]) -> Receipt:
    """Stores the events; when it returns they are on disk. Raises Refused for a segment nobody can join here."""
    workspace_id = channel.workspace_id
    catalogue_keys(workspace_id, (event.attributes for event in events))
    catalogue_keys(workspace_id, (event.session_attributes for event in events), Scope.SESSION)
    segments = _segments(workspace_id, events)
    return commit(workspace_id, f"channel:{channel.public_id}", lambda tx: _store(tx, channel, events, segments))


def _store(tx: Transaction, channel: Channel, events: Sequence[Event], segments: dict[str, int]) -> Receipt:
    fresh = _unseen(tx, channel, events)
    if not fresh:
        return Receipt(frozenset(), {})
    people, ids = resolve(tx, channel.id, _first_seen(fresh))
    # Again, now that the people are locked: another writer may have stored the same events while we waited.
    fresh = _unseen(tx, channel, fresh)
    fresh.sort(key=lambda event: event.at)
    for event in fresh:
        _apply(people, ids[event.user_id], event, channel.kind)
    begun = record(tx, channel.id, channel.kind, [_turn(event, ids[event.user_id]) for event in fresh])
    for person_id, chats in begun.items():
        people[person_id].chats += chats
    people.save()
    _move(tx, fresh, ids, segments)
    # Every delivery of the channel changes this row, so it waits until nobody can come in between.
    tx.last_of_all(partial(traffic.count, channel, events=len(fresh)))
    return Receipt(frozenset(event.message_id for event in fresh), ids)


def _unseen(tx: Transaction, channel: Channel, events: Iterable[Event]) -> list[Event]:
    by_id = {event.message_id: event for event in reversed(list(events))}
    stored = already_stored(tx.workspace_id, channel.id, by_id)
    return [event for message_id, event in by_id.items() if message_id not in stored]


def _first_seen(events: Iterable[Event]) -> dict[str, dt.datetime]:
    first: dict[str, dt.datetime] = {}
    for event in sorted(events, key=lambda event: event.at):
        first.setdefault(event.user_id, event.at)
    return first


def _apply(people: People, person_id: int, event: Event, kind: str) -> None:
    person = people[person_id]
    attributes = dict(event.attributes)
    if "default_source" not in person.attributes:
        attributes.setdefault("default_source", kind)
    people.set(person, attributes, event.at)
    if event.corrections:
        people.set(person, event.corrections, max(event.at, person.written_at or event.at))
    if event.since is not None:
        people.met(person, event.since)
    if event.by_person:
        people.seen(person, event.at)


def _turn(event: Event, person_id: int) -> Turn:
    payload = event.payload
    sender = event.sender
    if event.message is None:
        sender = Sender.EVENT
        reported = {
            "attributes": dict(event.attributes),
            "sessionAttributes": dict(event.session_attributes),
            "join": list(event.join),
            "leave": list(event.leave),
        }
        payload = {name: value for name, value in reported.items() if value}
    return Turn(
        event.message_id,
        person_id,
        event.session_id,
        sender,
        event.message,
        event.at,
        payload,
        event.session_attributes,
    )


def _move(tx: Transaction, events: Sequence[Event], ids: dict[str, int], segments: dict[str, int]) -> None:
    """People into and out of segments, in the order of the events: the last word about a segment counts."""
    wishes: dict[tuple[int, int], bool] = {}
    for event in events:
        for names, wanted in ((event.join, True), (event.leave, False)):
            for name in names:
                wishes[segments[name], ids[event.user_id]] = wanted
    for wanted, move in ((True, join), (False, leave)):
        by_segment: dict[int, list[int]] = {}
        for (segment_id, person_id), wish in wishes.items():
            if wish is wanted:
                by_segment.setdefault(segment_id, []).append(person_id)
        for segment_id in sorted(by_segment):
            move(tx, segment_id, by_segment[segment_id], tx.at)


def _segments(workspace_id: int, events: Sequence[Event]) -> dict[str, int]:
    """Named or numbered segment → its id; raises Refused for one that is not there, or is filled by a rule."""
    wanted = {name for event in events for name in (*event.join, *event.leave)}
    if not wanted:
        return {}
    rows = list(Segment.objects.filter(workspace_id=workspace_id).values_list("id", "name", "kind"))
    by_name = {name.lower(): segment_id for segment_id, name, _ in rows}
    by_rule = {segment_id: kind == Kind.RULE for segment_id, _, kind in rows}
    found: dict[str, int] = {}
    for name in wanted:
        segment_id = by_name.get(name.lower()) or from_public(name)
        if segment_id is None or segment_id not in by_rule:
            raise Refused("segments", f"there is no segment “{name[:100]}”; create it first.")
        if by_rule[segment_id]:
            raise Refused(
                "segments", f"“{name[:100]}” keeps itself up to date by a rule; nobody joins or leaves it here."
            )
        found[name] = segment_id
    return found
