"""People into and out of many segments at once: pairs of segment and person, two statements for all of them."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db import connection

from coterie.audience.moving import Pair
from coterie.core.ids import to_public
from coterie.journal.commit import Transaction
from coterie.journal.models import Kind as Entry
from coterie.segments.growth import count

# What to write into the journal entry of a person beside the segment.
Cause = Callable[[int], dict[str, Any]]


def move(tx: Transaction, joining: Iterable[Pair], leaving: Iterable[Pair], cause: Cause) -> tuple[int, int]:
    """Moves locked people; returns (how many people moved, how many times). Who is in, or out, already is left alone.

    No segment is refused here: what a member, a channel or a client asks for goes through `membership`.
    """
    joined, departed = _join(tx, sorted(joining)), _leave(tx, sorted(leaving))
    for segment_id, person_id in joined:
        tx.record(person_id, Entry.JOINED, None, {"segment": to_public(segment_id), **cause(person_id)})
    for segment_id, person_id in departed:
        tx.record(person_id, Entry.LEFT, {"segment": to_public(segment_id), **cause(person_id)})
    count(tx, Counter(pair[0] for pair in joined), Counter(pair[0] for pair in departed))
    return len({person_id for _, person_id in (*joined, *departed)}), len(joined) + len(departed)


def _join(tx: Transaction, pairs: Sequence[Pair]) -> list[Pair]:
    if not pairs:
        return []
    rows, values = _rows(pairs)
    with connection.cursor() as cursor:
        # With CROSS JOIN, SQLite looks each pair up instead of walking through everybody.
        cursor.execute(
            "INSERT INTO segments_membership (workspace_id, segment_id, person_id, joined_at)"
            f" SELECT p.workspace_id, w.segment_id, p.id, %s FROM {rows} CROSS JOIN people_person p"
            " WHERE p.workspace_id = %s AND p.id = w.person_id ON CONFLICT DO NOTHING RETURNING segment_id, person_id",
            [connection.ops.adapt_datetimefield_value(tx.at), *values, tx.workspace_id],
        )
        return sorted(cursor.fetchall())


def _leave(tx: Transaction, pairs: Sequence[Pair]) -> list[Pair]:
    if not pairs:
        return []
    rows, values = _rows(pairs)
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM segments_membership WHERE workspace_id = %s AND (segment_id, person_id) IN"
            f" (SELECT w.segment_id, w.person_id FROM {rows}) RETURNING segment_id, person_id",
            [tx.workspace_id, *values],
        )
        return sorted(cursor.fetchall())


def _rows(pairs: Sequence[Pair]) -> tuple[str, list[Any]]:
    """The pairs as a table `w (segment_id, person_id)`, and the values it binds."""
    if connection.vendor == "postgresql":
        return "unnest(%s::bigint[], %s::bigint[]) AS w (segment_id, person_id)", [
            [row[0] for row in pairs],
            [row[1] for row in pairs],
        ]
    inner = "SELECT json_extract(value, '$[0]') AS segment_id, json_extract(value, '$[1]') AS person_id"
    return f"({inner} FROM json_each(%s)) w", [json.dumps(pairs)]
