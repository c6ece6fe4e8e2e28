"""Many people at once, set-based: values, bans, rows that go and come back. Always inside a journal transaction.

`people.changes` thinks about each person; here thousands share one statement. Both write the same journal.
"""

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import connection

from coterie.audience import counts
from coterie.core.bulk import among, among_texts, encode, insert, insert_stored
from coterie.journal.commit import Transaction
from coterie.journal.models import Kind
from coterie.people.attributes import Value

# New values by attribute; None removes it.
Patch = Mapping[str, Value | None]
_COLUMNS = ("id", "user_id", "attributes", "banned", "created_at", "last_seen", "chats", "written_at")
_OF_IDENTITY = ("id", "channel_id", "native_id", "origin_id", "created_at")
Saved = dict[str, Any]


@dataclass(frozen=True)
class Locked:
    """A person whose row is ours until the transaction ends."""

    encoded: str | None
    banned: bool

    @cached_property
    def attributes(self) -> dict[str, Value]:
        """The values; decoded only for those who ask."""
        if self.encoded is None:
            raise LookupError("the values were not asked for when the row was locked")
        values: dict[str, Value] = json.loads(self.encoded)
        return values


def lock(tx: Transaction, person_ids: Iterable[int], *, values: bool = True) -> dict[int, Locked]:
    """Locks these people in id order, so that writers never wait in a circle. Ids of nobody are left out.

    Without `values` nobody's attributes are read.
    """
    clause, ids = among(sorted(set(person_ids)))
    tail = " FOR UPDATE" if connection.features.has_select_for_update else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, {'attributes' if values else 'NULL'}, banned FROM people_person"
            f" WHERE workspace_id = %s AND id {clause} ORDER BY id{tail}",
            [tx.workspace_id, ids],
        )
        return {row[0]: Locked(row[1], bool(row[2])) for row in cursor.fetchall()}


def same(one: Value | None, other: Value | None) -> bool:
    """Equal and of one type: true is not 1. Missing equals missing."""
    return type(one) is type(other) and one == other


def patch(tx: Transaction, people: Mapping[int, Locked], patches: Mapping[int, Patch]) -> list[int]:
    """Sets and removes values of locked people; returns those who changed, ascending.

    Values are written down as known from now on: an event from before fills gaps only.
    """
    having: Counter[str] = Counter()
    written: list[tuple[int, str]] = []
    removed: list[tuple[int, str]] = []
    for person_id in sorted(patches):
        attributes = people[person_id].attributes
        wanted = patches[person_id]
        new = {k: v for k, v in wanted.items() if v is not None and not same(attributes.get(k), v)}
        gone = {k: attributes[k] for k, v in wanted.items() if v is None and k in attributes}
        if new:
            tx.record(person_id, Kind.SET, {k: attributes[k] for k in new if k in attributes}, new)
        if gone:
            tx.record(person_id, Kind.UNSET, gone)
        if new or gone:
            after = {k: v for k, v in attributes.items() if k not in gone} | new
            counts.differences(attributes, after, having)
            # As in `people.changes`, only what is set is knowledge of a certain time.
            (written if new else removed).append((person_id, encode(after)))
    counts.count(tx, having)
    rewrite(tx, written, removed)
    return sorted(person_id for person_id, _ in (*written, *removed))


def ban(tx: Transaction, person_ids: Sequence[int], banned: bool) -> list[int]:
    """Bans people (or lifts it); returns those for whom that is new. The caller has locked them."""
    clause, values = among(person_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE people_person SET banned = %s"
            f" WHERE workspace_id = %s AND id {clause} AND banned <> %s RETURNING id",
            [banned, tx.workspace_id, values, banned],
        )
        changed = sorted(row[0] for row in cursor.fetchall())
    tx.record_many(changed, Kind.BANNED if banned else Kind.UNBANNED)
    return changed


def take_out(tx: Transaction, person_ids: Sequence[int]) -> dict[int, Saved]:
    """Deletes the rows of locked people and of their identities; returns what `put_back` needs, as plain JSON.

    Writes no journal entry: the caller knows what else goes with them.
    """
    saved = {row["id"]: {**row, "identities": []} for row in _delete(tx, "people_person", "id", _COLUMNS, person_ids)}
    for row in _delete(tx, "people_identity", "person_id", ("person_id", *_OF_IDENTITY), person_ids):
        saved[row.pop("person_id")]["identities"].append(row)
    having: Counter[str] = Counter()
    for one in saved.values():
        one["attributes"], one["banned"] = json.loads(one["attributes"]), bool(one["banned"])
        counts.differences(one["attributes"], {}, having)
    counts.count(tx, having)
    return saved


