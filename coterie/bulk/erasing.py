"""Deleting people so that they can come back, and bringing them back. (For good: `privacy.erasing`.)

What goes: the person's row, their addresses on channels, their memberships. All of it is kept in the `erased` entry of
the journal, as long as it can be undone. Chats and messages stay under the person's id, where nobody finds them without
the person; whoever comes back finds them again. When the 30 days are over, `bulk.forgetting` removes both.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from django.db import connection

from coterie.audience import counts
from coterie.audience.models import Scope
from coterie.core.bulk import among, insert
from coterie.core.ids import from_public, to_public
from coterie.journal.commit import Transaction
from coterie.journal.models import Kind
from coterie.people.many import Saved, put_back, take_out
from coterie.segments.growth import count as count_moves
from coterie.segments.models import Segment


def erase(tx: Transaction, person_ids: Sequence[int]) -> list[int]:
    """Deletes locked people; returns their ids, ascending."""
    if not person_ids:
        return []
    saved = take_out(tx, person_ids)
    for one in saved.values():
        one["segments"] = []
    departed: Counter[int] = Counter()
    clause, values = among(person_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM segments_membership WHERE workspace_id = %s AND person_id {clause}"
            " RETURNING person_id, segment_id, joined_at",
            [tx.workspace_id, values],
        )
        for person_id, segment_id, joined_at in cursor.fetchall():
            moment = joined_at if isinstance(joined_at, str) else joined_at.isoformat(sep=" ")
            saved[person_id]["segments"].append([to_public(segment_id), moment])
            departed[segment_id] += 1
    count_moves(tx, {}, departed)
    count_chats(tx, person_ids, -1)
    for person_id in sorted(saved):
        tx.record(person_id, Kind.ERASED, before=saved[person_id])
    return sorted(saved)


def restore(tx: Transaction, people: Mapping[int, Saved]) -> list[int]:
    """Brings back people as `erase` saved them; returns who is back, ascending.

    Whoever came again meanwhile as somebody new stays away. Segments that are gone are left out.
    """
    if not people:
        return []
    back = put_back(tx, people)
    there = set(Segment.with_removed.filter(workspace_id=tx.workspace_id).values_list("id", flat=True))
    rows = [
        (tx.workspace_id, segment_id, person_id, joined_at)
        for person_id in back
        for public_id, joined_at in people[person_id]["segments"]
        if (segment_id := from_public(public_id)) in there
    ]
    insert("segments_membership", ("workspace_id", "segment_id", "person_id", "joined_at"), rows)
    count_moves(tx, Counter(segment_id for _, segment_id, _, _ in rows), {})
    count_chats(tx, back, 1)
    tx.record_many(back, Kind.RESTORED)
    return back


def count_chats(tx: Transaction, person_ids: Sequence[int], sign: int) -> None:
    """Chats that nobody finds do not count as having attributes."""
    keys = "jsonb_object_keys(c.attributes)" if connection.vendor == "postgresql" else "j.key"
    each = "" if connection.vendor == "postgresql" else ", json_each(c.attributes) j"
    clause, values = among(person_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT key, count(*) FROM (SELECT {keys} AS key FROM chats_chat c{each}"
            f" WHERE c.workspace_id = %s AND c.person_id {clause}) k GROUP BY key",
            [tx.workspace_id, values],
        )
        found = Counter({key: sign * number for key, number in cursor.fetchall()})
    counts.count(tx, found, Scope.SESSION)
