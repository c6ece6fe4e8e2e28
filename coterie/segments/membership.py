"""Who is in which segment: set-based, through the journal.

People are put in and taken out in chunks, one journal transaction each, so that 149,000 people neither hold the write
lock for long nor need memory for all of them; one `Operation` names the whole.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import connection
from django.db.models import Count, F

from coterie.accounts.models import Workspace
from coterie.core.bulk import among
from coterie.core.clock import now
from coterie.core.ids import to_public
from coterie.journal.commit import Transaction, commit
from coterie.journal.models import Kind, Operation
from coterie.segments.growth import count
from coterie.segments.models import Kind as SegmentKind
from coterie.segments.models import Membership, Segment

CHUNK = 10_000


class ByRule(ValueError):
    """Somebody wants to put people in a segment, or take them out, that keeps itself up to date."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"“{name}” keeps itself up to date, so nobody is put in or taken out by hand. Change its rule, or make it"
            " a manual segment first."
        )


@dataclass(frozen=True, slots=True)
class Saved:
    """What happened to one segment. `added` people were put in (or, when removing, taken out: see `removed`).

    `already` people needed no change, because they were in (or, when removing, out) before.
    """

    segment_id: int
    added: int
    already: int

    @property
    def removed(self) -> int:
        """How many were taken out, after `remove_from_segments`."""
        return self.added


def save_to_segments(
    workspace: Workspace, actor: str, segment_ids: Sequence[int], person_ids: Sequence[int]
) -> list[Saved]:
    """Puts people in segments. Ids of nobody are ignored.

    An unknown segment raises ValueError, one that is filled by a rule ByRule, before any change.
    """
    return _change(workspace, actor, segment_ids, person_ids, join)


def remove_from_segments(
    workspace: Workspace, actor: str, segment_ids: Sequence[int], person_ids: Sequence[int]
) -> list[Saved]:
    """Takes people out of segments; the counterpart of `save_to_segments`."""
    return _change(workspace, actor, segment_ids, person_ids, leave)


def preview(workspace: Workspace, segment_ids: Sequence[int], person_ids: Sequence[int]) -> list[Saved]:
    """What `save_to_segments` would do now."""
    names = _names(workspace, segment_ids)
    ids = sorted(set(person_ids))
    known = len(_select("SELECT id FROM people_person WHERE workspace_id = %s AND id", workspace.pk, ids))
    clause, values = among(ids)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT segment_id, count(*) FROM segments_membership"
            f" WHERE workspace_id = %s AND person_id {clause} GROUP BY segment_id",
            [workspace.pk, values],
        )
        inside = dict(cursor.fetchall())
    return [Saved(key, known - inside.get(key, 0), inside.get(key, 0)) for key in names]


def join(tx: Transaction, segment_id: int, person_ids: Sequence[int], at: dt.datetime) -> list[int]:
    """Puts people in a segment of the transaction's workspace; returns those who were not in it before.

    The caller holds the rows of these people (`people.changes` or `lock`), so that two writers cannot wait for each
    other in a circle. Raises ByRule for a segment that keeps itself up to date.
    """
    _by_hand(tx.workspace_id, segment_id)
    clause, values = among(sorted(set(person_ids)))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO segments_membership (workspace_id, segment_id, person_id, joined_at)"
            f" SELECT workspace_id, %s, id, %s FROM people_person WHERE workspace_id = %s AND id {clause}"
            " ORDER BY id ON CONFLICT DO NOTHING RETURNING person_id",
            [segment_id, connection.ops.adapt_datetimefield_value(at), tx.workspace_id, values],
        )
        joined = [row[0] for row in cursor.fetchall()]
    tx.record_many(joined, Kind.JOINED, after={"segment": to_public(segment_id)})
    count(tx, {segment_id: len(joined)}, {})
    return joined


def leave(tx: Transaction, segment_id: int, person_ids: Sequence[int], at: dt.datetime) -> list[int]:
    """Takes people out of a segment; returns those who were in it. In everything else as `join`."""
    _by_hand(tx.workspace_id, segment_id)
    clause, values = among(sorted(set(person_ids)))
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM segments_membership WHERE workspace_id = %s AND segment_id = %s AND person_id {clause}"
            " RETURNING person_id",
            [tx.workspace_id, segment_id, values],
        )
        left = sorted(row[0] for row in cursor.fetchall())
    tx.record_many(left, Kind.LEFT, before={"segment": to_public(segment_id)})
    count(tx, {}, {segment_id: len(left)})
    return left


