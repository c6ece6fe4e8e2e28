"""Operations as people see them: what is going on, and what happened."""

from coterie.accounts.models import Workspace
from coterie.journal.models import Operation, State


def operations(workspace: Workspace, limit: int, before: int | None = None) -> list[Operation]:
    """The newest operations, begun before the one with the id `before`: one query. Ids are in order of beginning."""
    found = Operation.objects.filter(workspace=workspace)
    if before is not None:
        found = found.filter(id__lt=before)
    return list(found.order_by("-id")[:limit])


def running(workspace: Workspace) -> list[Operation]:
    """What is not over, in the order in which it is worked on: one query."""
    found = Operation.objects.filter(workspace=workspace, state__in=(State.QUEUED, State.RUNNING, State.PAUSED))
    return list(found.order_by("started_at", "id"))


def operation(workspace: Workspace, operation_id: int) -> Operation | None:
    """One operation, or None when it is not in this workspace."""
    return Operation.objects.filter(workspace=workspace, id=operation_id).first()
