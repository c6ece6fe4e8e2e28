"""Who is in which segment: set-based, through the journal. What is done to many people goes through `bulk`."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count

from coterie.accounts.models import Workspace
from coterie.core.bulk import among
from coterie.core.ids import to_public
from coterie.journal.commit import Transaction
from coterie.journal.models import Kind
from coterie.segments.growth import count
from coterie.segments.models import Kind as SegmentKind
from coterie.segments.models import Membership, Segment


class ByRule(ValueError):
    """Somebody wants to put people in a segment, or take them out, that keeps itself up to date."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"“{name}” keeps itself up to date, so nobody is put in or taken out by hand. Change its rule, or make it"
            " a manual segment first."
        )


@dataclass(frozen=True, slots=True)
class Saved:
    """What putting people in would do to one segment: so many are `added`, so many are in it `already`."""

    segment_id: int
    added: int
    already: int


def preview(workspace: Workspace, segment_ids: Sequence[int], person_ids: Sequence[int]) -> list[Saved]:
    """What putting these people in would do now. Ids of nobody are ignored.

    Raises ValueError for an unknown segment, ByRule for one that is filled by a rule.
    """
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
