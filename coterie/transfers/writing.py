"""Carrying out what was judged, inside one journal transaction."""

import uuid
from collections import Counter
from collections.abc import Iterator

from django.db import connection

from coterie.audience import counts
from coterie.core.bulk import among, among_texts
from coterie.core.ids import new_ids
from coterie.journal.commit import Transaction
from coterie.journal.models import Kind
from coterie.people.many import add, rewrite
from coterie.segments.membership import join
from coterie.transfers.judging import Judge, Judged, Person
from coterie.transfers.wishes import Wishes


def people(workspace_id: int, judge: Judge, *, locked: bool) -> list[Person]:
    """Everybody whom the judge's present rows may mean, in id order; locked, so that writers never wait in a circle."""
    ids = {*judge.ids_by_email(), *_ids_of(workspace_id, judge.user_ids())}
    if not ids:
        return []
    clause, values = among(sorted(ids))
    tail = " FOR UPDATE" if locked and connection.features.has_select_for_update else ""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, user_id, attributes FROM people_person"
            f" WHERE workspace_id = %s AND id {clause} ORDER BY id{tail}",
            [workspace_id, values],
        )
        return [Person(*row) for row in cursor.fetchall()]


def store(tx: Transaction, judge: Judge, wishes: Wishes) -> tuple[Judged, Counter[str]]:
    """Makes the present rows true. Counts rows that are `new`, `changed`, `same`; and who `joined`, per segment."""
    judged = judge.judge(people(tx.workspace_id, judge, locked=True))
    ids = new_ids(len(judged.new))
    add(tx, _made(judged, ids))
    written = [(row[0], row[1]) for row in judged.changed if row[3] is not None]
    rewrite(tx, written, [(row[0], row[1]) for row in judged.changed if row[3] is None])
    tx.record_rows(_entries(judged, ids))
    counts.count(tx, judged.gained)
    found = tally(judged)
    everybody = sorted([*ids, *(row[0] for row in judged.changed), *judged.same])
    moved: set[int] = set()
    for segment_id in wishes.segments if everybody else ():
        joined = join(tx, segment_id, everybody, tx.at)
        found["joined"] += len(joined)
        moved.update(joined)
    found["people"] = len(moved.union(ids, (row[0] for row in judged.changed)))
    return judged, found


def tally(judged: Judged) -> Counter[str]:
    """How many rows are what."""
    return Counter(
        new=len(judged.new), changed=len(judged.changed), same=len(judged.same), rejected=len(judged.rejected)
    )


def _ids_of(workspace_id: int, user_ids: list[str]) -> list[int]:
    if not user_ids:
        return []
    clause, values = among_texts(user_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM people_person WHERE workspace_id = %s AND user_id {clause}", [workspace_id, values]
        )
        return [row[0] for row in cursor.fetchall()]


def _made(judged: Judged, ids: list[int]) -> Iterator[tuple[int, str, str, str | None, str | None]]:
    for row_id, (_, user_id, attributes, first_seen, last_seen) in zip(ids, judged.new, strict=True):
        yield row_id, user_id or str(uuid.uuid4()), attributes, first_seen, last_seen


def _entries(judged: Judged, ids: list[int]) -> Iterator[tuple[int, str, str | None, str | None]]:
    for row_id, row in zip(ids, judged.new, strict=True):
        yield row_id, Kind.CREATED.value, None, row[2]
    for row_id, _, before, after, gone in judged.changed:
        if after is not None:
            yield row_id, Kind.SET.value, before, after
        if gone is not None:
            yield row_id, Kind.UNSET.value, gone, None
