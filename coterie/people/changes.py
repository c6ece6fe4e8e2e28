"""Changing people: the only code that writes `Person` rows, always inside a journal transaction.

def work(tx):
    people = People.lock(tx, ids)
    people.set(people[person_id], {"plan": "pro"}, at)
    people.save()
commit(workspace_id, actor, work)
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Any, Protocol

from coterie.audience import counts
from coterie.core.bulk import insert, update
from coterie.core.clock import not_in_future, now
from coterie.journal.commit import Transaction
from coterie.journal.models import Kind
from coterie.people.attributes import Value
from coterie.people.models import Person


class Knowledge(Protocol):
    """What is known of a person, or of a share of one."""

    attributes: dict[str, Any]
    created_at: dt.datetime
    last_seen: dt.datetime | None
    chats: int
    written_at: dt.datetime | None


def learn(one: Knowledge, values: Mapping[str, Value], at: dt.datetime) -> list[str]:
    """Values that became known at `at`; returns the keys that were written. Late ones fill gaps; see `People.set`."""
    # A time to come would make everything until then an event that is late.
    at = min(at, now())
    late = one.written_at is not None and at < one.written_at
    keys = [key for key in values if not late or key not in one.attributes]
    one.attributes |= {key: values[key] for key in keys}
    if values and not late:
        one.written_at = at
    return keys


def saw(one: Knowledge, at: dt.datetime) -> None:
    """They did something themselves at `at`."""
    at = not_in_future(at)
    one.last_seen = max(one.last_seen or at, at)
    one.created_at = min(one.created_at, at)


def met(one: Knowledge, at: dt.datetime) -> bool:
    """They were there at `at` already. Whether that is news."""
    news = at < one.created_at
    one.created_at = min(one.created_at, at)
    return news


class People:
    """The people that one transaction changes: locked rows, their state before, and what is new.

    Changes happen in memory; `save` writes them set-based and records one journal entry per kind of change.
    """

    def __init__(self, tx: Transaction, rows: Iterable[Person]) -> None:
        self.tx = tx
        self._people = {person.id: person for person in rows}
        self._before = {person.id: _values(person) for person in self._people.values()}
        for person in self._people.values():
            person.attributes = dict(person.attributes)
        self._seen: set[int] = set()
        self._touched: set[int] = set()

    @classmethod
    def lock(cls, tx: Transaction, person_ids: Iterable[int]) -> "People":
        """The people of these ids, locked in id order (so that writers wait for each other, never in a circle).

        Ids of nobody are left out.
        """
        rows = Person.objects.filter(workspace_id=tx.workspace_id, id__in=set(person_ids)).order_by("id")
        return cls(tx, rows.select_for_update())

    def __getitem__(self, person_id: int) -> Person:
        return self._people[person_id]

    def __contains__(self, person_id: int) -> bool:
        return person_id in self._people

    def __iter__(self) -> Iterator[Person]:
        return iter(self._people.values())

    def add(self, person: Person) -> Person:
        """A new person; `save` inserts it."""
        person.workspace_id = self.tx.workspace_id
        self._people[person.id] = person
        self._touched.add(person.id)
        return person

    def set(self, person: Person, values: Mapping[str, Value], at: dt.datetime) -> list[str]:
        """Values that became known at `at`; returns the keys that were written.

        An event older than the newest one fills gaps but overwrites nothing.
        """
        if not values:
            return []
        self._touched.add(person.id)
        return learn(person, values, at)

    def unset(self, person: Person, keys: Iterable[str]) -> None:
        """Removes values."""
        for key in keys:
            person.attributes.pop(key, None)
        self._touched.add(person.id)

    def rename(self, person: Person, user_id: str) -> None:
        """Somebody turned out to have a lasting user id, which nobody else has. Written at once.

        Lists show it, so it is an entry of its own in the journal: without values, as nothing else changed.
        """
        person.user_id = user_id
        update("people_person", ("user_id",), _KEY, [(user_id, *_key(person))])
        self.tx.record(person.id, Kind.SEEN)

    def seen(self, person: Person, at: dt.datetime) -> None:
        """The person did something themselves at `at`; events may arrive in any order."""
        saw(person, at)
        self._seen.add(person.id)
        self._touched.add(person.id)

    def become(self, person: Person, like: "Knowledge", banned: bool) -> None:
        """Everything as it is in `like`: the person was put together with somebody else, or taken apart."""
        person.attributes = dict(like.attributes)
        person.created_at, person.last_seen = like.created_at, like.last_seen
        person.chats, person.written_at, person.banned = like.chats, like.written_at, banned
        self._touched.add(person.id)

    def met(self, person: Person, at: dt.datetime) -> None:
        """The person was there at `at` already, though nobody says that they did something."""
        if met(person, at):
            self._touched.add(person.id)

    def save(self) -> None:
        """Writes every change and its journal entries. What changes after this needs another `save`."""
        new: list[Person] = []
        changed: list[Person] = []
        having: Counter[str] = Counter()
        for person_id in sorted(self._touched):
            person, before = self._people[person_id], self._before.get(person_id)
            if self._record(person, before):
                (changed if before else new).append(person)
                counts.differences(before[0] if before else {}, person.attributes, having)
        counts.count(self.tx, having)
        insert("people_person", (*_KEY, "user_id", *_COLUMNS), [(*_key(p), p.user_id, *_values(p)) for p in new])
        update("people_person", _COLUMNS, _KEY, [(*_values(p), *_key(p)) for p in changed])
        for person in (*new, *changed):
            self._before[person.id] = _values(person)
            person.attributes = dict(person.attributes)
        self._touched.clear()
        self._seen.clear()

    def _record(self, person: Person, before: tuple[Any, ...] | None) -> bool:
        """Journal entries of what differs; False when nothing does."""
        after = _values(person)
        attributes, banned, *counters, _ = before or ({}, False, None)
        differences = list(_differences(attributes, person.attributes))
        # Attributes are not compared here: to Python, true and 1 are the same.
        if before and before[1:] == after[1:] and not differences and person.id not in self._seen:
            return False
        if person.id in self._seen or counters != list(after[2:-1]):
            # What an operation made, its undo takes away.
            made = before is None and self.tx.operation_id is not None
            self.tx.record(person.id, Kind.CREATED if made else Kind.SEEN)
        if banned != person.banned:
            self.tx.record(person.id, Kind.BANNED if person.banned else Kind.UNBANNED)
        for kind, old, new in differences:
            self.tx.record(person.id, kind, old, new)
        return True


_KEY = ("workspace_id", "id")
_COLUMNS = ("attributes", "banned", "created_at", "last_seen", "chats", "written_at")
_key = attrgetter(*_KEY)
_values = attrgetter(*_COLUMNS)


def create_people(tx: Transaction, people: Iterable[Person]) -> None:
    """Inserts new people as they are."""
    unit = People(tx, ())
    for person in people:
        unit.add(person)
    unit.save()


def _differences(
    before: Mapping[str, Value], after: Mapping[str, Value]
) -> Iterator[tuple[Kind, dict[str, Any] | None, dict[str, Any] | None]]:
    """A `set` entry of new and other values and an `unset` entry of removed ones, as far as there are any."""
    written = {key: value for key, value in after.items() if key not in before or not _same(before[key], value)}
    if written:
        yield Kind.SET, {key: before[key] for key in written if key in before}, written
    removed = {key: value for key, value in before.items() if key not in after}
    if removed:
        yield Kind.UNSET, removed, None


def _same(one: Value, other: Value) -> bool:
    """Equal and of one type: True is not 1."""
    return type(one) is type(other) and one == other
