"""The fast read side: one DuckDB file per workspace, fed from the journal.

The file is a cache. Deleting it loses nothing; a damaged, foreign or outdated one is thrown away and rebuilt. A request
that reads it first catches up with the workspace's revision (read your writes), so there is no stale list.

One process owns a file: it takes the first free slot with a file lock, so that several servers on one data folder each
have their own.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import duckdb
from django.conf import settings

from coterie.accounts.models import Workspace
from coterie.audience import source
from coterie.audience.columns import DEFAULT_KEYS
from coterie.audience.rules import HASH
from coterie.audience.slots import take_slot

log = logging.getLogger(__name__)
T = TypeVar("T")
# What DuckDB raises when a file is not what it should be.
DAMAGE = (duckdb.IOException, duckdb.InternalException, duckdb.FatalException, duckdb.SerializationException)

# Raised when the tables below change: an older file is rebuilt.
SCHEMA_VERSION = 2
# Below this many journal entries a catch-up is always worth it.
MANY_CHANGES = 50_000
_TEXT_FIELDS = [key.removeprefix("default_") for key in DEFAULT_KEYS]
_SCHEMA = f"""
CREATE OR REPLACE TABLE people (
    id BIGINT, user_id VARCHAR, banned BOOLEAN, created_at TIMESTAMP, last_seen TIMESTAMP, chats INTEGER,
    {", ".join(f"{field} VARCHAR" for field in _TEXT_FIELDS)}, custom VARIANT,
    email_hash UINTEGER, user_id_hash UINTEGER, segments INTEGER);
CREATE OR REPLACE TABLE memberships (segment_id BIGINT, person_id BIGINT);
CREATE OR REPLACE TABLE state (version INTEGER, workspace VARCHAR, epoch INTEGER, revision BIGINT);
"""
_SHAPE = json.dumps(dict.fromkeys(DEFAULT_KEYS, "VARCHAR"))
_WITHOUT_DEFAULTS = json.dumps(dict.fromkeys(DEFAULT_KEYS))


# What stands in the stream may be text (SQLite) or typed (PostgreSQL); the casts accept both.
def _insert_people(whose: str) -> str:
    """`whose`: a condition on the memberships to be counted, for they are many."""
    return f"""
INSERT INTO people
SELECT id, user_id, banned::BOOLEAN,
    created_at::TIMESTAMPTZ AT TIME ZONE 'UTC', last_seen::TIMESTAMPTZ AT TIME ZONE 'UTC',
    chats, {", ".join(f"d.{key}" for key in DEFAULT_KEYS)}, rest::VARIANT,
    {HASH.format("lower(d.default_email)")}, {HASH.format("lower(user_id)")},
    coalesce(m.segments, 0)
FROM (SELECT *, json_transform(attributes, '{_SHAPE}') AS d, json_merge_patch(attributes, '{_WITHOUT_DEFAULTS}') AS rest
      FROM incoming)
