"""Events that arrive late, put right: the last writer of each attribute wins by the time of the event.

A person carries one time, that of their newest write (docs/decisions/0006-late-events-fill-gaps.md), so on its own a
late event only fills gaps. But the inbox keeps raw events for days and the journal keeps everything, so for the few
that are late it can be looked up who wrote which attribute since. Then the order of arrival does not matter.
"""

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.db import InterfaceError, OperationalError

from coterie.channels.events import Event
from coterie.channels.kinds import Kind, Reading
from coterie.channels.models import Channel, RawEvent, State, What
from coterie.channels.raw import KEEP_DONE
from coterie.core.clock import now
from coterie.journal.models import JournalEntry
from coterie.journal.models import Kind as Change
from coterie.people.models import Identity, Person

# Bodies that are read at a time.
_PART = 50


@dataclass(frozen=True, slots=True)
class Arrived:
    """An event and the raw one that it was read from."""

    row: RawEvent
    event: Event


@dataclass(frozen=True, slots=True)
class _Mark:
    """Where a raw event stands in time. Of two at the same moment the one with the greater id is the later one."""

    at: dt.datetime
    native_id: str
    row_id: int

    def after(self, row: RawEvent) -> bool:
        return self.row_id != row.id and (self.at, self.native_id) > (row.at, row.native_id)


def settled(channel: Channel, kind: Kind, arrived: Sequence[Arrived], names: Mapping[str, str]) -> list[Event]:
    """The events; those that are late only with those attributes that nobody wrote since.

    `names`: native ids that nobody is known by yet → the one that their events go by.
    """
    carrying = [one for one in arrived if one.event.attributes]
    if not carrying:
        return [one.event for one in arrived]
    people = _people(channel, {one.event.user_id for one in carrying})
    marks = _marks(channel, people, carrying, names)
    return [_settled(channel, kind, one, people.get(one.event.user_id), marks) for one in arrived]


def _settled(
    channel: Channel, kind: Kind, one: Arrived, who: Person | None, marks: dict[str | int, list[_Mark]]
) -> Event:
    event = one.event
    behind = who is not None and who.written_at is not None and event.at < who.written_at
    newer = [mark for mark in marks.get(who.id if who else event.user_id, ()) if mark.after(one.row)]
    # What was written meanwhile is no longer known for something that old: it only fills gaps.
    if not event.attributes or not (newer or behind) or event.at < now() - KEEP_DONE:
        return event
    holding = dict(event.attributes)
    if who is not None and behind:
        for key in _written_by_others(channel, who, event.at):
            holding.pop(key, None)
    for start in range(0, len(newer), _PART):
        if not holding:
            break
        for key in _written(channel, kind, [mark.row_id for mark in newer[start : start + _PART]]):
            holding.pop(key, None)
    return replace(event, attributes=holding, corrections=holding if behind else {})


def _people(channel: Channel, natives: Iterable[str]) -> dict[str, Person]:
    """Native id → who it is, as far as the channel knows them."""
    identities = Identity.objects.filter(
        workspace_id=channel.workspace_id, channel_id=channel.id, native_id__in=list(natives)
    )
    ids = dict(identities.values_list("native_id", "person_id"))
    people = Person.objects.filter(workspace_id=channel.workspace_id, id__in=set(ids.values()))
    by_id = {person.id: person for person in people.only("workspace_id", "id", "written_at")}
    return {native: by_id[person_id] for native, person_id in ids.items() if person_id in by_id}


def _marks(
    channel: Channel, people: Mapping[str, Person], carrying: Sequence[Arrived], names: Mapping[str, str]
) -> dict[str | int, list[_Mark]]:
    """Raw events since the earliest of these: by person (who may have several ids) or, of somebody new, by id."""
    place = {"workspace_id": channel.workspace_id, "channel_id": channel.id}
    ids = {person.id for person in people.values()}
    owner: dict[str, str | int] = dict(
        Identity.objects.filter(**place, person_id__in=ids).values_list("native_id", "person_id")
    )
    natives = {one.event.user_id for one in carrying} | set(owner) | set(names)
    earliest = min(one.row.at for one in carrying)
    rows = RawEvent.objects.filter(**place, user_id__in=natives, at__gte=earliest).exclude(state=State.FAILED)
    marks: dict[str | int, list[_Mark]] = defaultdict(list)
    for user_id, at, native_id, row_id in rows.values_list("user_id", "at", "native_id", "id"):
        marks[owner.get(user_id, names.get(user_id, user_id))].append(_Mark(at, native_id, row_id))
    return marks


def _written(channel: Channel, kind: Kind, ids: Sequence[int]) -> set[str]:
    """The attributes that these raw events write."""
    keys: set[str] = set()
    for row in RawEvent.objects.filter(workspace_id=channel.workspace_id, id__in=ids):
        if row.what == What.PROFILE:
            keys |= set(json.loads(row.body or "{}"))
        elif kind.read is not None:
            keys |= _read(channel, kind.read, row)
    return keys


def _read(channel: Channel, read: Callable[[Channel, RawEvent], Reading], row: RawEvent) -> set[str]:
    """The same of one; nothing, if it cannot be read: that is its own affair, not that of the event that is late."""
    try:
        return {key for event in read(channel, row).events for key in event.attributes}
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        return set()


def _written_by_others(channel: Channel, who: Person, since: dt.datetime) -> set[str]:
    """The attributes that members, files and other channels wrote since."""
    entries = JournalEntry.objects.filter(
        workspace_id=channel.workspace_id, person_id=who.id, at__gt=since, kind__in=(Change.SET, Change.UNSET)
    ).exclude(actor=f"channel:{channel.public_id}")
    keys: set[str] = set()
    for before, after in entries.values_list("before", "after"):
        keys |= set(before or {}) | set(after or {})
    return keys
