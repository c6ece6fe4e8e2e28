"""One operation being worked on: steps, each of which is on disk as a whole or not at all.

A step saves how far it came in the transaction of its changes, after it made sure that the operation is still its own.
So after a crash the next worker goes on exactly where the last commit was, and two workers that both believe to have
the operation cannot both finish a step: the second finds the lease gone and is rolled back.
"""

import datetime as dt
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from django.db import transaction
from django.db.models import QuerySet

from coterie.core.clock import now
from coterie.jobs.ending import end
from coterie.journal.commit import Transaction, commit
from coterie.journal.models import Operation, State, Wish

T = TypeVar("T")
# How long an operation stays with a worker that says nothing; it says something three times in between.
LEASE = dt.timedelta(seconds=15)
HEARTBEAT = LEASE / 3


class Lost(Exception):
    """The operation is no longer ours: paused, cancelled, or taken over by another worker."""


class Failed(Exception):
    """The operation cannot go on; the message tells people why and what they can do."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What a step did. `position` is where the next one begins; `done`, `people` and `counts` are added up."""

    position: int
    done: int = 0
    people: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    finished: bool = False


class Run:
    """An operation in the hands of a worker. `operation` is the row as the last step left it.

    `stop` is set when the worker has to leave: a step that takes long looks at it, and may end without having saved.
    """

    def __init__(self, operation: Operation, worker: str, stop: threading.Event | None = None) -> None:
        self.operation = operation
        self.worker = worker
        self.stop = stop or threading.Event()
        # When the last step was noted: what its commit takes counts as time of the next.
        self._since = self._noted = time.monotonic()

    def commit(self, work: Callable[[Transaction], Progress]) -> None:
        """Runs `work` in a journal transaction of the operation and saves its progress with it. Raises Lost."""

        def fenced(tx: Transaction) -> Operation:
            row = self._hold()
            return self._note(row, work(tx))

        row = self.operation
        self.operation = commit(row.workspace_id, row.actor, fenced, operation_id=row.id)
        self._since = self._noted

    def save(self, progress: Progress) -> None:
        """Saves the progress of a step that changed no people. Raises Lost."""
        with transaction.atomic():
            self.operation = self._note(self._hold(), progress)
        self._since = self._noted

    def unwanted(self) -> bool:
        """Whether a step should not go on: the worker leaves, somebody wishes it, or the operation is not ours."""
        return self.stop.is_set() or self.mine().values_list("wish", flat=True).first() != Wish.NONE

    def mine(self) -> "QuerySet[Operation]":
        """The row, as long as it is ours."""
        return rows(self.operation).filter(worker=self.worker, state=State.RUNNING)

    def _hold(self) -> Operation:
        """The row, locked. Whoever takes it over meanwhile waits for our commit, and then finds a fresh lease."""
        # Still where we saw it, too: a step that was committed without our knowing is not done again.
        row = self.mine().filter(position=self.operation.position).select_for_update().first()
        if row is None:
            raise Lost
        return row

    def _note(self, row: Operation, progress: Progress) -> Operation:
        row.position = progress.position
        row.done += progress.done
        row.people += progress.people
        self._noted = time.monotonic()
        row.seconds += self._noted - self._since
        row.result = {**row.result, **{k: row.result.get(k, 0) + n for k, n in progress.counts.items()}}
        row.leased_until, row.lost = now() + LEASE, 0
        fields = ("position", "done", "people", "seconds", "result", "leased_until", "lost")
        rows(row).update(**{name: getattr(row, name) for name in fields})
        if progress.finished:
            end(row, State.DONE)
        return row


def rows(operation: Operation) -> "QuerySet[Operation]":
    """The row of an operation, as a query."""
    return Operation.objects.filter(workspace_id=operation.workspace_id, id=operation.id)
