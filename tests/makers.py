"""People for tests, made through the door that everything goes through."""

import datetime as dt
import itertools
from collections.abc import Sequence
from typing import Any

from coterie.accounts.models import Workspace
from coterie.core.clock import UTC
from coterie.core.ids import new_id
from coterie.journal.commit import commit
from coterie.people.attributes import catalogue_keys
from coterie.people.changes import People
from coterie.people.models import Person
from coterie.segments.membership import join, leave, lock

START = dt.datetime(2026, 5, 1, 12, tzinfo=UTC)
_numbers = itertools.count(1)


def make_person(workspace: Workspace, **values: Any) -> Person:
    """Somebody new. `user_id`, `created_at`, `last_seen`, `chats` are themselves; everything else is an attribute."""
    number = next(_numbers)
    fields = {
        "user_id": values.pop("user_id", f"user-{number}"),
        "created_at": values.pop("created_at", START),
        "last_seen": values.pop("last_seen", START + dt.timedelta(minutes=number)),
        "chats": values.pop("chats", 1),
    }
    catalogue_keys(workspace.pk, [values])
    person = Person(id=new_id(), **fields)

    def work(tx):
        people = People(tx, ())
        people.add(person)
        people.set(person, values, fields["created_at"])
        people.save()

    commit(workspace.pk, "test", work)
    return Person.objects.get(workspace=workspace, id=person.id)


def make_people(workspace: Workspace, count: int, **values: Any) -> list[Person]:
    """Several new people with the same attributes."""
    return [make_person(workspace, **dict(values)) for _ in range(count)]


def put_in(workspace: Workspace, actor: str, segment_ids: Sequence[int], person_ids: Sequence[int]) -> None:
    """Puts people in segments by hand, in one transaction."""

    def work(tx):
        there = lock(tx, person_ids)
        for segment_id in segment_ids:
            join(tx, segment_id, there, tx.at)

    commit(workspace.pk, actor, work)


def take_out(workspace: Workspace, actor: str, segment_ids: Sequence[int], person_ids: Sequence[int]) -> None:
    """Takes people out of segments by hand, in one transaction."""

    def work(tx):
        there = lock(tx, person_ids)
        for segment_id in segment_ids:
            leave(tx, segment_id, there, tx.at)

    commit(workspace.pk, actor, work)
