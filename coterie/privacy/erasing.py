"""Erasing people for good: no byte of them stays, and what arrives late for them is refused.

(The bulk bar's "Delete" is another thing: it can be undone for 30 days, see `bulk.erasing`.)

In one transaction, for each part of the people: a tombstone at every address of theirs, then their row, addresses,
memberships, chats, messages and everything else in tables goes; the journal keeps that somebody was there, without
values. In the end what was copied goes as well: kept files, the replica, the free space of SQLite's file.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from django.db import transaction

from coterie.accounts.audit import record
from coterie.accounts.models import Workspace
from coterie.bulk.erasing import count_chats
from coterie.bulk.forgetting import forget
from coterie.channels import raw
from coterie.chats.models import Chat, Message
from coterie.core.clock import now
from coterie.jobs import crowds
from coterie.jobs.running import LEASE, Progress, Run, rows
from coterie.jobs.worker import run, worker_name
from coterie.journal.commit import Transaction
from coterie.journal.models import JournalEntry, Kind, Operation, State
from coterie.people.deletion import deletions
from coterie.people.many import lock, take_out
from coterie.people.models import Person, Share
from coterie.people.tombstones import bury
from coterie.privacy.copies import clean, files_of, takes_long
from coterie.privacy.mentions import forget_over, scrub
from coterie.privacy.traces import Traces, scrub_survivors, traces_of
from coterie.profile.models import Note
from coterie.segments.models import Membership

ERASE = "erase"
# People per transaction; each may have many messages.
BATCH = 500


@dataclass(frozen=True, slots=True)
class Effect:
    """What would go with a person: how many of each. `merged` are those who were merged into them."""

    merged: int
    chats: int
    messages: int
    notes: int
    segments: int
    entries: int
    files: int


def effect(workspace: Workspace, person_id: int) -> Effect:
    """What erasing somebody would do now."""
    merged = Share.objects.filter(workspace=workspace, survivor_id=person_id).exclude(id=person_id)
    ids = [person_id, *merged.values_list("id", flat=True)]
    chats = Chat.objects.filter(workspace=workspace, person_id=person_id)
    return Effect(
        merged=len(ids) - 1,
        chats=chats.count(),
        messages=Message.objects.filter(workspace=workspace, chat_id__in=chats.values("id")).count(),
        notes=Note.objects.filter(workspace=workspace, person_id=person_id).count(),
        segments=Membership.objects.filter(workspace=workspace, person_id=person_id).count(),
        entries=JournalEntry.objects.filter(workspace=workspace, person_id__in=ids).count(),
        files=len(files_of(workspace)),
    )


def erase(
    workspace: Workspace,
    actor: str,
    person_ids: Sequence[int],
    why: str = "",
    unless_seen_since: dt.datetime | None = None,
) -> Operation:
    """Erases these people for good. A few are gone when this returns; of many, an operation is left to a worker.

    Whoever was seen at or after `unless_seen_since` when their turn comes is left alone.
    """
    ids = sorted(set(person_ids))
    who = "1 person" if len(ids) == 1 else f"{len(ids):,} people"
    small = len(ids) <= BATCH and not takes_long()
    mine = {"state": State.RUNNING, "worker": worker_name(), "leased_until": now() + LEASE}
    with transaction.atomic():
        operation = Operation.objects.create(
            workspace=workspace,
            kind=ERASE,
            label=f"Erase {who} for good{why}",
            actor=actor,
            total=len(ids),
            undo_until=None,
            details={} if unless_seen_since is None else {"unless_seen_since": unless_seen_since.isoformat()},
            **(mine if small else {"state": State.QUEUED}),
        )
        crowds.freeze(operation, ids)
        record(workspace, actor, "people.erase", {"people": len(ids), "operation": operation.public_id})
    if small:
        run(operation, operation.worker)
    return rows(operation).get()


def step(run: Run) -> None:
    """The next people; after the last of them, the copies. `position` counts batches."""
    operation = run.operation
    per_part = -(-crowds.CHUNK // BATCH)
    number, within = divmod(operation.position, per_part)
    part = crowds.part(operation, number)
    if part is None:
        forget_over(Operation.objects.filter(workspace=operation.workspace))
        clean(operation.workspace)
        run.save(Progress(operation.position, finished=True))
        return
    ids = part[within * BATCH : (within + 1) * BATCH]
    if not ids:
        run.save(Progress((number + 1) * per_part))
        return
    since = operation.details.get("unless_seen_since")
    limit = dt.datetime.fromisoformat(since) if since else None
    run.commit(partial(_work, ids=ids, position=operation.position + 1, limit=limit))


def _work(tx: Transaction, ids: Sequence[int], position: int, limit: dt.datetime | None) -> Progress:
    there = sorted(lock(tx, ids, values=False))
    due = there if limit is None else _not_seen(tx, there, limit)
    # Who was deleted before, and could come back by undo.
    deleted = deletions(tx.workspace_id, set(ids) - set(there)) if limit is None else {}
    if due or deleted:
        traces = traces_of(tx, [*due, *deleted], [one.saved for one in deleted.values()])
        _wipe(tx, due, list(deleted), traces)
        scrub(tx.workspace_id, traces.texts)
    counts = {"gone": len(ids) - len(there) - len(deleted), "back": len(there) - len(due)}
    return Progress(position, len(ids), len(due) + len(deleted), counts)


def _not_seen(tx: Transaction, ids: Sequence[int], limit: dt.datetime) -> list[int]:
    """Those of the locked people who did not come back."""
    people = Person.objects.filter(workspace_id=tx.workspace_id, id__in=ids, created_at__lt=limit)
    return sorted(people.exclude(last_seen__gte=limit).values_list("id", flat=True))


def _wipe(tx: Transaction, there: Sequence[int], deleted: Sequence[int], traces: Traces) -> None:
    """All of them in tables; of those who were deleted, the rest."""
    bury(tx, traces.tombstones)
    scrub_survivors(tx, traces.ids)
    if there:
        count_chats(tx, there, -1)
        take_out(tx, there)
    raw.erase(tx.workspace_id, traces.addresses)
    forget(tx.workspace_id, [*there, *deleted])
    tx.record_many([*there, *deleted], Kind.ERASED)
