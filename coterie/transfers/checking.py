"""What an import would do, exactly: the same reading and judging, without a change.

Small files are checked while the caller waits, others by a worker, as an operation that nobody needs to see again.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from coterie.accounts.models import Workspace
from coterie.core.clock import now
from coterie.core.ids import to_public
from coterie.jobs.running import LEASE, Failed, Progress, Run, rows
from coterie.jobs.worker import run_here, worker_name
from coterie.journal.models import Operation, State
from coterie.people.attributes import Refused
from coterie.segments.membership import preview
from coterie.transfers.importer import AT_ONCE, Summary, numbers
from coterie.transfers.incoming import Incoming
from coterie.transfers.judged import Judged
from coterie.transfers.reading import WrongFile
from coterie.transfers.wishes import Wishes, from_json
from coterie.transfers.writing import people, tally

KIND = "check"
# Between two looks at whether it is still wanted, in seconds.
_LOOK = 0.5


def dry_run(
    workspace: Workspace,
    path: Path,
    wishes: Wishes | None = None,
    *,
    progress: Callable[[int], None] = lambda position: None,
    stop: Callable[[], bool] = lambda: False,
) -> Summary:
    """What `import_file` would do now, exactly; changes nothing. The file of rejected rows is written, too."""
    incoming = Incoming(workspace, path, wishes or Wishes())
    total: Counter[str] = Counter()
    try:
        for total in foreseen(incoming):  # noqa: B007
            progress(min(incoming.position, path.stat().st_size))
            if stop():
                break
    finally:
        incoming.close()
    rejected_file = incoming.rejects.path if total["rejected"] else None
    return Summary(**numbers(total), columns=incoming.columns(), rejected_file=rejected_file)


def foreseen(incoming: Incoming) -> Iterator[Counter[str]]:
    """What would be counted up to each chunk: as a Summary does, and who would join each segment: `joined:<id>`."""
    total: Counter[str] = Counter()
    size = 0
    while incoming.next():
        judged = incoming.judge.judge(people(incoming.workspace.pk, incoming.judge, locked=False))
        total += _counted(incoming, judged)
        rejected = incoming.rejected(judged)
        if rejected:
            size = incoming.rejects.add(rejected, size)
        incoming.judge.accept()
        yield total


def check(workspace: Workspace, path: Path, actor: str, wishes: Wishes) -> Operation:
    """Has it found out what the import would do: `result` is what `foreseen` counts.

    Up to `AT_ONCE` bytes, unpacked, are read when this returns. Raises WrongFile or OSError.
    """
    incoming = Incoming(workspace, path, wishes, few=1)
    weight = incoming.source.weight
    incoming.close()
    mine = {"state": State.RUNNING, "worker": worker_name(), "leased_until": now() + LEASE}
    operation = Operation.objects.create(
        workspace=workspace,
        kind=KIND,
        label=f"Check {path.name}"[:300],
        actor=actor,
        total=path.stat().st_size,
        undo_until=None,
        details={"path": str(path.absolute()), "wishes": wishes.to_json()},
        **(mine if weight <= AT_ONCE else {"state": State.QUEUED}),
    )
    if operation.state == State.RUNNING:
        run_here(operation)
    return rows(operation).get()


def rejected_file(operation: Operation) -> Path:
    """Where the rejected rows of a check are, once there are some."""
    return Path(operation.details["path"]).with_name(f".{operation.public_id}.rejected.csv")


def step(run: Run) -> None:
    """Reads the whole file; see `jobs.kinds`. After a crash it is read anew."""
    operation = run.operation
    try:
        path, wishes = Path(operation.details["path"]), from_json(operation.details["wishes"])
        incoming = Incoming(operation.workspace, path, wishes, rejected=rejected_file(operation))
        try:
            total = _read(run, incoming)
        finally:
            incoming.close()
    except (Refused, WrongFile, OSError) as error:
        raise Failed(str(error)) from error
    if total is None:
        rejected_file(operation).unlink(missing_ok=True)
    else:
        rows(operation).update(result=dict(total))
        run.save(Progress(1, operation.total - rows(operation).get().done, finished=True))


def _read(run: Run, incoming: Incoming) -> Counter[str] | None:
    """None when nobody wants to know any more, or the worker has to leave."""
    total: Counter[str] = Counter()
    begun = looked = time.monotonic()
    for total in foreseen(incoming):
        if run.stop.is_set():
            return None
        if time.monotonic() - looked < _LOOK:
            continue
        looked = time.monotonic()
        done = min(incoming.position, run.operation.total)
        if not run.mine().update(done=done, seconds=looked - begun, result=dict(total)):
            return None
        if run.unwanted():
            return None
    return total


def _counted(incoming: Incoming, judged: Judged) -> Counter[str]:
    """What would be counted of the present chunk."""
    found = tally(judged)
    found["rows"] = incoming.chunk.rows if incoming.chunk else 0
    found["rejected"] = len(incoming.rejected(judged))
    there = [*(row[0] for row in judged.changed), *judged.same]
    try:
        effects = preview(incoming.workspace, incoming.wishes.segments, there)
    except ValueError as error:
        raise WrongFile(f"{error} Choose the segments again.") from error
    for saved in effects:
        joined = saved.added + len(judged.new)
        found["joined"] += joined
        found[f"joined:{to_public(saved.segment_id)}"] += joined
    return found
