"""What was copied of people: kept files, the replicas, and what SQLite's file still holds of rows that are gone."""

import json
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from django.conf import settings
from django.db import connection

from coterie.accounts.models import Workspace
from coterie.audience.replicas import renew
from coterie.core.ids import from_public
from coterie.jobs.running import Failed
from coterie.journal.models import UNFINISHED, Operation
from coterie.people.models import Policy
from coterie.people.policy import change
from coterie.transfers import files

# Seconds to wait for somebody who reads what was there before.
PATIENCE = 60.0
# Bytes of SQLite's file up to which it is written anew while somebody waits.
AT_ONCE = 256_000_000


def clean(workspace: Workspace) -> None:
    """After people were erased: removes every copy that may hold them. May be done twice. Raises Failed.

    Exports that were made before are deleted as a whole, and so are files that were sent to be imported: what is in a
    file cannot be taken out of it, and an export is made again in a minute.
    """
    revision = Workspace.objects.values_list("revision", flat=True).get(pk=workspace.pk)
    change(workspace, erased_revision=revision)
    for place in files_of(workspace):
        shutil.rmtree(place, ignore_errors=True)
    renew(workspace)
    rewrite()


def files_of(workspace: Workspace) -> list[Path]:
    """The folders of kept files that may hold somebody who is erased now."""
    revision = Workspace.objects.values_list("revision", flat=True).get(pk=workspace.pk)
    exports = [kept.path.parent for kept in files.kept(workspace) if kept.manifest.revision <= revision]
    uploads = Path(settings.DATA) / "imports" / str(workspace.uid)
    return [*exports, *(place for place in sorted(uploads.glob("*")) if not _at_work(workspace, place))]


def sweep() -> None:
    """Removes exports that were begun before somebody was erased and finished only afterwards."""
    for policy in Policy.objects.filter(erased_revision__gt=0).select_related("workspace"):
        for kept in files.kept(policy.workspace):
            if kept.manifest.revision < policy.erased_revision:
                files.remove(policy.workspace, kept.id)


def _at_work(workspace: Workspace, place: Path) -> bool:
    """Whether a file is being imported: it goes by itself when that is over."""
    try:
        operation_id = json.loads((place / ".draft.json").read_text(encoding="utf-8")).get("operation")
    except (OSError, ValueError):
        return False
    if isinstance(operation_id, str):
        operation_id = from_public(operation_id)
    running = Operation.objects.filter(workspace=workspace, id=operation_id or 0)
    return running.filter(state__in=UNFINISHED).exists()


def takes_long() -> bool:
    """Whether writing the file anew is nothing to wait for."""
    return connection.vendor == "sqlite" and _file().stat().st_size > AT_ONCE


def _file() -> Path:
    return Path(str(connection.settings_dict["NAME"]))


def rewrite() -> None:
    """Writes SQLite's file anew and empties its log; raises Failed. Writers wait: some twenty seconds per gigabyte.

    Overwriting what is deleted (secure_delete) is not enough: when SQLite moves rows from page to page, copies of them
    stay in the free space of the former ones. See docs/decisions/0018-erased-for-good.md.
    """
    if connection.vendor != "sqlite":
        return
    # A connection of its own: ours keeps temporary tables in memory, and this one is as large as the database.
    with closing(sqlite3.connect(_file(), timeout=PATIENCE, isolation_level=None)) as own:
        try:
            own.execute("PRAGMA temp_store=FILE")
            _forget_words(own)
            own.execute("VACUUM")
            until = time.monotonic() + PATIENCE
            while own.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] and time.monotonic() < until:
                time.sleep(0.05)
            busy = own.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except sqlite3.OperationalError as error:
            raise Failed(f"They are erased, but the database's file could not be written anew: {error}.") from error
    if busy:
        raise Failed(
            "They are erased, but the database's log still holds what was there before, because somebody is reading it."
            " Restart Coterie to have it emptied."
        )


def _forget_words(own: sqlite3.Connection) -> None:
    """Search indexes only note that something was deleted, until their parts are merged into one."""
    indexes = own.execute("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE% USING fts5(%'")
    for (name,) in indexes.fetchall():
        own.execute(f'INSERT INTO "{name}"("{name}") VALUES (\'optimize\')')
