"""Workers: they look for operations and work on them, step by step.

Several may look at once; the one whose update of the row goes through has it. A worker holds an operation by a lease,
which its heartbeat renews. When it is killed the lease runs out, and whoever looks next goes on after the last step
that was committed.
"""

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models import Q

from coterie.core.clock import now
from coterie.jobs.ending import end
from coterie.jobs.kinds import KINDS, QUESTIONS, step_of, sweep
from coterie.jobs.running import HEARTBEAT, LEASE, Failed, Lost, Run, rows
from coterie.journal.models import Operation, State, Wish

log = logging.getLogger(__name__)
# Between looking for work, and after the database failed.
IDLE, TROUBLE = 0.5, 5.0
# Between two sweeps.
SWEEP = 3600.0
# Between two steps, so that others get at SQLite's only write lock: who waits for it asks about that often.
BREATH = 0.03
# In a row, without a step that went well.
_TRIES = 4
# So many workers in a row may be lost with an operation, without a step in between: then it is what kills them.
LOST = 3
_GIVEN_UP = (
    "The server stopped %d times in the middle of it, so it was given up. It may need more memory than there is; the"
    " log of the server, or of the system, has more."
)


def work(stop: threading.Event) -> None:
    """Works until `stop` is set, then finishes the present step and leaves."""
    _work(stop, [kind for kind in KINDS if kind not in QUESTIONS], sweeps=True)


def answer(stop: threading.Event) -> None:
    """As `work`, but on questions, which must not wait for work."""
    _work(stop, QUESTIONS, sweeps=False)


def _work(stop: threading.Event, kinds: Collection[str], *, sweeps: bool) -> None:
    name, due = worker_name(), time.monotonic()
    while not stop.is_set():
        try:
            if sweeps and time.monotonic() >= due:
                due = time.monotonic() + SWEEP
                sweep()
            operation = claim(name, kinds)
            if operation is None:
                stop.wait(IDLE)
            else:
                with heartbeat(operation, name):
                    run(operation, name, stop)
        except (DatabaseError, InterfaceError):
            log.exception("the database failed; trying again in %.0f s", TROUBLE)
            connection.close()
            stop.wait(TROUBLE)
    connection.close()


def worker_name() -> str:
    """A name that no other worker has."""
    return f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(4)}"


def claim(worker: str, kinds: Collection[str] = tuple(KINDS)) -> Operation | None:
    """The operation that waits longest, of any workspace, or one whose worker is gone; now it is `worker`'s.

    One that killed its workers again and again fails instead.
    """
    moment = now()
    free = Q(state=State.QUEUED) | Q(state=State.RUNNING, leased_until__lt=moment)
    waiting = Operation.objects.filter(free, state__in=(State.QUEUED, State.RUNNING), kind__in=list(kinds))
    for operation in waiting.order_by("started_at", "id")[:20]:
        # Only if it is still as we saw it: another worker may have been quicker.
        seen = rows(operation).filter(free, state=operation.state, worker=operation.worker)
        lost = operation.lost + (operation.state == State.RUNNING)
        if not seen.update(state=State.RUNNING, worker=worker, leased_until=moment + LEASE, lost=lost):
            continue
        this = Run(rows(operation).get(), worker)
        if lost < LOST:
            return this.operation
        log.error(
            "operation %s (%s) was given up: %s workers were lost with it", operation.public_id, operation.kind, lost
        )
        _end(this, State.FAILED, _GIVEN_UP % lost)
    return None


def run(operation: Operation, worker: str, stop: threading.Event | None = None) -> None:
    """Works on an operation of this worker's until it is over, paused, lost, or `stop` is set."""
    this, tries = Run(operation, worker, stop), 0
    stop = this.stop
    while this.operation.state == State.RUNNING and not granted(this):
        if stop.is_set():
            this.mine().update(state=State.QUEUED, worker="", leased_until=None)
            return
        try:
            step_of(operation.kind)(this)
            tries = 0
        except Lost:
            return
        except Failed as failure:
            _end(this, State.FAILED, str(failure))
            return
        except Exception as error:
            tries += 1
            log.exception("operation %s (%s), try %s", operation.public_id, operation.kind, tries)
            if tries == _TRIES or not isinstance(error, DatabaseError | InterfaceError):
                _end(this, State.FAILED, "Something went wrong that should not have; the log of the server has more.")
                return
            connection.close()
            _wait(stop, tries)
        if this.operation.state == State.RUNNING and connection.vendor == "sqlite":
            stop.wait(BREATH)


def run_here(operation: Operation) -> None:
    """Works on an operation that was the caller's from its beginning, until it is over."""
    with heartbeat(operation, operation.worker):
        run(operation, operation.worker)


def _wait(stop: threading.Event, tries: int) -> None:
    stop.wait(2.0**tries)


def granted(this: Run) -> bool:
    """Whether somebody wished the operation to stop, which it then does."""
    wish = this.mine().values_list("wish", flat=True).first()
    if wish == Wish.PAUSE:
        this.mine().update(state=State.PAUSED, wish=Wish.NONE, worker="", leased_until=None)
    elif wish == Wish.CANCEL:
        _end(this, State.CANCELLED)
    return wish != Wish.NONE


def _end(this: Run, state: State, reason: str = "") -> None:
    with transaction.atomic():
        row = this.mine().select_for_update().first()
        if row is not None:
            end(row, state, reason)


@contextmanager
def heartbeat(operation: Operation, worker: str) -> Iterator[None]:
    """Renews the lease meanwhile, in a thread with a connection of its own."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(HEARTBEAT.total_seconds()):
            try:
                mine = rows(operation).filter(worker=worker, state=State.RUNNING)
                mine.update(leased_until=now() + LEASE)
            except (DatabaseError, InterfaceError):
                log.warning("the lease of operation %s was not renewed", operation.public_id, exc_info=True)
        connection.close()

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