def put_back(tx: Transaction, people: Mapping[int, Saved]) -> list[int]:
    """Inserts people as `take_out` saved them; returns who is back. Whoever's place is taken stays away.

    A place is taken by the same user id, or by the same address on a channel: they came again as somebody new.
    """
    taken = _taken(tx, people)
    back = {person_id: people[person_id] for person_id in sorted(set(people) - taken)}
    having: Counter[str] = Counter()
    for one in back.values():
        counts.differences({}, one["attributes"], having)
    counts.count(tx, having)
    insert(
        "people_person",
        ("workspace_id", *_COLUMNS),
        ((tx.workspace_id, *(one[column] for column in _COLUMNS)) for one in back.values()),
    )
    insert(
        "people_identity",
        ("workspace_id", "person_id", "id", "channel_id", "native_id", "origin_id", "created_at"),
        (
            # Who was deleted before there were origins has none.
            (tx.workspace_id, person_id, *(one.get(column) for column in _OF_IDENTITY))
            for person_id, saved in back.items()
            for one in saved["identities"]
        ),
    )
    return list(back)


def _taken(tx: Transaction, people: Mapping[int, Saved]) -> set[int]:
    ids, id_values = among(list(people))
    names, name_values = among_texts([one["user_id"] for one in people.values()])
    natives, native_values = among_texts([i["native_id"] for one in people.values() for i in one["identities"]])
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM people_person WHERE workspace_id = %s AND id {ids}", [tx.workspace_id, id_values]
        )
        there = {row[0] for row in cursor.fetchall()}
        cursor.execute(
            f"SELECT user_id FROM people_person WHERE workspace_id = %s AND user_id {names}",
            [tx.workspace_id, name_values],
        )
        user_ids = {row[0] for row in cursor.fetchall()}
        cursor.execute(
            f"SELECT channel_id, native_id FROM people_identity WHERE workspace_id = %s AND native_id {natives}",
            [tx.workspace_id, native_values],
        )
        addresses = set(cursor.fetchall())
    return {
        person_id
        for person_id, one in people.items()
        if person_id in there
        or one["user_id"] in user_ids
        or any((i["channel_id"], i["native_id"]) in addresses for i in one["identities"])
    }


def add(tx: Transaction, rows: Iterable[tuple[int, str, str, str | None, str | None]]) -> None:
    """Inserts new people: (id, user id, attributes as JSON, first seen or None for now, last seen or None).

    Times are texts as the database takes them. The values are known from now on. Writes no journal entry and counts no
    attribute: the caller does, for all rows.
    """
    at = _stored(tx.at)
    insert_stored(
        "people_person",
        ("id", "user_id", "attributes", "created_at", "last_seen", "written_at"),
        (
            (row_id, user_id, attributes, first or at, last, None if attributes == "{}" else at)
            for row_id, user_id, attributes, first, last in rows
        ),
        {"workspace_id": tx.workspace_id, "banned": False, "chats": 0},
    )


def rewrite(tx: Transaction, written: Sequence[tuple[int, str]], removed: Sequence[tuple[int, str]] = ()) -> None:
    """New attributes, as JSON, of locked people; of the `removed`, values only went away. Else as for `add`."""
    _write(tx, written, ", written_at = " + _LATER[connection.vendor], [_stored(tx.at)])
    _write(tx, removed, "", [])


# The later of what is there and the bound moment.
_LATER = {"postgresql": "greatest(p.written_at, %s)", "sqlite": "max(coalesce(written_at, ''), %s)"}


def _write(tx: Transaction, rows: Sequence[tuple[int, str]], also: str, values: Sequence[Any]) -> None:
    """New attributes of people, encoded."""
    if not rows:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # One JSON text: in an array of texts psycopg escapes every quotation mark, which took half of the time.
            pairs = ",".join(f"[{person_id},{attributes}]" for person_id, attributes in rows)
            cursor.execute(
                f"UPDATE people_person p SET attributes = d.pair->1{also}"
                " FROM jsonb_array_elements(%s::jsonb) AS d(pair)"
                " WHERE p.workspace_id = %s AND p.id = (d.pair->>0)::bigint",
                [*values, f"[{pairs}]", tx.workspace_id],
            )
        else:
            cursor.executemany(
                f"UPDATE people_person SET attributes = %s{also} WHERE workspace_id = %s AND id = %s",
                [(attributes, *values, tx.workspace_id, person_id) for person_id, attributes in rows],
            )


def _delete(
    tx: Transaction, table: str, key: str, columns: Sequence[str], person_ids: Sequence[int]
) -> list[dict[str, Any]]:
    """The rows of these people, which are gone; times as texts."""
    clause, values = among(person_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {table} WHERE workspace_id = %s AND {key} {clause} RETURNING {', '.join(columns)}",
            [tx.workspace_id, values],
        )
        found = [dict(zip(columns, map(_text, row), strict=True)) for row in cursor.fetchall()]
    return sorted(found, key=lambda row: row["id"])


def _text(value: Any) -> Any:
    return value.isoformat(sep=" ") if isinstance(value, dt.datetime) else value


def _stored(moment: dt.datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)
