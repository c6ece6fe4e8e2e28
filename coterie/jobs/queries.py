"""Operations as people see them: what is going on, and what happened. Questions are none of their business."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from coterie.accounts.models import Workspace
from coterie.core.clock import now
from coterie.jobs.kinds import QUESTIONS
from coterie.journal.models import Operation, State

_OPEN = (State.QUEUED, State.RUNNING, State.PAUSED)
_TAKEN_BACK = (State.DONE, State.FAILED, State.CANCELLED)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many operations there are of each sort."""

    running: int
    failed: int
    undoable: int


def running(workspace: Workspace, actor: str = "") -> list[Operation]:
    """What is not over, in the order in which it is worked on: one query. With `actor`, only what they began."""
    return list(_of(workspace, actor).filter(state__in=_OPEN).order_by("started_at", "id"))


def operation(workspace: Workspace, operation_id: int) -> Operation | None:
    """One operation, or None when it is not in this workspace."""
    return Operation.objects.filter(workspace=workspace, id=operation_id).first()


def over(
    workspace: Workspace, limit: int, before: int | None = None, show: str = "", actor: str = ""
) -> list[Operation]:
    """The newest that are over, begun before the one with the id `before`. Ids are in order of beginning.

    `show`: only those that "failed", or are "undoable".
    """
    found = _of(workspace, actor).exclude(state__in=_OPEN)
    if show == "failed":
        found = found.filter(state=State.FAILED)
    elif show == "undoable":
        found = found.filter(_undoable())
    if before is not None:
        found = found.filter(id__lt=before)
    return list(found.order_by("-id")[:limit])


def tally(workspace: Workspace, actor: str = "") -> Tally:
    """How many there are of each sort: one query."""
    found = _of(workspace, actor).aggregate(
        running=Count("id", filter=Q(state__in=_OPEN)),
        failed=Count("id", filter=Q(state=State.FAILED)),
        undoable=Count("id", filter=_undoable()),
    )
    return Tally(**found)


def actors(workspace: Workspace) -> list[str]:
    """Everybody who ever began one: one query."""
    return list(_of(workspace).order_by("actor").values_list("actor", flat=True).distinct())


def busy(workspace: Workspace) -> int:
    """How many are not over."""
    return _of(workspace).filter(state__in=_OPEN).count()


def named(workspace: Workspace, operation_ids: Iterable[int]) -> dict[int, Operation]:
    """Operations by id; one of another workspace is missing: one query, or none for none."""
    ids = set(operation_ids)
    return {row.id: row for row in Operation.objects.filter(workspace=workspace, id__in=ids)} if ids else {}


def newest_of(workspace: Workspace, actor: str) -> Operation | None:
    """The newest operation of somebody that is in effect; neither is one that is undone, nor an undo."""
    mine = Operation.objects.filter(workspace=workspace, actor=actor, undo_of=None, undone_by=None)
    return mine.exclude(state=State.UNDONE).exclude(undo_until=None).order_by("-id").first()


def _of(workspace: Workspace, actor: str = "") -> QuerySet[Operation]:
    found = Operation.objects.filter(workspace=workspace).exclude(kind__in=QUESTIONS)
    return found.filter(actor=actor) if actor else found


def _undoable() -> Q:
    """As `Operation.can_be_undone`, of what is over."""
    return Q(state__in=_TAKEN_BACK, undone_by=None, undo_until__gte=now())
