"""Reading the system of record as Arrow, for the replica.

A whole PostgreSQL workspace is read through ADBC. SQLite is read through Python's own driver, not through ADBC's: that
one carries a second copy of the SQLite library, and two copies in one process break each other's file locks
(sqlite.org/howtocorrupt.html §2.2.1). See docs/decisions/0003-reading-sqlite.md.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
from django.db import connection
from django.db.backends.utils import CursorWrapper

from coterie.audience.models import Attribute, Scope

_BATCH = 20_000
_PEOPLE = pa.schema(
    [
        ("id", pa.int64()),
        ("user_id", pa.string()),
        ("attributes", pa.string()),
        ("banned", pa.int8()),
        ("created_at", pa.string()),
        ("last_seen", pa.string()),
        ("chats", pa.int32()),
    ]
)
_MEMBERS = pa.schema([("segment_id", pa.int64()), ("person_id", pa.int64())])

# The unary plus hides the declared type, so that SQLite's driver leaves booleans and times as they are stored.
_SQLITE_PEOPLE = "t.id, t.user_id, +t.attributes, +t.banned, +t.created_at, +t.last_seen, t.chats"
_POSTGRES_PEOPLE = (
    "t.id, t.user_id, t.attributes::text AS attributes, t.banned::int AS banned,"
    " t.created_at::text AS created_at, t.last_seen::text AS last_seen, t.chats"
)
_MEMBERSHIPS = "t.segment_id, t.person_id"


@contextmanager
def people(workspace_id: int, ids: Sequence[int] | None = None) -> Iterator[pa.RecordBatchReader]:
    """The people of a workspace, or of them those with these ids; ids of nobody are left out."""
    select = _POSTGRES_PEOPLE if connection.vendor == "postgresql" else _SQLITE_PEOPLE
    with _stream(_sql(select, "people_person", "id", workspace_id, ids), _PEOPLE, ids is None) as reader:
        yield reader


@contextmanager
def memberships(workspace_id: int, ids: Sequence[int] | None = None) -> Iterator[pa.RecordBatchReader]:
    """Who is in which segment; with `ids`, only for these people."""
    with _stream(
        _sql(_MEMBERSHIPS, "segments_membership", "person_id", workspace_id, ids), _MEMBERS, ids is None
    ) as reader:
        yield reader


def people_of(workspace_id: int, ids: Sequence[int]) -> list[tuple[Any, ...]]:
    """The same columns of a few people, as plain values."""
    select = _POSTGRES_PEOPLE if connection.vendor == "postgresql" else _SQLITE_PEOPLE
    return _all(_sql(select, "people_person", "id", workspace_id, ids))


def memberships_of(workspace_id: int, ids: Sequence[int]) -> list[tuple[Any, ...]]:
    """(segment, person) of a few people."""
    return _all(_sql(_MEMBERSHIPS, "segments_membership", "person_id", workspace_id, ids))


def _all(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def attributes(workspace_id: int) -> list[tuple[int, str]]:
    """(id, key) of the attributes that people may have. Read after a revision, all that people had then are there."""
    rows = Attribute.objects.filter(workspace_id=workspace_id, scope=Scope.PERSON)
    return list(rows.order_by("id").values_list("id", "key"))


def changed(workspace_id: int, since: int) -> list[int]:
    """Ids of the people with a journal entry after `since`, also of those who are gone."""
    with connection.cursor() as cursor:
        # In the order of the primary key, or SQLite would walk the index by person, which is all of the journal.
        cursor.execute(
            "SELECT person_id FROM journal_journalentry WHERE workspace_id = %s AND revision > %s ORDER BY revision",
            [workspace_id, since],
        )
        return sorted({row[0] for row in cursor.fetchall()})


def _sql(select: str, table: str, key: str, workspace_id: int, ids: Sequence[int] | None) -> str:
    """Whole numbers of ours are all that is put into the text: ADBC cannot bind a list."""
    where = f"WHERE t.workspace_id = {int(workspace_id)}"
    if ids is None:
        return f"SELECT {select} FROM {table} t {where}"
    numbers = ",".join(str(int(number)) for number in ids)
    if connection.vendor == "postgresql":
        return f"SELECT {select} FROM {table} t {where} AND t.{key} = ANY('{{{numbers}}}'::bigint[])"
    # With CROSS JOIN, SQLite takes the left side first: one look-up per id instead of a walk through the table.
    return f"SELECT {select} FROM json_each('[{numbers}]') j CROSS JOIN {table} t {where} AND t.{key} = j.value"


@contextmanager
def _stream(sql: str, schema: pa.Schema, everything: bool) -> Iterator[pa.RecordBatchReader]:
    # ADBC takes 40 ms to connect, which only a whole read repays.
    if connection.vendor != "postgresql" or not everything:
        # The cursor is opened here and only read by DuckDB's threads, where it would be a new connection that stays.
        with connection.cursor() as cursor:
            cursor.execute(sql)
            yield pa.RecordBatchReader.from_batches(schema, _batches(cursor, schema))
        return
    from coterie.audience.postgres import streamed  # noqa: PLC0415, loads drivers that SQLite does not need

    with streamed(sql, connection.settings_dict) as reader:
        yield reader


def _batches(cursor: CursorWrapper, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    while rows := cursor.fetchmany(_BATCH):
        columns = zip(*rows, strict=True)
        arrays = [pa.array(column, type=field.type) for column, field in zip(columns, schema, strict=True)]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)