LEFT JOIN (SELECT person_id, count(*) AS segments FROM memberships WHERE {whose} GROUP BY ALL) m ON m.person_id = id
"""


class Replica:
    """The replica of one workspace in this process."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace_id = workspace.pk
        self.uid = str(workspace.uid)
        self.revision = -1
        self.epoch = -1
        self._time_zone = "UTC"
        # Held while the file is written, opened or thrown away.
        self._lock = threading.Lock()
        # Held for a moment, around the list of open connections.
        self._door = threading.Lock()
        self._connections: set[duckdb.DuckDBPyConnection] = set()
        # Counts the files that were closed, so that a question knows whether its own was taken away.
        self._closed = 0
        self._slot = take_slot(Path(settings.DATA) / "replica", self.uid)
        self._database: duckdb.DuckDBPyConnection | None = None

    @property
    def path(self) -> Path:
        """The DuckDB file."""
        return self._slot.path

    def ask(self, question: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        """The answer to `question`, which may be put again: a damaged file is thrown away and rebuilt in between."""
        repaired = False
        while True:
            closed = self._closed
            try:
                with self.reading() as reader:
                    return question(reader)
            except duckdb.Error as error:
                if self._closed != closed:  # Somebody else found the damage and took the file away under us.
                    continue
                if repaired or not is_damage(error):
                    raise
                log.warning("replica of workspace %s is damaged; rebuilding it", self.workspace_id, exc_info=True)
            self.repair(closed)
            repaired = True

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection with one snapshot of everything that was committed before this call."""
        self.catch_up()
        # Custom times without an offset are read in this zone; see `columns`.
        zone = self._time_zone.replace("'", "''")
        with self._cursor(f"SET TimeZone = '{zone}'; BEGIN TRANSACTION READ ONLY") as reader:
            yield reader

    def catch_up(self) -> int:
        """Brings the replica to the workspace's revision; returns it."""
        if self._wanted() != (self.revision, self.epoch):
            with self._lock:
                # Asked again, because whoever held the lock may have gone further than the first answer.
                target, epoch = self._wanted()
                self._open()
                # A revision of ours that the workspace never had: its database is a restored backup.
                if not 0 <= self.revision <= target or self.epoch != epoch or self._far_behind(target):
                    self._fill(target, epoch)
                elif self.revision < target:
                    self._apply(target)
        return self.revision

    def repair(self, closed: int | None = None) -> int:
        """Throws the file away and reads everything anew; returns the revision.

        With `closed`, only if no file was closed since there were so many: one repair is enough for all who ask.
        """
        with self._lock:
            if closed in (None, self._closed):
                self._close()
                self._remove()
        return self.catch_up()

    def close(self) -> None:
        """Lets go of the file and its slot."""
        with self._lock:
            self._close()
            self._slot.release()

    def _wanted(self) -> tuple[int, int]:
        columns = Workspace.objects.values_list("revision", "replica_epoch", "time_zone")
        revision, epoch, self._time_zone = columns.get(pk=self.workspace_id)
        return revision, epoch

    def _open(self) -> None:
        if self._database is not None:
            return
        try:
            self._connect()
        except duckdb.Error:
            log.warning("replica file %s cannot be read; starting anew", self.path.name, exc_info=True)
            self._close()
            self._remove()
            self._connect()

    def _connect(self) -> None:
        self._database = duckdb.connect(
            str(self.path),
            config={
                "memory_limit": settings.REPLICA_MEMORY,
                "threads": settings.REPLICA_THREADS,
                # Nothing is ever fetched from outside.
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            },
        )
        self._database.execute("SET GLOBAL TimeZone = 'UTC'")
        tables = {name for (name,) in self._database.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        row = self._database.execute("FROM state").fetchone() if "state" in tables else None
        if row and row[:2] == (SCHEMA_VERSION, self.uid):
            self.epoch, self.revision = row[2:]

    def _close(self) -> None:
        with self._door:
            database, self._database = self._database, None
            self.revision = self.epoch = -1
            self._closed += 1
            connections = [*self._connections]
        # DuckDB keeps a file open, whatever became of it, as long as one connection to it is.
        for each in connections:
            _end(each)
        if database is not None:
            database.close()

    def _remove(self) -> None:
        for path in (self.path, self.path.with_name(self.path.name + ".wal")):
            path.unlink(missing_ok=True)

    def _far_behind(self, target: int) -> bool:
        """Whether so many people changed that reading everybody is quicker, as after a big import."""
        behind = target - self.revision
        if behind < MANY_CHANGES:
            return False
        with self._cursor("BEGIN TRANSACTION READ ONLY") as reader:
            found = reader.execute("SELECT count(*) FROM people").fetchone()
        return found is None or behind > found[0] // 2

    def _fill(self, target: int, epoch: int) -> None:
        """Everything from the system of record. People changed meanwhile are read again by the next catch-up."""
        with self._cursor("BEGIN") as writer:
            writer.execute(_SCHEMA)
            self._load(writer, None)
            writer.execute("INSERT INTO state VALUES (?, ?, ?, ?)", [SCHEMA_VERSION, self.uid, epoch, target])
            writer.execute("COMMIT")
        self.revision, self.epoch = target, epoch

    def _apply(self, target: int) -> None:
        """The people that changed after our revision: out with the old rows, in with the new, in one transaction."""
        # One list of ids for everything below: were each statement to ask the journal anew, somebody who changed
        # meanwhile would be put in without having been taken out, and stand in the list twice.
        changed = source.changed(self.workspace_id, self.revision)
        with self._cursor("BEGIN") as writer:
            writer.execute("CREATE OR REPLACE TEMP TABLE changed AS SELECT unnest(?::BIGINT[]) AS id", [changed])
            writer.execute("DELETE FROM people WHERE id IN (FROM changed)")
            writer.execute("DELETE FROM memberships WHERE person_id IN (FROM changed)")
            self._load(writer, changed)
            writer.execute("UPDATE state SET revision = ?", [target])
            writer.execute("COMMIT")
        self.revision = target

    def _load(self, writer: duckdb.DuckDBPyConnection, ids: Sequence[int] | None) -> None:
        # Memberships first: a person's row knows how many there are.
        with source.memberships(self.workspace_id, ids) as incoming:
            writer.register("incoming", incoming)
            writer.execute("INSERT INTO memberships SELECT segment_id, person_id FROM incoming")
            writer.unregister("incoming")
        with source.people(self.workspace_id, ids) as incoming:
            writer.register("incoming", incoming)
            writer.execute(_insert_people("true" if ids is None else "person_id IN (FROM changed)"))
            writer.unregister("incoming")

    @contextmanager
    def _cursor(self, begin: str) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection inside a transaction; what was not committed is rolled back by closing it."""
        with self._door:
            if self._database is None:  # Another request found damage a moment ago and is repairing it.
                raise duckdb.IOException("the replica is being repaired")
            cursor = self._database.cursor()
            self._connections.add(cursor)
        try:
            cursor.execute(begin)
            yield cursor
        finally:
            with self._door:
                self._connections.discard(cursor)
            cursor.close()


def is_damage(error: duckdb.Error) -> bool:
    """Whether a file is not what it should be. A wrong checksum has no class of its own."""
    return isinstance(error, DAMAGE) or type(error) is duckdb.Error


def _end(connection: duckdb.DuckDBPyConnection) -> None:
    """Closes a connection that another thread may be using; its query fails."""
    while True:
        try:
            connection.interrupt()
            connection.close()
        except duckdb.ResourceInUseException:
            time.sleep(0.001)
        except duckdb.ConnectionException:  # Its thread was quicker.
            return
        else:
            return


_replicas: dict[str, Replica] = {}
_replicas_lock = threading.Lock()


def replica_of(workspace: Workspace) -> Replica:
    """This process's replica of a workspace; opened at the first call."""
    with _replicas_lock:
        key = str(workspace.uid)
        if key not in _replicas:
            _replicas[key] = Replica(workspace)
        return _replicas[key]


def close_all() -> None:
    """Closes every replica of this process, for a clean end and for tests."""
    with _replicas_lock:
        while _replicas:
            _replicas.popitem()[1].close()
