"""What a replica holds and what it should hold, and the changes in between."""

import datetime as dt
import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from coterie.accounts.models import Workspace
from coterie.audience import query
from coterie.audience.columns import DEFAULT_KEYS
from coterie.audience.compiler import EVERYBODY
from coterie.core.ids import new_ids
from coterie.journal.commit import Transaction, commit
from coterie.journal.models import Kind
from coterie.people.changes import People, create_people
from coterie.people.models import Person
from coterie.segments.models import Membership

Row = tuple[Any, ...]
VALUES = [
    "Ada",
    "it's",
    "Zażółć 👩‍👩‍👧",
    "",
    "x" * 1024,
    0,
    1,
    -1,
    17,
    1.5,
    0.1,
    -0.25,
    2**53 + 1,
    2**63 - 1,
    True,
    False,
]
KEYS = ["default_name", "default_email", "plan", "Plan", "a.b", "it's", "$", '"', "ключ"]


def in_record(workspace: Workspace) -> dict[int, Row]:
    """Everybody as the system of record has them."""
    segments: dict[int, list[int]] = {}
    for segment_id, person_id in Membership.objects.filter(workspace=workspace).values_list("segment_id", "person_id"):
        segments.setdefault(person_id, []).append(segment_id)
    return {
        person.id: (
            person.user_id,
            person.banned,
            person.created_at,
            person.last_seen,
            person.chats,
            typed(person.attributes),
            sorted(segments.get(person.id, [])),
        )
        for person in Person.objects.filter(workspace=workspace)
    }


_FIELDS = [key.removeprefix("default_") for key in DEFAULT_KEYS]


def in_replica(reader: duckdb.DuckDBPyConnection) -> dict[int, Row]:
    """Everybody as the replica has them; every row once."""
    ids = query.matching_ids(reader, EVERYBODY)
    assert len(ids) == len(set(ids)) == query.count(reader, EVERYBODY)
    segments: dict[int, list[int]] = {}
    for segment_id, person_id in reader.execute("SELECT segment_id, person_id FROM memberships").fetchall():
        segments.setdefault(person_id, []).append(segment_id)
    found = reader.execute(
        "SELECT id, user_id, banned, created_at, last_seen, chats, custom::JSON::VARCHAR, segments,"
        f" {', '.join(_FIELDS)} FROM people"
    ).fetchall()
    return {row[0]: _as_recorded(row, sorted(segments.get(row[0], []))) for row in found}


def _as_recorded(row: tuple[Any, ...], segments: list[int]) -> Row:
    _id, user_id, banned, created_at, last_seen, chats, custom, number, *defaults = row
    assert number == len(segments)
    attributes = {key: value for key, value in zip(DEFAULT_KEYS, defaults, strict=True) if value is not None}
    attributes |= json.loads(custom) if custom else {}
    times = [moment.replace(tzinfo=dt.UTC) if moment else None for moment in (created_at, last_seen)]
    return user_id, banned, *times, chats, typed(attributes), segments


def typed(attributes: dict[str, Any]) -> dict[str, tuple[type, Any]]:
    """With the types, because to Python true is 1."""
    return {key: (type(value), value) for key, value in attributes.items()}


def newcomers(count: int, chance: random.Random | None = None) -> list[Person]:
    chance = chance or random.Random(count)
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    return [
        Person(
            id=row_id,
            user_id=f"user {row_id}",
            attributes={key: value(chance, key) for key in KEYS if chance.random() < 0.6},
            banned=chance.random() < 0.1,
            created_at=start,
            last_seen=start + dt.timedelta(microseconds=chance.randrange(10**13)) if chance.random() < 0.9 else None,
            chats=chance.randrange(50),
        )
        for row_id in new_ids(count)
    ]


def value(chance: random.Random, key: str) -> Any:
    found = chance.choice(VALUES)
    return str(found) if key.startswith("default_") else found


def add(workspace: Workspace, count: int) -> list[int]:
    people = newcomers(count)
    commit(workspace.pk, "test", lambda tx: create_people(tx, people))
    return [person.id for person in people]


def change(workspace: Workspace, person_id: int, act: Callable[[People, Person], None]) -> None:
    def work(tx: Transaction) -> None:
        people = People.lock(tx, [person_id])
        act(people, people[person_id])
        people.save()

    commit(workspace.pk, "test", work)


def forget(workspace: Workspace, person_id: int) -> None:
    def work(tx: Transaction) -> None:
        Membership.objects.filter(workspace=workspace, person_id=person_id).delete()
        Person.objects.filter(workspace=workspace, id=person_id).delete()
        tx.record(person_id, Kind.ERASED)

    commit(workspace.pk, "test", work)


def files(workspace: Workspace) -> Path:
    return Path(os.environ["COTERIE_DATA"]) / "replica" / f"{workspace.uid}-0.duckdb"
