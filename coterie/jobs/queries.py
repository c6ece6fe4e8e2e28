"""Operations as people see them: what is going on, and what happened. Questions are none of their business."""

from collections.abc import Iterable

from django.db.models import QuerySet

from coterie.accounts.models import Workspace
from coterie.jobs.kinds import QUESTIONS
from coterie.journal.models import Operation, State

_OPEN = (State.QUEUED, State.RUNNING, State.PAUSED)


def operations(workspace: Workspace, limit: int, before: int | None = None) -> list[Operation]:
    """The newest operations, begun before the one with the id `before`: one query. Ids are in order of beginning."""
    found = _of(workspace)
    if before is not None:
        found = found.filter(id__lt=before)
    return list(found.order_by("-id")[:limit])


def running(workspace: Workspace) -> list[Operation]:
    """What is not over, in the order in which it is worked on: one query."""
    found = _of(workspace).filter(state__in=_OPEN)
    return list(found.order_by("started_at", "id"))


def operation(workspace: Workspace, operation_id: int) -> Operation | None:
    """One operation, or None when it is not in this workspace."""
    return Operation.objects.filter(workspace=workspace, id=operation_id).first()


def over(workspace: Workspace, limit: int, before: int | None = None) -> list[Operation]:
    """As `operations`, without those that are not over."""
    found = _of(workspace).exclude(state__in=_OPEN)
    if before is not None:
        found = found.filter(id__lt=before)
    return list(found.order_by("-id")[:limit])


def busy(workspace: Workspace) -> int:
    """How many are not over."""
    return _of(workspace).filter(state__in=_OPEN).count()


def named(workspace: Workspace, operation_ids: Iterable[int]) -> dict[int, Operation]:
    """Operations by id; one of another workspace is missing: one query."""
    return {row.id: row for row in Operation.objects.filter(workspace=workspace, id__in=set(operation_ids))}


def newest_of(workspace: Workspace, actor: str) -> Operation | None:
    """The newest operation of somebody that is in effect; neither is one that is undone, nor an undo."""
    mine = Operation.objects.filter(workspace=workspace, actor=actor, undo_of=None, undone_by=None)
    return mine.exclude(state=State.UNDONE).exclude(undo_until=None).order_by("-id").first()


def _of(workspace: Workspace) -> "QuerySet[Operation]":
    return Operation.objects.filter(workspace=workspace).exclude(kind__in=QUESTIONS)
