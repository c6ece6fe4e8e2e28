"""Two people become one, because they are the same human.

The one who stays (the survivor) gets the other's addresses on channels, chats, notes, manual segments, and the values
that the member chose. The other's row goes; `people.models.Share` keeps what each of them would be alone, so that
`merging.split` can take them apart again, however much happened since. The program itself does it only for somebody
whom a device alone had named, once the platform says who that was (`merge_attested`).
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.db import connection

from coterie.accounts.models import Workspace
from coterie.core.bulk import among
from coterie.core.ids import new_id, to_public
from coterie.journal.commit import Transaction, commit
from coterie.journal.models import JournalEntry, Kind, Operation
from coterie.people.changes import Knowledge, People
from coterie.people.many import same, take_out
from coterie.people.models import Person, Share
from coterie.people.shares import Shares, new_whole
from coterie.segments.membership import by_hand_of
from coterie.segments.models import Membership
from coterie.segments.moves import move

MERGE = "merge"
# Each share is brought up to date with every chat: somebody who is sent thousands of devices must not slow down all.
MOST_ATTESTED = 50


class NotPossible(ValueError):
    """These two cannot be merged, or this one not taken out; the message says why and what to do."""


@dataclass(slots=True)
class Together:
    """What is known of the two as one."""

    attributes: dict[str, Any]
    created_at: Any
    last_seen: Any
    chats: int
    written_at: Any


def merge(workspace: Workspace, actor: str, survivor_id: int, other_id: int, others_values: Container[str]) -> None:
    """Merges the other into the survivor. Of the attributes that both have, `others_values` are taken from the other.

    Raises NotPossible; then nothing was changed.
    """

    operation_id = new_id()

    def work(tx: Transaction) -> None:
        people = People.lock(tx, (survivor_id, other_id))
        _check(tx, people, survivor_id, other_id)
        note(tx, operation_id, MERGE, "Merge two people")
        _merge(tx, people, people[survivor_id], people[other_id], others_values)

    commit(workspace.pk, actor, work, operation_id=operation_id)


def merge_attested(
    workspace_id: int, actor: str, survivor_id: int, other_id: int, called: str, *, also_banned: bool
) -> None:
    """Merges the other, whom nobody ever called anything but `called`, into the survivor, whose values count.

    Not if a member took the two apart, nor (unless `also_banned`) if the other is banned, which would ban the survivor.
    Activity does not list it, as it would list nothing else; both timelines do. Raises NotPossible; then nothing was
    changed.
    """

    def work(tx: Transaction) -> None:
        people = People.lock(tx, (survivor_id, other_id))
        _check(tx, people, survivor_id, other_id)
        other = people[other_id]
        if other.user_id != called:
            raise NotPossible("The other person is called something else by now.")
        if other.banned and not also_banned:
            raise NotPossible("The other person is banned.")
        if Share.objects.filter(workspace_id=workspace_id, survivor_id=survivor_id).count() > MOST_ATTESTED:
            raise NotPossible("Too many people were merged into this one.")
        if JournalEntry.objects.filter(workspace_id=workspace_id, person_id=other_id, kind=Kind.SPLIT).exists():
            raise NotPossible("The other person was taken out of somebody before.")
        _merge(tx, people, people[survivor_id], other, ())

    commit(workspace_id, actor, work)


def note(tx: Transaction, operation_id: int, kind: str, label: str) -> None:
    """Has Activity show it. There is nothing to undo there: the way back is to take them apart, or to merge again."""
    Operation.objects.create(
        workspace_id=tx.workspace_id,
        id=operation_id,
        kind=kind,
        label=label,
        actor=tx.actor,
        people=2,
        done=2,
        total=2,
        undo_until=None,
        started_at=tx.at,
        finished_at=tx.at,
    )


def _check(tx: Transaction, people: People, survivor_id: int, other_id: int) -> None:
    if survivor_id == other_id:
        raise NotPossible("This is one and the same person.")
    if survivor_id not in people or other_id not in people:
        raise NotPossible("One of the two is not there any more: deleted, erased or merged meanwhile. Look again.")
    if Share.objects.filter(workspace_id=tx.workspace_id, survivor_id=other_id).exists():
        raise NotPossible(
            "Somebody was merged into the other person before. Keep that one instead, or take them apart first."
        )


def _merge(tx: Transaction, people: People, survivor: Person, other: Person, others_values: Container[str]) -> None:
    segments = by_hand_of(tx, (survivor.id, other.id))
    shares = Shares.of(tx, [survivor.id])
    own = shares.by_id.get(survivor.id) or _share(tx, survivor, survivor.id, segments[survivor.id])
    if own.whole is None:
        own.whole = new_whole(survivor, segments[survivor.id])
        own.save(force_insert=True)
        shares = Shares(tx, [own])
    shares.notice(survivor)
    shares.notice_segments(survivor.id, segments[survivor.id])
    _share(tx, other, survivor.id, segments[other.id]).save(force_insert=True)
    together, taken = _together(survivor, other, others_values)
    _hand_over(tx, survivor.id, other.id)
    _move_segments(tx, survivor.id, other.id, segments[other.id])
    saved = take_out(tx, [other.id])[other.id]
    people.become(survivor, together, survivor.banned or other.banned)
    people.save()
    whole = shares.whole(survivor.id)
    whole["whose"] |= dict.fromkeys(taken, to_public(other.id))
    whole["segments"] = dict.fromkeys(segments[other.id], to_public(other.id)) | whole["segments"]
    shares.remember(survivor)
    shares.save()
    tx.record(other.id, Kind.MERGED, {**saved, "segments": segments[other.id]}, {"into": to_public(survivor.id)})
    tx.record(survivor.id, Kind.MERGED, None, {"person": to_public(other.id)})


def _share(tx: Transaction, person: Person, survivor_id: int, segments: dict[str, str]) -> Share:
    return Share(
        workspace_id=tx.workspace_id,
        id=person.id,
        survivor_id=survivor_id,
        user_id=person.user_id,
        attributes=dict(person.attributes),
        segments=segments,
        banned=person.banned,
        created_at=person.created_at,
        last_seen=person.last_seen,
        chats=person.chats,
        written_at=person.written_at,
        merged_at=tx.at,
        actor=tx.actor,
    )


def _together(survivor: Person, other: Person, others_values: Container[str]) -> tuple[Knowledge, list[str]]:
    """The two as one, and the attributes whose value is the other's."""
    taken = [
        key
        for key, value in other.attributes.items()
        if key not in survivor.attributes or (key in others_values and not same(survivor.attributes[key], value))
    ]
    return Together(
        survivor.attributes | {key: other.attributes[key] for key in taken},
        min(survivor.created_at, other.created_at),
        latest(survivor.last_seen, other.last_seen),
        survivor.chats + other.chats,
        latest(survivor.written_at, other.written_at),
    ), taken


