"""What people can do about an operation that is not over: pause, resume, cancel."""

from django.db import transaction

from coterie.accounts.models import Workspace
from coterie.core.clock import now
from coterie.jobs.ending import end
from coterie.journal.models import Operation, State, Wish


class NotPossible(ValueError):
    """The operation is not in a state for that; the message says so in words."""


def pause(workspace: Workspace, operation_id: int) -> Operation:
    """Holds an operation after its present step; `resume` lets it go on. Raises NotPossible."""
    with transaction.atomic():
        row = _open(workspace, operation_id)
        if _in_hands(row):
            row.wish = Wish.PAUSE
        else:
            row.state, row.worker, row.leased_until = State.PAUSED, "", None
        return _saved(row)


def resume(workspace: Workspace, operation_id: int) -> Operation:
    """Lets a paused operation go on where it stopped. Raises NotPossible."""
    with transaction.atomic():
        row = _open(workspace, operation_id)
        row.wish = Wish.NONE
        if row.state == State.PAUSED:
            row.state = State.QUEUED
        return _saved(row)


def cancel(workspace: Workspace, operation_id: int) -> Operation:
    """Ends an operation after its present step. What it did until then can be undone. Raises NotPossible."""
    with transaction.atomic():
        row = _open(workspace, operation_id)
        if not _in_hands(row):
            end(row, State.CANCELLED)
            return row
        row.wish = Wish.CANCEL
        return _saved(row)


def _open(workspace: Workspace, operation_id: int) -> Operation:
    """The operation, locked."""
    row = Operation.objects.select_for_update().filter(workspace=workspace, id=operation_id).first()
    if row is None:
        raise NotPossible("There is no such operation in this workspace.")
    if row.is_over:
        raise NotPossible(f"“{row.label}” is over: {State(row.state).label.lower()}.")
    return row


def _in_hands(row: Operation) -> bool:
    """Whether a worker has it, who grants wishes. One that was killed does not."""
    return row.state == State.RUNNING and row.leased_until is not None and row.leased_until > now()


def _saved(row: Operation) -> Operation:
    fields = ("state", "wish", "worker", "leased_until")
    rows = Operation.objects.filter(workspace_id=row.workspace_id, id=row.id)
    rows.update(**{name: getattr(row, name) for name in fields})
    return row
