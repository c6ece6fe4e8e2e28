"""The end of an operation, and what it means for the one that it undoes."""

from django.db.models import QuerySet

from coterie.core.clock import now
from coterie.jobs.crowds import skipped, thaw
from coterie.journal.models import Operation, State, Wish


def end(operation: Operation, state: State, reason: str = "") -> None:
    """Ends an operation. In the transaction of its last step, so that it is never done but for this.

    An undo that is done leaves the other one undone; an undo that was cancelled gives it free to be undone again. And
    when an undo is undone itself, what it had undone is in effect again.
    """
    if state != State.FAILED:  # Who was meant is remembered, so that it can be tried again.
        thaw(operation)
    operation.state, operation.reason, operation.finished_at = state, reason[:500], now()
    operation.worker, operation.leased_until, operation.wish = "", None, Wish.NONE
    if "skipped" in operation.result:
        # Somebody with two edits may have been skipped twice.
        operation.result = {**operation.result, "skipped": len(skipped(operation))}
    if state == State.DONE and not operation.people:
        operation.undo_until = None  # Nothing happened, so there is nothing to undo.
    fields = ("state", "reason", "finished_at", "worker", "leased_until", "wish", "result", "undo_until")
    _rows(operation.workspace_id, operation.id).update(**{name: getattr(operation, name) for name in fields})
    if operation.undo_of is not None:
        _tell(operation, operation.undo_of, state)


def _tell(undo: Operation, target_id: int, state: State) -> None:
    target = _rows(undo.workspace_id, target_id).get()
    if state != State.DONE:
        _rows(undo.workspace_id, target.id).update(undone_by=None)
        return
    _rows(undo.workspace_id, target.id).update(state=State.UNDONE)
    if target.undo_of is not None:
        first = _rows(undo.workspace_id, target.undo_of).get()
        back = State.DONE if first.done >= first.total else State.CANCELLED
        _rows(undo.workspace_id, first.id).update(state=back, undone_by=None)


def _rows(workspace_id: int, operation_id: int) -> "QuerySet[Operation]":
    return Operation.objects.filter(workspace_id=workspace_id, id=operation_id)
