"""The one door: every change to people goes through a journal transaction.

A transaction locks the rows of the people it changes in id order (`people.changes`), does its work, and last of all
takes its revisions by raising `workspace.revision`. Whoever holds that row commits next, so revisions are gap-free and
in commit order on every database: a reader that has seen revision r has seen everything up to r.
"""

import random
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

from django.db import IntegrityError, OperationalError, connection, transaction

from coterie.core.bulk import encode, insert_stored
from coterie.core.clock import now
from coterie.journal.models import Kind

T = TypeVar("T")
_ATTEMPTS = 6
# SQLSTATE of deadlock_detected and serialization_failure.
_COLLISIONS = ("40P01", "40001")
# SQLite has one writer at a time and no queue: whoever waits looks again after ever longer naps, and on a slow disk
# under eight busy threads one can go hungry for a minute. So the threads of this process line up before they ask.
_turn = threading.Lock()


class Collision(Exception):
    """Another writer was in the way, as somebody found out who is not the database: `commit` tries again."""


class Transaction:
    """An open journal transaction of one workspace."""

    def __init__(self, workspace_id: int, actor: str, operation_id: int | None) -> None:
        self.workspace_id = workspace_id
        self.actor = actor
        self.operation_id = operation_id
        self.at = now()
        # Before and after are encoded.
        self._entries: list[tuple[int, str, str | None, str | None]] = []
        self._last: list[Callable[[], None]] = []

    def last_of_all(self, work: Callable[[], None]) -> None:
        """Runs `work` when the revisions are taken.

        Whoever has taken revisions holds the workspace's row and is alone until the commit. So `work` may change rows
        that every transaction changes, such as counters, and nobody waits for anybody in a circle.
        """
        self._last.append(work)

    def record(
        self,
        person_id: int,
        kind: Kind,
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
    ) -> None:
        """One change of one person, to be written at the end."""
        self._entries.append((person_id, kind.value, _encoded(before), _encoded(after)))

    def record_many(
        self,
        person_ids: Iterable[int],
        kind: Kind,
        after: dict[str, Any] | None = None,
        before: dict[str, Any] | None = None,
    ) -> None:
        """The same change of many people. Its values are encoded once."""
        row = kind.value, _encoded(before), _encoded(after)
        self._entries += [(person_id, *row) for person_id in person_ids]

    def record_rows(self, rows: Iterable[tuple[int, str, str | None, str | None]]) -> None:
        """Many changes of many people: (person, kind, before and after as JSON)."""
        self._entries += rows

    def _close(self) -> None:
        """Takes the revisions and writes the entries; nothing may be locked after this."""
        if not self._entries and not self._last:
            return
        revision = take_revisions(self.workspace_id, len(self._entries))
        insert_stored(
            "journal_journalentry",
            ("revision", "person_id", "kind", "before", "after"),
            ((number, *entry) for number, entry in enumerate(self._entries, revision + 1)),
            {
                "workspace_id": self.workspace_id,
                "actor": self.actor,
                "operation_id": self.operation_id,
                "at": connection.ops.adapt_datetimefield_value(self.at),
            },
        )
        for work in self._last:
            work()


def _encoded(values: dict[str, Any] | None) -> str | None:
    return None if values is None else encode(values)


def take_revisions(workspace_id: int, count: int) -> int:
    """Raises the workspace's revision by `count` and returns what it was. Call last in a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE accounts_workspace SET revision = revision + %s WHERE id = %s RETURNING revision",
            [count, workspace_id],
        )
        return int(cursor.fetchone()[0]) - count


def commit(workspace_id: int, actor: str, work: Callable[[Transaction], T], *, operation_id: int | None = None) -> T:
    """Runs `work` in a journal transaction and returns its result, once everything is durable.

    `actor` names who did it: `member:<id>`, `channel:<id>`, `token:<id>` or a command. `work` may run again from the
    start when it collided with another writer, so it must not change anything outside the transaction.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with one_at_a_time(), transaction.atomic():
                journal = Transaction(workspace_id, actor, operation_id)
                result = work(journal)
                journal._close()
                return result
        except (IntegrityError, OperationalError, Collision) as error:
            if attempt == _ATTEMPTS or connection.in_atomic_block or not _collided(error):
                raise
            time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311
    raise AssertionError


def one_at_a_time() -> AbstractContextManager[object]:
    """This thread's turn to write. Whoever is in a transaction already has the database, and must not wait for it."""
    return nullcontext() if connection.vendor != "sqlite" or connection.in_atomic_block else _turn


def _collided(error: Exception) -> bool:
    """Whether another writer was in the way: a deadlock, or a row that both of us wanted to create."""
    # By the code, not the words: PostgreSQL answers in the operator's language.
    return isinstance(error, IntegrityError | Collision) or getattr(error.__cause__, "sqlstate", None) in _COLLISIONS
