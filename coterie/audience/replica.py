"""The fast read side: one DuckDB file per workspace, fed from the journal.

The file is a cache. Deleting it loses nothing; a damaged, foreign or outdated one is thrown away and rebuilt. A request
that reads it first catches up with the workspace's revision (read your writes), so there is no stale list.

One process owns a file: it takes the first free slot with a file lock, so that several servers on one data folder each
have their own.
"""

import logging
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import duckdb
from django.conf import settings

from coterie.accounts.models import Workspace
from coterie.audience import query, source, tables
from coterie.audience.columns import stored_fields
from coterie.audience.compiler import EVERYBODY
from coterie.audience.connections import end, is_damage
from coterie.audience.slots import take_slot

log = logging.getLogger(__name__)
T = TypeVar("T")
# Below this many journal entries a catch-up is always worth it.
MANY_CHANGES = 50_000


class Replica:
    """The replica of one workspace in this process."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace_id = workspace.pk
        self.uid = str(workspace.uid)
        self.revision = -1
        self.epoch = -1
        self._time_zone = "UTC"
        # The attributes that the file knows, id → key.
        self._attributes: dict[int, str] = {}
        # Held while the file is written, opened or thrown away.
        self._lock = threading.Lock()
        # Held for a moment, around the list of open connections.
        self._door = threading.Lock()
        self._connections: set[duckdb.DuckDBPyConnection] = set()
        # Counts the files that were closed, so that a question knows whether its own was taken away.
        self._closed = 0
        # How many people there are, and at which revision and epoch.
        self._everybody = (-1, -1), 0
        self._slot = take_slot(Path(settings.DATA) / "replica", self.uid)
        self._database: duckdb.DuckDBPyConnection | None = None

    @property
    def path(self) -> Path:
        """The DuckDB file."""
        return self._slot.path

    def ask(self, question: Callable[[duckdb.DuckDBPyConnection], T], fields: Collection[str] = ()) -> T:
        """The answer to `question`, which may be put again: a damaged file is thrown away and rebuilt in between.

        `fields` are those of custom attributes that the question may be about.
        """
        repaired = False
        while True:
            closed = self._closed
            try:
                with self.reading(fields) as reader:
                    return question(reader)
            except duckdb.Error as error:
                if self._closed != closed:  # Somebody else found the damage and took the file away under us.
                    continue
                if repaired or not is_damage(error):
                    raise
                log.warning("replica of workspace %s is damaged; rebuilding it", self.workspace_id, exc_info=True)
            self.repair(closed)
            repaired = True

    def everybody(self) -> int:
        """How many people there are: counted once for each revision, since every page says it."""
        state = self.catch_up(), self.epoch
        if self._everybody[0] != state:
            self._everybody = state, self.ask(lambda reader: query.count(reader, EVERYBODY))
        return self._everybody[1]

    @contextmanager
    def reading(self, fields: Collection[str] = ()) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection with one snapshot of everything that was committed before this call."""
        self.catch_up()
        if not self._has(fields):
            with self._lock:
                self._open()
                self._learn()
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
                if self.epoch not in (-1, epoch):
                    # Somebody may have been erased for good: DuckDB leaves in a file what was deleted from its tables.
                    self._close()
                    self._remove()
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
            if self._connect():
                return
            # Of another version or workspace. A file of its own, or the old tables would take up room in it for ever.
            self._close()
            self._remove()
            self._connect()
        except duckdb.Error:
            log.warning("replica file %s cannot be read; starting anew", self.path.name, exc_info=True)
            self._close()
            self._remove()
            self._connect()

    def _connect(self) -> bool:
        """Opens the file; False when what is in it is not ours."""
        new = not self.path.exists()
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
        # To ask a new file would read DuckDB's whole catalogue, which takes as long as half of opening it.
        return new or self._recognise(self._database)

    def _recognise(self, database: duckdb.DuckDBPyConnection) -> bool:
        try:
            row = database.execute("FROM main.state").fetchone()
        except duckdb.CatalogException:
            return False
        if row is None or row[:2] != (tables.VERSION, self.uid):
            return False
        self.epoch, self.revision = row[2:]
        self._attributes = dict(database.execute("FROM attributes").fetchall())
        return True

    def _close(self) -> None:
        with self._door:
            database, self._database = self._database, None
            self.revision = self.epoch = -1
            self._closed += 1
            connections = [*self._connections]
        # DuckDB keeps a file open, whatever became of it, as long as one connection to it is.
        for each in connections:
            end(each)
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

    def _has(self, fields: Collection[str]) -> bool:
        return all(int(field[1:]) in self._attributes for field in fields)

    def _learn(self) -> None:
        """Makes room for attributes that are new. Nobody in the file has them yet: see `source.attributes`."""
        rows = dict(source.attributes(self.workspace_id))
        if self._attributes.keys() - rows.keys():
            # One was removed, and may come back under another id: the file may hold values of it.
            self._fill(*self._wanted())
            return
        fields = stored_fields(rows.items())
        new = {row_id: key for row_id, key in rows.items() if row_id not in self._attributes}
        if not new:
            return
        with self._cursor("BEGIN") as writer:
            for row_id, key in new.items():
                if key in fields:
                    writer.execute(f"ALTER TABLE people ADD COLUMN a{int(row_id)} VARCHAR")
            writer.executemany("INSERT INTO attributes VALUES (?, ?)", [*map(list, new.items())])
            writer.execute("COMMIT")
        self._attributes |= new

    def _fill(self, target: int, epoch: int) -> None:
        """Everything from the system of record. People changed meanwhile are read again by the next catch-up."""
        attributes = dict(source.attributes(self.workspace_id))
        with self._cursor("BEGIN") as writer:
            writer.execute(tables.create(stored_fields(attributes.items())))
            self._load(writer, None, attributes)
            if attributes:
                writer.executemany("INSERT INTO attributes VALUES (?, ?)", [*map(list, attributes.items())])
            writer.execute("INSERT INTO state VALUES (?, ?, ?, ?)", [tables.VERSION, self.uid, epoch, target])
            writer.execute("COMMIT")
        self.revision, self.epoch, self._attributes = target, epoch, attributes

    def _apply(self, target: int) -> None:
        """The people that changed after our revision: out with the old rows, in with the new, in one transaction."""
        self._learn()
        # One list of ids for everything below: were each statement to ask the journal anew, somebody who changed
        # meanwhile would be put in without having been taken out, and stand in the list twice.
        changed = source.changed(self.workspace_id, self.revision)
        with self._cursor("BEGIN") as writer:
            writer.execute("CREATE OR REPLACE TEMP TABLE changed AS SELECT unnest(?::BIGINT[]) AS id", [changed])
            writer.execute("DELETE FROM people WHERE id IN (FROM changed)")
            writer.execute("DELETE FROM memberships WHERE person_id IN (FROM changed)")
            self._load(writer, changed, self._attributes)
            writer.execute("UPDATE state SET revision = ?", [target])
            writer.execute("COMMIT")
        self.revision = target

    def _load(self, writer: duckdb.DuckDBPyConnection, ids: Sequence[int] | None, attributes: dict[int, str]) -> None:
        # Memberships first: a person's row knows how many there are.
        with source.memberships(self.workspace_id, ids) as incoming:
            writer.register("incoming", incoming)
            writer.execute("INSERT INTO memberships SELECT segment_id, person_id FROM incoming")
            writer.unregister("incoming")
        with source.people(self.workspace_id, ids) as incoming:
            writer.register("incoming", incoming)
            whose = "true" if ids is None else "person_id IN (FROM changed)"
            writer.execute(tables.insert_people(stored_fields(attributes.items()), whose))
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
