"""Reading the system of record as Arrow, for the replica.

PostgreSQL is read through ADBC. SQLite is read through Python's own driver, not through ADBC's: that one carries a
second copy of the SQLite library, and two copies in one process break each other's file locks
(sqlite.org/howtocorrupt.html §2.2.1). See docs/decisions/0003-reading-sqlite.md.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import adbc_driver_postgresql.dbapi as adbc
import pyarrow as pa
from django.db import connection
from psycopg.conninfo import make_conninfo

# Journal revisions (after, until]: after the first, up to and including the second.
Window = tuple[int, int]
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
_SQLITE_PEOPLE = "SELECT id, user_id, +attributes, +banned, +created_at, +last_seen, chats FROM people_person"
_POSTGRES_PEOPLE = (
    "SELECT id, user_id, attributes::text AS attributes, banned, created_at, last_seen, chats FROM people_person"
)
_MEMBERSHIPS = "SELECT segment_id, person_id FROM segments_membership"


@contextmanager
def people(workspace_id: int, window: Window | None = None) -> Iterator[pa.RecordBatchReader]:
    """The people of a workspace; with `window`, only those with a journal entry in it."""
    select = _POSTGRES_PEOPLE if connection.vendor == "postgresql" else _SQLITE_PEOPLE
    with _stream(select + _where(workspace_id, "id", window), _PEOPLE) as reader:
        yield reader


@contextmanager
def memberships(workspace_id: int, window: Window | None = None) -> Iterator[pa.RecordBatchReader]:
    """Who is in which segment; with `window`, only of people with a journal entry in it."""
    with _stream(_MEMBERSHIPS + _where(workspace_id, "person_id", window), _MEMBERS) as reader:
        yield reader


def changed(workspace_id: int, window: Window) -> list[int]:
    """Ids of the people with a journal entry in `window`, also of those who are gone."""
    with connection.cursor() as cursor:
        cursor.execute(_changed_sql(workspace_id, window))
        return [row[0] for row in cursor.fetchall()]


def _changed_sql(workspace_id: int, window: Window) -> str:
    after, until = window
    return (
        "SELECT DISTINCT person_id FROM journal_journalentry"
        f" WHERE workspace_id = {int(workspace_id)} AND revision > {int(after)} AND revision <= {int(until)}"
    )


def _where(workspace_id: int, key: str, window: Window | None) -> str:
    narrowed = "" if window is None else f" AND {key} IN ({_changed_sql(workspace_id, window)})"
    return f" WHERE workspace_id = {int(workspace_id)}{narrowed}"


@contextmanager
def _stream(sql: str, schema: pa.Schema) -> Iterator[pa.RecordBatchReader]:
    if connection.vendor != "postgresql":
        yield pa.RecordBatchReader.from_batches(schema, _sqlite(sql, schema))
        return
    settings = connection.settings_dict
    conninfo = make_conninfo(
        host=settings["HOST"] or None,
        port=settings["PORT"] or None,
        dbname=settings["NAME"],
        user=settings["USER"] or None,
        password=settings["PASSWORD"] or None,
    )
    with adbc.connect(conninfo, autocommit=True) as session, session.cursor() as cursor:
        cursor.execute(sql)
        yield cursor.fetch_record_batch()


def _sqlite(sql: str, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        while rows := cursor.fetchmany(_BATCH):
            columns = zip(*rows, strict=True)
            arrays = [pa.array(column, type=field.type) for column, field in zip(columns, schema, strict=True)]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)
