"""Beginning a bulk action, or the undo of an operation."""

from collections.abc import Mapping, Sequence

from django.db import transaction

from coterie.accounts.models import Workspace
from coterie.audience.audience import audience_of
from coterie.bulk.actions import Act, Action, catalogued, checked, label
from coterie.bulk.past import extent
from coterie.bulk.selection import Selection
from coterie.core.clock import now
from coterie.jobs.control import NotPossible
from coterie.jobs.crowds import freeze, meant
from coterie.jobs.ending import end
from coterie.jobs.running import LEASE, rows
from coterie.jobs.worker import run_here, worker_name
from coterie.journal.models import Operation, State
from coterie.people.attributes import recatalogue

# Up to so many are changed at once, while the caller waits: a second or less.
AT_ONCE = 5_000
UNDO = "undo"


class Nobody(ValueError):
    """The selection is about nobody."""


def start(
    workspace: Workspace, actor: str, action: Action, selection: Selection, if_count: int | None = None
) -> Operation:
    """Does `action` to everybody in the selection; they are who they are now, whatever changes meanwhile.

    Up to `AT_ONCE` people are done when this returns; more are left to a worker. Raises Refused (the action),
    FilterError (the filter), Moved (the selection is no longer about `if_count` people) or Nobody, all before any
    change.
    """
    action = checked(workspace, action)
    ids = selection.people(audience_of(workspace), if_count)
    return _begin(workspace, actor, action, ids, _remembered(selection))


def again(workspace: Workspace, actor: str, failed: Operation) -> Operation:
    """Does what failed once more, to the same people, whoever they are by now. Raises Refused or Nobody."""
    action = checked(workspace, Action.from_details(failed.kind, failed.details))
    return _begin(workspace, actor, action, meant(failed), failed.details.get("selection", {}))


def _begin(
    workspace: Workspace, actor: str, action: Action, ids: Sequence[int], remembered: Mapping[str, object]
) -> Operation:
    if not ids:
        raise Nobody("Nobody is selected.")
    catalogued(workspace, action)
    with transaction.atomic():
        operation = _new(
            workspace,
            actor,
            len(ids),
            kind=action.act.value,
            label=label(workspace, action, len(ids)),
            details={**action.details, "selection": remembered},
        )
        freeze(operation, ids)
    return _now_or_later(operation)


def undo(workspace: Workspace, actor: str, operation_id: int) -> Operation:
    """Takes back what an operation did, as far as nobody edited it since; see `bulk.undoing`. Raises NotPossible.

    A paused operation is cancelled by it. `jobs.crowds.skipped` lists the people who were left alone.
    """
    with transaction.atomic():
        target = Operation.objects.select_for_update().filter(workspace=workspace, id=operation_id).first()
        if target is None:
            raise NotPossible("There is no such operation in this workspace.")
        if not target.can_be_undone:
            raise NotPossible(_why_not(target))
        if target.state == State.PAUSED:
            end(target, State.CANCELLED)
        total, top = extent(workspace.pk, target.id)
        attributes = target.details.get("attributes_gone", {})
        recatalogue(workspace.pk, attributes)
        operation = _new(
            workspace,
            actor,
            total,
            kind=UNDO,
            label=f"Undo: {target.label}"[:300],
            undo_of=target.id,
            position=top,
            # What saves questions: whether it may have made people, and whether somebody has several entries.
            details={
                "makes_people": target.kind not in set(Act),
                "repeats": total != target.people,
                "attributes": attributes,
                "attributes_undone": target.details.get("attributes", {}),
            },
        )
        rows(target).update(undone_by=operation.id)
    return _now_or_later(operation)


def _new(workspace: Workspace, actor: str, total: int, **fields: object) -> Operation:
    """A small one is ours from the beginning, so that no worker takes it out of our hands."""
    mine = {"state": State.RUNNING, "worker": worker_name(), "leased_until": now() + LEASE}
    waiting = {"state": State.QUEUED}
    return Operation.objects.create(
        workspace=workspace, actor=actor, total=total, **fields, **(mine if total <= AT_ONCE else waiting)
    )


def _now_or_later(operation: Operation) -> Operation:
    if operation.state == State.RUNNING:
        run_here(operation)
    return rows(operation).get()


def _remembered(selection: Selection) -> dict[str, object]:
    """How they were selected, for people to read. Ids stay where they are worked from."""
    if not selection.by_filter:
        return {"picked": len(selection.ids)}
    left_out = {"except": len(selection.ids)} if selection.ids else {}
    return {"filter": selection.to_json()["filter"]} | left_out


def _why_not(target: Operation) -> str:
    if not target.is_over:
        return f"“{target.label}” is not over. Cancel it first."
    if target.undone_by is not None or target.state == State.UNDONE:
        return f"“{target.label}” was undone already."
    if target.undo_until is None:
        return f"There is nothing to undo about “{target.label}”."
    return f"“{target.label}” can no longer be undone; the time for that is 30 days."
