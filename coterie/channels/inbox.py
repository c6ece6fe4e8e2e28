"""From events to people: the one way chats come in, whatever the channel.

A batch is stored in one transaction, set-based. Repeated message ids change nothing. Only what a person did themselves
moves "last seen" and the number of chats. What a banned person says is kept, marked as refused, and changes nothing
about them; what comes from an address of somebody who was erased for good is not kept at all.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from coterie.audience.models import Scope
from coterie.channels import traffic
from coterie.channels.events import Event
from coterie.channels.models import Channel
from coterie.chats.models import Sender
from coterie.chats.recording import Turn, already_stored, record
from coterie.core.ids import from_public
from coterie.journal.commit import Transaction, commit
from coterie.people.attributes import CatalogueFull, Refused, Value, catalogue_keys
from coterie.people.changes import Knowledge, People
from coterie.people.identities import Known, resolve
from coterie.people.models import Person
from coterie.people.shares import Shares
from coterie.people.whereabouts import follow
from coterie.segments.membership import by_hand_of, join, leave
from coterie.segments.models import Kind, Segment


@dataclass(frozen=True, slots=True)
class Receipt:
    """Which message ids were new, who each user id is, and what was refused: of people banned, of people erased."""

    fresh: frozenset[str]
    people: dict[str, int]
    banned: frozenset[str] = frozenset()
    erased: frozenset[str] = frozenset()


def receive(channel: Channel, events: Sequence[Event]) -> Receipt:
    """Stores the events; when it returns they are on disk. Raises Refused for a segment nobody can join here."""
    workspace_id = channel.workspace_id
    events = _catalogued(channel, events)
    segments = _segments(workspace_id, events)
    return commit(workspace_id, f"channel:{channel.public_id}", lambda tx: _store(tx, channel, events, segments))


def _catalogued(channel: Channel, events: Sequence[Event]) -> Sequence[Event]:
    """The events, with the names of their attributes in the catalogue.

    When it is full the sender of an API is told so. From others new names are left out: anybody who has the key of a
    page could fill it, and what people say must not be lost for that.
    """
    try:
        catalogue_keys(channel.workspace_id, (event.attributes for event in events))
    except CatalogueFull as full:
        if channel.kind == "api":
            raise
        events = [
            replace(event, attributes=_but(event.attributes, full), corrections=_but(event.corrections, full))
            for event in events
        ]
    try:
        catalogue_keys(channel.workspace_id, (event.session_attributes for event in events), Scope.SESSION)
    except CatalogueFull as full:
        if channel.kind == "api":
            raise
        events = [replace(event, session_attributes=_but(event.session_attributes, full)) for event in events]
    return events


def _but(values: Mapping[str, Value], full: CatalogueFull) -> dict[str, Value]:
    return {key: value for key, value in values.items() if key not in full.names}


def _store(tx: Transaction, channel: Channel, events: Sequence[Event], segments: dict[str, int]) -> Receipt:
    fresh = _unseen(tx, channel, events)
    if not fresh:
        return Receipt(frozenset(), {})
    people, known = resolve(tx, channel.id, _first_seen(fresh), _emails(fresh))
    erased = frozenset(event.message_id for event in fresh if event.user_id not in known)
    # Again, now that the people are locked: another writer may have stored the same events while we waited.
    fresh = [event for event in _unseen(tx, channel, fresh) if event.user_id in known]
    fresh.sort(key=lambda event: event.at)
    banned = frozenset(event.message_id for event in fresh if _is_banned(people, known[event.user_id], event))
    shares = Shares.of(tx, {one.person_id for one in known.values() if one.origin_id is not None})
    heard, turns = [], []
    for event in fresh:
        who, refused = known[event.user_id], event.message_id in banned
        if not refused:
            heard.append(event)
        news = {} if refused else _apply(people, shares, who, event, channel.kind)
        turns.append(_turn(event, who, news, refused))
    for (person_id, origin_id), chats in record(tx, channel.id, channel.kind, turns).items():
        people[person_id].chats += chats
        if origin_id is not None:
            shares.began(origin_id, chats)
    people.save()
    _move(tx, shares, _wishes(heard, known, segments))
    shares.save()
    # Every delivery of the channel changes this row, so it waits until nobody can come in between.
    tx.last_of_all(partial(traffic.count, channel, events=len(fresh)))
    return Receipt(
        frozenset(event.message_id for event in fresh),
        {user_id: one.person_id for user_id, one in known.items()},
        banned,
        erased,
    )


def _is_banned(people: People, known: Known, event: Event) -> bool:
    """Whether the event is to be refused: what others report about a banned person is not."""
    return people[known.person_id].banned and event.by_person


def _unseen(tx: Transaction, channel: Channel, events: Iterable[Event]) -> list[Event]:
    by_id = {event.message_id: event for event in reversed(list(events))}
    stored = already_stored(tx.workspace_id, channel.id, by_id)
    return [event for message_id, event in by_id.items() if message_id not in stored]


def _first_seen(events: Iterable[Event]) -> dict[str, dt.datetime]:
    first: dict[str, dt.datetime] = {}
    for event in sorted(events, key=lambda event: event.at):
        first.setdefault(event.user_id, event.at)
    return first


def _emails(events: Iterable[Event]) -> dict[str, str]:
    return {
        event.user_id: str(event.attributes["default_email"])
        for event in events
        if event.attributes.get("default_email")
    }


def _apply(people: People, shares: Shares, known: Known, event: Event, kind: str) -> dict[str, Value]:
    """Changes the person; returns what the event told that was not known yet."""
    person, origin_id = people[known.person_id], known.origin_id
    place = follow(people, person, event.attributes.get("default_ip"), event.at)
    event = replace(event, attributes={**place, **event.attributes})
    if origin_id is not None:
        shares.notice(person)
    news = {key: value for key, value in event.attributes.items() if person.attributes.get(key) != value}
    written = people.set(person, _values(person, event, kind), event.at)
    written += people.set(person, event.corrections, max(event.at, person.written_at or event.at))
    if event.since is not None:
        people.met(person, event.since)
    if event.by_person:
        people.seen(person, event.at)
    if origin_id is not None:
        _apply_to_share(shares, person, origin_id, event, kind, written)
    return news


def _apply_to_share(
    shares: Shares, person: Person, origin_id: int, event: Event, kind: str, written: Iterable[str]
) -> None:
    """The same for whoever the person would be, had nobody been merged; `written` is what it changed in the whole."""
    share = shares.by_id[origin_id]
    shares.learn(person, origin_id, _values(share, event, kind), event.at, written)
    if event.corrections:
        shares.learn(person, origin_id, event.corrections, max(event.at, share.written_at or event.at), ())
    if event.since is not None:
        shares.met(origin_id, event.since)
    if event.by_person:
        shares.saw(origin_id, event.at)


def _values(one: Knowledge, event: Event, kind: str) -> dict[str, Value]:
    """What the event says, and where they came from as long as nobody knows."""
    source = {} if "default_source" in one.attributes else {"default_source": kind}
    return {**source, **event.attributes}


def _turn(event: Event, known: Known, news: Mapping[str, Value], refused: bool) -> Turn:
    """What is kept of the event. With a message, only what it told anew: a widget sends the same page with each.

    Of what is refused only what was said: nothing came of the rest, and no transcript may say so.
    """
    told = {
        "attributes": dict(event.attributes if event.message is None else news),
        "sessionAttributes": dict(event.session_attributes),
        "join": list(event.join),
        "leave": list(event.leave),
    }
    kept = {} if refused else {name: value for name, value in told.items() if value}
    return Turn(
        event.message_id,
        known.person_id,
        event.session_id,
        Sender.EVENT if event.message is None else event.sender,
        event.message,
        event.at,
        {**(event.payload or {}), **kept} or None,
        {} if refused else event.session_attributes,
        event.story,
        known.origin_id,
        refused,
    )


# (segment id, who) → whether they are to be in it.
Wishes = dict[tuple[int, Known], bool]


def _wishes(events: Sequence[Event], known: dict[str, Known], segments: dict[str, int]) -> Wishes:
    """People into and out of segments, in the order of the events: the last word about a segment counts."""
    wishes: Wishes = {}
    for event in events:
        for names, wanted in ((event.join, True), (event.leave, False)):
            for name in names:
                place = segments[name], known[event.user_id]
                wishes.pop(place, None)  # So that the order is that of the last words.
                wishes[place] = wanted
    return wishes


def _move(tx: Transaction, shares: Shares, wishes: Wishes) -> None:
    merged = {who.person_id for _, who in wishes if who.origin_id is not None}
    for person_id, present in by_hand_of(tx, merged).items():
        shares.notice_segments(person_id, present)
    last: dict[tuple[int, int], bool] = {}
    for (segment_id, who), wanted in wishes.items():
        last.pop((segment_id, who.person_id), None)
        last[segment_id, who.person_id] = wanted
        if who.origin_id is not None:
            shares.moved(who.person_id, who.origin_id, segment_id, wanted)
    for wanted, move in ((True, join), (False, leave)):
        by_segment: dict[int, list[int]] = {}
        for (segment_id, person_id), wish in last.items():
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