def latest(*moments: Any) -> Any:
    """The latest of some moments, of which any may be missing."""
    return max((moment for moment in moments if moment is not None), default=None)


def _hand_over(tx: Transaction, survivor_id: int, other_id: int) -> None:
    """Addresses, chats and notes go to the survivor, and remember whose they are."""
    clause, ids = among(sorted((survivor_id, other_id)))
    with connection.cursor() as cursor:
        for table in tables_with_origin():
            cursor.execute(
                f"UPDATE {table} SET origin_id = coalesce(origin_id, person_id), person_id = %s"
                f" WHERE workspace_id = %s AND person_id {clause}",
                [survivor_id, tx.workspace_id, ids],
            )


@cache
def tables_with_origin() -> list[str]:
    """Every table whose rows go with a person and remember whose they are: addresses, chats, notes, what may come."""
    wanted = {"person_id", "origin_id"}
    models = (model for model in apps.get_models() if wanted <= {field.column for field in model._meta.fields})
    return [model._meta.db_table for model in models]


def _move_segments(tx: Transaction, survivor_id: int, other_id: int, others: Iterable[str]) -> None:
    """The survivor joins the other's manual segments. Rules decide anew; what they decided about the other goes."""
    rows = Membership.objects.filter(workspace_id=tx.workspace_id, person_id=other_id)
    inside = list(rows.values_list("segment_id", flat=True))
    joining = [(segment_id, survivor_id) for segment_id in inside if to_public(segment_id) in set(others)]
    cause = {"merged": to_public(survivor_id)}
    move(tx, joining, [(segment_id, other_id) for segment_id in inside], lambda _: cause)
