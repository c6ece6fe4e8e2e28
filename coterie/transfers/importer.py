"""People from a file: CSV, XLSX, JSON Lines or Parquet, in journal transactions of 6,000 rows.

A row is about the person with its User ID or, without one, with its e-mail address (`Wishes.match`); if there is
nobody, it makes a new person. What happens to somebody who is there already is the policy:

- merge: cells that are not empty become the person's values;
- replace: the same, and an empty cell removes the value; attributes without a column stay;
- skip: nothing (but segments get them, too).

First Seen and Last Seen count for new people only. Somebody is imported once per file: a second row about the same
person is rejected, because which of the two is right only their owner knows. Importing one's own export changes
nothing.

The import is an operation (see `jobs`): steps that are on disk as a whole or not at all. Whoever goes on after a crash
reads the file from its start and judges what is done already without writing, to know who was in it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from django.db import transaction

from coterie.accounts.audit import record as audit
from coterie.accounts.models import Workspace
from coterie.core.clock import now
from coterie.jobs.ending import end
from coterie.jobs.running import LEASE, Failed, Lost, Progress, Run, rows
from coterie.jobs.worker import granted, heartbeat, run_here, worker_name
from coterie.journal.commit import Transaction
from coterie.journal.models import Operation, State
from coterie.people.attributes import Refused
from coterie.transfers.incoming import Incoming, segments
from coterie.transfers.mapping import remember
from coterie.transfers.reading import WrongFile
from coterie.transfers.wishes import Wishes, from_json
from coterie.transfers.writing import store

KIND = "import"
# Bytes, unpacked, of a file that is read while the caller waits, for a second or two.
AT_ONCE = 500_000
_COUNTED = ("rows", "new", "changed", "same", "rejected", "joined")
# The file that this worker is in the middle of, by operation.
_open: dict[int, Incoming] = {}


@dataclass(frozen=True, slots=True)
class Summary:
    """What an import did, or would do. `rejected_file` has the rows that were rejected, each with the reason.

    `joined` counts people per segment they were put in. `columns` says which attribute each column filled.
    """

    rows: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    rejected: int = 0
    joined: int = 0
    columns: dict[str, str | None] = field(default_factory=dict)
    rejected_file: Path | None = None
    operation_id: int | None = None
    stopped: bool = False


def import_file(
    workspace: Workspace,
    path: Path,
    actor: str,
    wishes: Wishes | None = None,
    *,
    progress: Callable[[int], None] = lambda position: None,
    stop: Callable[[], bool] = lambda: False,
) -> Summary:
    """Imports the file now. `progress` is told the bytes read; when `stop` says so, whole chunks are what is done.

    Raises WrongFile before any change, and Failed (with what was done until then) in the middle.
    """
    incoming = Incoming(workspace, path, wishes or Wishes())
    try:
        operation = _begin(incoming, path, actor, mine=True)
        run = Run(operation, operation.worker)
        with heartbeat(operation, operation.worker):
            return _carry_out(run, incoming, progress, stop)
    finally:
        incoming.close()


def _carry_out(run: Run, incoming: Incoming, progress: Callable[[int], None], stop: Callable[[], bool]) -> Summary:
    try:
        incoming.next()
        # Somebody may pause or cancel it on the page, too; a worker goes on with what was paused.
        while run.operation.state == State.RUNNING and not granted(run):
            if stop():
                _end(run, State.CANCELLED)
                break
            _advance(run, incoming)
            progress(run.operation.done)
    except Lost:
        pass
    except KeyboardInterrupt:
        _end(run, State.CANCELLED)
        raise
    except RuntimeError as error:
        # This is what DuckDB makes of Ctrl-C.
        if "interrupted" not in str(error):
            raise
        _end(run, State.CANCELLED)
        raise KeyboardInterrupt from error
    except (Refused, WrongFile, OSError, Failed) as error:
        _end(run, State.FAILED, str(error))
        raise Failed(str(error)) from error
    return summary(rows(run.operation).get(), incoming.columns())


def queue(workspace: Workspace, path: Path, actor: str, wishes: Wishes) -> Operation:
    """Leaves the import to a worker; the file must stay where it is until then. Raises WrongFile or OSError."""
    incoming = Incoming(workspace, path, wishes)
    try:
        return _begin(incoming, path, actor, mine=False)
    finally:
        incoming.close()


def start(
    workspace: Workspace, path: Path, actor: str, wishes: Wishes, begun: Callable[[Operation], object]
) -> Operation:
    """As `queue`, but up to `AT_ONCE` bytes (unpacked) are imported when this returns.

    `begun` is told before the first change.
    """
    incoming = Incoming(workspace, path, wishes)
    try:
        with transaction.atomic():
            operation = _begin(incoming, path, actor, mine=incoming.source.weight <= AT_ONCE)
            begun(operation)
    finally:
        incoming.close()
    if operation.state == State.RUNNING:
        run_here(operation)
    return rows(operation).get()


def step(run: Run) -> None:
    """The next chunk of a queued import; see `jobs.kinds`. The result counts rows as `Summary` does."""
    try:
        incoming = _resumed(run)
        if incoming is not None:
            _advance(run, incoming)
    except (Refused, WrongFile, OSError) as error:
        _close_all()
        raise Failed(str(error)) from error
    except BaseException:
        _close_all()
        raise
    if incoming is None or run.operation.state != State.RUNNING:
        _close_all()


def summary(operation: Operation, columns: dict[str, str | None] | None = None) -> Summary:
    """What an import has done so far."""
    path = Path(operation.details["path"])
    return Summary(
        **numbers(operation.result),
        columns=columns if columns is not None else operation.details["columns"],
        rejected_file=_rejected_file(path) if operation.result.get("rejected") else None,
        operation_id=operation.id,
        stopped=operation.state != State.DONE,
    )


def numbers(counts: Mapping[str, int]) -> dict[str, Any]:
    """Of counts by name those that a Summary has."""
    return {name: counts.get(name, 0) for name in _COUNTED}


def _rejected_file(path: Path) -> Path:
    return path.with_name(f"{path.stem}.rejected.csv")


def _begin(incoming: Incoming, path: Path, actor: str, *, mine: bool) -> Operation:
    """The operation; `mine`: in our hands from the beginning, so that no worker takes it."""
    remember(incoming.workspace, incoming.names, incoming.keys)
    held = {"state": State.RUNNING, "worker": worker_name(), "leased_until": now() + LEASE}
    return Operation.objects.create(
        workspace=incoming.workspace,
        kind=KIND,
        label=f"Import {path.name}"[:300],
        actor=actor,
        total=path.stat().st_size,
        details={
            "file": path.name,
            "path": str(path.absolute()),
            "form": incoming.source.form,
            "wishes": incoming.wishes.to_json(),
            "columns": incoming.columns(),
        },
        **(held if mine else {"state": State.QUEUED}),
    )


def _resumed(run: Run) -> Incoming | None:
    """The file at the chunk that comes next; None when nobody wants it before it is reached."""
    operation = run.operation
    incoming = _open.get(operation.id)
    if incoming is None or incoming.done != operation.position:
        _close_all()
        details = operation.details
        incoming = Incoming(operation.workspace, Path(details["path"]), from_json(details["wishes"]))
        _open[operation.id] = incoming
        if not incoming.skip(operation.position, run.unwanted):
            return None
    return incoming


def _close_all() -> None:
    while _open:
        _open.popitem()[1].close()


def _advance(run: Run, incoming: Incoming) -> None:
    """Carries out the present chunk and understands the next, or ends the operation."""
    operation = run.operation
    if incoming.chunk is None:
        run.save(Progress(operation.position, max(operation.total - operation.done, 0), finished=True))
        counts = numbers(run.operation.result)
        audit(incoming.workspace, operation.actor, "people.import", {"label": operation.label, **counts})
        return
    if added := incoming.catalogue():
        # For the undo: with the people who have them these go, too.
        operation.details["attributes"] = {**operation.details.get("attributes", {}), **added}
        rows(operation).update(details=operation.details)
    run.commit(partial(_work, operation=operation, incoming=incoming))
    incoming.judge.accept()
    incoming.next()


def _work(tx: Transaction, operation: Operation, incoming: Incoming) -> Progress:
    if len(segments(incoming.workspace, incoming.wishes)) < len(set(incoming.wishes.segments)):
        raise Failed("A segment of this import was removed meanwhile. What was done until then can be undone.")
    judged, found = store(tx, incoming.judge, incoming.wishes)
    touched = found.pop("people")
    rejected = incoming.rejected(judged)
    size = operation.result.get("rejected_bytes", 0)
    if rejected:
        found["rejected_bytes"] = incoming.rejects.add(rejected, size) - size
    rows = incoming.chunk.rows if incoming.chunk else 0
    counts = {**found, "rows": rows, "rejected": len(rejected)}
    read = min(incoming.position, operation.total)
    return Progress(operation.position + rows, max(read - operation.done, 0), touched, counts)


def _end(run: Run, state: State, reason: str = "") -> None:
    with transaction.atomic():
        row = run.mine().select_for_update().first()
        if row is not None:
            end(row, state, reason)
            run.operation = row
