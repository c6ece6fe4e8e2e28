"""The people of an operation: frozen when it begins, in parts of one transaction each."""

import sys
from array import array
from collections.abc import Iterable, Sequence

from django.db.models import QuerySet

from coterie.jobs.models import Crowd, Role
from coterie.journal.models import Operation

# People per journal transaction: enough that a transaction costs little, few enough that nobody waits long for it. With
# 10,000, a message that came in meanwhile waited half a second for SQLite's write lock.
CHUNK = 5_000


def freeze(operation: Operation, ids: Sequence[int]) -> None:
    """Keeps who is meant. The ids should ascend: that is the order in which rows are locked."""
    Crowd.objects.bulk_create(
        _row(operation, Role.MEANT, number, ids[start : start + CHUNK])
        for number, start in enumerate(range(0, len(ids), CHUNK))
    )


def part(operation: Operation, number: int) -> list[int] | None:
    """The people of that part; None when there are no more."""
    found = Crowd.objects.filter(
        workspace_id=operation.workspace_id, operation_id=operation.id, role=Role.MEANT, number=number
    )
    packed = found.values_list("people", flat=True).first()
    return None if packed is None else _unpacked(packed)


def meant(operation: Operation) -> list[int]:
    """Everybody who is or was meant, ascending; nobody when they were forgotten."""
    found = Crowd.objects.filter(
        workspace_id=operation.workspace_id, operation_id=operation.id, role=Role.MEANT
    ).order_by("number")
    return [row_id for packed in found.values_list("people", flat=True) for row_id in _unpacked(packed)]


def remembered(workspace_id: int, operation_ids: Iterable[int]) -> set[int]:
    """Those of these operations of which it is known who was meant: one query."""
    found = Crowd.objects.filter(workspace_id=workspace_id, operation_id__in=set(operation_ids), role=Role.MEANT)
    return set(found.values_list("operation_id", flat=True).distinct())


def thaw(operation: Operation) -> None:
    """Forgets who was meant."""
    Crowd.objects.filter(workspace_id=operation.workspace_id, operation_id=operation.id, role=Role.MEANT).delete()


def skip(operation: Operation, ids: Iterable[int]) -> None:
    """Keeps that these people were left alone."""
    ids = sorted(set(ids))
    if ids:
        number = _skipped(operation).count()
        Crowd.objects.bulk_create([_row(operation, Role.SKIPPED, number, ids)])


def skipped(operation: Operation) -> list[int]:
    """Ids of the people who were left alone, ascending, each once."""
    return sorted({row_id for packed in _skipped(operation) for row_id in _unpacked(packed)})


def _skipped(operation: Operation) -> "QuerySet[Crowd, bytes | memoryview]":
    found = Crowd.objects.filter(workspace_id=operation.workspace_id, operation_id=operation.id, role=Role.SKIPPED)
    return found.order_by("number").values_list("people", flat=True)


def _row(operation: Operation, role: Role, number: int, ids: Sequence[int]) -> Crowd:
    packed = array("q", ids)
    if sys.byteorder == "big":
        packed.byteswap()
    return Crowd(
        workspace_id=operation.workspace_id,
        operation_id=operation.id,
        role=role,
        number=number,
        people=packed.tobytes(),
    )


def _unpacked(packed: bytes | memoryview) -> list[int]:
    ids = array("q", bytes(packed))
    if sys.byteorder == "big":
        ids.byteswap()
    return ids.tolist()