def lock(tx: Transaction, person_ids: Sequence[int]) -> list[int]:
    """Locks the rows of these people in id order and returns the ids that exist. SQLite's writer is alone anyway."""
    sql = "SELECT id FROM people_person WHERE workspace_id = %s AND id"
    tail = " ORDER BY id FOR UPDATE" if connection.features.has_select_for_update else " ORDER BY id"
    return _select(sql, tx.workspace_id, sorted(set(person_ids)), tail)


def by_hand_of(tx: Transaction, person_ids: Iterable[int]) -> dict[int, dict[str, str]]:
    """The manual segments of each of these people: public id → since when, as a text that can be stored again."""
    found: dict[int, dict[str, str]] = {row_id: {} for row_id in person_ids}
    if found:
        by_hand = Segment.with_removed.filter(workspace_id=tx.workspace_id, kind=SegmentKind.MANUAL).values("id")
        rows = Membership.objects.filter(
            workspace_id=tx.workspace_id, person_id__in=list(found), segment_id__in=by_hand
        )
        for person_id, segment_id, joined_at in rows.values_list("person_id", "segment_id", "joined_at"):
            found[person_id][to_public(segment_id)] = joined_at.isoformat(sep=" ")
    return found


def sizes(workspace: Workspace, segment_ids: Sequence[int]) -> dict[int, int]:
    """People per segment, from the system of record; for few segments (lists ask the audience)."""
    found = (
        Membership.objects.filter(workspace=workspace, segment_id__in=segment_ids)
        .values("segment_id")
        .annotate(people=Count("*"))
    )
    return {row["segment_id"]: row["people"] for row in found}


_Change = Callable[[Transaction, int, Sequence[int], dt.datetime], list[int]]


def _change(
    workspace: Workspace, actor: str, segment_ids: Sequence[int], person_ids: Sequence[int], change: _Change
) -> list[Saved]:
    names = _names(workspace, segment_ids)
    ids = sorted(set(person_ids))
    verb, word = ("Save", "to") if change is join else ("Remove", "from")
    operation = Operation.objects.create(
        workspace=workspace,
        kind=change.__name__,
        label=f"{verb} {len(ids):,} people {word} {', '.join(names.values())}"[:300],
        actor=actor,
        details={"segments": [to_public(key) for key in names]},
    )
    changed, known = dict.fromkeys(names, 0), 0

    def work(tx: Transaction, chunk: Sequence[int]) -> tuple[int, dict[int, int]]:
        present = lock(tx, chunk)
        moved = {key: change(tx, key, present, tx.at) for key in names}
        touched = len(set().union(*moved.values()))
        if touched:
            _operations(workspace, operation).update(people=F("people") + touched)
        return len(present), {key: len(people) for key, people in moved.items()}

    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        present, moved = commit(workspace.pk, actor, partial(work, chunk=chunk), operation_id=operation.id)
        known += present
        changed = {key: changed[key] + moved[key] for key in names}
    if any(changed.values()):
        _operations(workspace, operation).update(finished_at=now(), done=len(ids), total=len(ids))
    else:  # Nothing happened, so there is nothing to undo or to show.
        _operations(workspace, operation).delete()
    return [Saved(key, changed[key], known - changed[key]) for key in names]


def _operations(workspace: Workspace, operation: Operation) -> Any:
    return Operation.objects.filter(workspace=workspace, id=operation.id)


def _names(workspace: Workspace, segment_ids: Sequence[int]) -> dict[int, str]:
    """Names of the segments in the order asked for; ValueError when one is not in this workspace, or not manual."""
    wanted = list(dict.fromkeys(segment_ids))
    found = {segment.id: segment for segment in Segment.objects.filter(workspace=workspace, id__in=wanted)}
    if missing := [to_public(key) for key in wanted if key not in found]:
        raise ValueError(f"No such segment in this workspace: {', '.join(missing)}.")
    for segment in found.values():
        if segment.is_rule:
            raise ByRule(segment.name)
    return {key: found[key].name for key in wanted}


def _by_hand(workspace_id: int, segment_id: int) -> None:
    segments = Segment.with_removed.filter(workspace_id=workspace_id, id=segment_id, kind=SegmentKind.RULE)
    if (name := segments.values_list("name", flat=True).first()) is not None:
        raise ByRule(name)


def _select(sql: str, workspace_id: int, ids: Sequence[int], tail: str = "") -> list[int]:
    clause, values = among(ids)
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} {clause}{tail}", [workspace_id, values])
        return [row[0] for row in cursor.fetchall()]
