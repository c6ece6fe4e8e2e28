"""Exports in the background: an operation whose result is a kept file, downloadable for seven days.

One step writes the whole file. After a crash, or a pause, it is written anew: a file is of one moment.
"""

import time
from collections.abc import Callable
from typing import Any

from coterie.accounts.models import Workspace
from coterie.audience.audience import Audience, audience_of
from coterie.audience.sentence import sentence
from coterie.audience.tree import FilterError
from coterie.audience.view import View
from coterie.bulk.selection import Selection
from coterie.jobs.running import Failed, Progress, Run, rows
from coterie.journal.models import Operation, State
from coterie.transfers import files
from coterie.transfers.export import Form, Format
from coterie.transfers.files import Kept, Reason
from coterie.transfers.rows import Stopped

KIND = "export"
# Between two looks at whether somebody wants it to stop, in seconds.
_LOOK = 0.5


def queue_export(
    workspace: Workspace, actor: str, selection: Selection, form: Form, name: str, *, everybody: bool = False
) -> Operation:
    """Leaves an export to a worker. `name` is the file's, without its ending. Raises FilterError.

    `everybody`: nobody is left out, so whoever downloads it has to prove who they are.
    """
    audience = audience_of(workspace)
    people = selection.count(audience)
    reason = reason_of(audience, actor, selection)
    return Operation.objects.create(
        workspace=workspace,
        kind=KIND,
        label=label_of(people, form, reason),
        actor=actor,
        total=people,
        state=State.QUEUED,
        undo_until=None,
        details={
            "selection": selection.to_json(),
            "name": name,
            "format": form.format.value,
            "columns": None if form.columns is None else [column.key for column in form.columns],
            "bom": form.bom,
            "raw": form.raw,
            "everybody": everybody,
        },
    )


def again(workspace: Workspace, actor: str, failed: Operation) -> Operation:
    """Leaves a failed export to a worker once more, of the people whom its selection finds then. Raises FilterError."""
    details = failed.details
    form = _form(audience_of(workspace), details)
    selection = Selection.from_json(details["selection"])
    return queue_export(workspace, actor, selection, form, details["name"], everybody=details.get("everybody", False))


def label_of(people: int, form: Form, reason: Reason) -> str:
    """What an export is called in Activity."""
    return f"Export {_so_many(people)} as {form.format.words}: {reason.filter}"[:300]


def reason_of(audience: Audience, actor: str, selection: Selection) -> Reason:
    """Who is in the file and why, for its manifest and the audit trail."""
    if not selection.by_filter:
        return Reason(actor, f"{_so_many(len(selection.ids))} selected by hand", "")
    said = sentence(selection.filter, audience.catalogue)
    without = f", without {_so_many(len(selection.ids))}" if selection.ids else ""
    view = View("all", () if selection.filter is None else (selection.filter,))
    return Reason(actor, said + without, view.query)


def finished(workspace: Workspace, operation: Operation) -> Kept | None:
    """The file of an export, once it is there and as long as it is kept."""
    return files.find(workspace, operation.public_id)


def step(run: Run) -> None:
    """Writes the file; see `jobs.kinds`."""
    operation = run.operation
    audience = audience_of(operation.workspace)
    selection = Selection.from_json(operation.details["selection"])
    try:
        kept = files.keep(
            operation.details["name"],
            audience,
            selection.predicate(audience),
            _form(audience, operation.details),
            reason_of(audience, operation.actor, selection),
            *_watching(run),
            export_id=operation.public_id,
        )
    except Stopped:
        return
    except FilterError as error:
        raise Failed(str(error)) from error
    except OSError as error:  # Without the path: where the server keeps its files is its own matter.
        raise Failed(f"The file could not be written: {error.strerror or error}.") from error
    row = rows(operation).get()
    counts = {"people": kept.manifest.people, "bytes": kept.manifest.bytes}
    rows(operation).update(total=kept.manifest.people, seconds=0)
    run.save(Progress(1, kept.manifest.people - row.done, counts=counts, finished=True))


def _so_many(people: int) -> str:
    return f"{people:,} {'person' if people == 1 else 'people'}"


def _form(audience: Audience, details: dict[str, Any]) -> Form:
    keys = details["columns"]
    columns = (
        None if keys is None else [audience.catalogue.by_key[key] for key in keys if key in audience.catalogue.by_key]
    )
    return Form(Format(details["format"]), columns, details["bom"], details["raw"])


def _watching(run: Run) -> tuple[Callable[[int], None], Callable[[], bool]]:
    """Tells the operation how far it is, and the export whether to stop, every now and then."""
    began = time.monotonic()
    looked, done = [began], [0]

    def progress(people: int) -> None:
        done[0] = people

    def stop() -> bool:
        if time.monotonic() - looked[0] < _LOOK:
            return run.stop.is_set()
        looked[0] = time.monotonic()
        if not run.mine().update(done=done[0], seconds=looked[0] - began):
            return True
        return run.unwanted()

    return progress, stop
