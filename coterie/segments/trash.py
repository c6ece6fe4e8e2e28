"""Removing segments, bringing them back within 30 days, and what happens after that."""

import datetime as dt
from collections.abc import Sequence
from functools import partial

from django.db import transaction
from django.db.models import QuerySet

from coterie.accounts.audit import record
from coterie.accounts.models import Workspace
from coterie.core.clock import now
from coterie.journal.commit import Transaction, commit
from coterie.segments.catalogue import free_name, name_taken
from coterie.segments.membership import lock
from coterie.segments.models import RESTORABLE, Membership, Segment, SegmentDay
from coterie.segments.moves import move
from coterie.segments.state import changed

ACTOR = "purge"
CHUNK = 10_000


def removed_segments(workspace: Workspace) -> list[Segment]:
    """The trash, removed last first."""
    return list(
        Segment.with_removed.filter(workspace=workspace, removed_at__isnull=False).order_by("-removed_at", "-id")
    )


def remove(workspace: Workspace, segment: Segment, actor: str) -> None:
    """Puts the segment into the trash, with its people. Rules that name it are broken until it is back."""
    with transaction.atomic():
        changed(workspace)
        moment = now()
        there = Segment.objects.filter(workspace=workspace, id=segment.id)
        if there.update(removed_at=moment):
            segment.removed_at = moment
            record(workspace, actor, "segment.remove", {"segment": segment.public_id, "name": segment.name})


def restore(workspace: Workspace, segment: Segment, actor: str, name: str | None = None) -> None:
    """Takes it out of the trash, with its people; a rule then catches up with what happened meanwhile.

    Raises NameTaken when another one has its name by now: then it takes another `name`. Raises ValueError when it is
    gone for good.
    """
    with name_taken(name or segment.name), transaction.atomic():
        changed(workspace)
        rows = Segment.with_removed.filter(workspace=workspace, id=segment.id)
        found = rows.first()
        if found is None:
            raise ValueError(f"“{segment.name}” was removed more than {RESTORABLE.days} days ago and is gone.")
        if found.removed_at is None:
            return
        segment.name = free_name(workspace, name or found.name, segment)
        segment.removed_at = None
        rows.update(removed_at=None, name=segment.name, evaluated="")
        record(workspace, actor, "segment.restore", {"segment": segment.public_id, "name": segment.name})


def purge(workspace: Workspace, moment: dt.datetime | None = None) -> int:
    """Ends what was removed more than 30 days before `moment` (now): its people leave, then it is gone. How many."""
    ended = 0
    before = (moment or now()) - RESTORABLE
    for segment in Segment.with_removed.filter(workspace=workspace, removed_at__lt=before):
        members = Membership.objects.filter(workspace=workspace, segment_id=segment.id).order_by("person_id")
        while people := list(members.values_list("person_id", flat=True)[:CHUNK]):
            work = partial(_empty, segment_id=segment.id, before=before, people=people)
            if not commit(workspace.pk, ACTOR, work):
                break  # Somebody brought it back a moment ago.
        with transaction.atomic():
            changed(workspace)
            if _gone(workspace.pk, segment.id, before).exists():
                SegmentDay.objects.filter(workspace=workspace, segment_id=segment.id).delete()
                ended += _gone(workspace.pk, segment.id, before).delete()[0]
    return ended


def sweep() -> None:
    """Purges every workspace in which something was removed so long ago."""
    old = Segment.with_removed.filter(removed_at__lt=now() - RESTORABLE)
    for workspace in Workspace.objects.filter(pk__in=old.values("workspace_id")):
        purge(workspace)


def _empty(tx: Transaction, segment_id: int, before: dt.datetime, people: Sequence[int]) -> int:
    lock(tx, people)
    if not _gone(tx.workspace_id, segment_id, before).exists():
        return 0
    return move(tx, (), [(segment_id, person_id) for person_id in people], lambda _: {"why": "removed"})[1]


def _gone(workspace_id: int, segment_id: int, before: dt.datetime) -> QuerySet[Segment]:
    return Segment.with_removed.filter(workspace_id=workspace_id, id=segment_id, removed_at__lt=before)
