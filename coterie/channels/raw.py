"""The inbox proper: raw events, stored once, taken by a worker, done, failed, and done again when somebody says so."""

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from operator import itemgetter

from django.db import connection, transaction
from django.db.models import QuerySet

from coterie.channels.intake import Intake
from coterie.channels.kinds import Raw
from coterie.channels.models import Channel, RawEvent, State, What
from coterie.core.bulk import insert_missing
from coterie.core.clock import now
from coterie.core.ids import new_ids
from coterie.journal.commit import one_at_a_time

# They hold personal data, so they go once they are of no more use: to find out what happened, and what came late.
KEEP_DONE = dt.timedelta(days=3)
KEEP_FAILED = dt.timedelta(days=30)
# Whoever takes an event has it to themselves for this long; after that they are taken to be dead.
LEASE = dt.timedelta(seconds=60)
_OF_A_ROW = ("id", "native_id", "user_id", "body", "at", "state", "note")
_COLUMNS = ("workspace_id", "channel_id", "what", *_OF_A_ROW, "tries", "received_at", "next_at", "done_at")
_AT_ONCE = 5_000
# PostgreSQL takes all rows as one JSON text: half the time of a statement per row, and a fifth of ours.
_STORE = """
INSERT INTO channels_rawevent (workspace_id, channel_id, what, tries, received_at, next_at, id, native_id, user_id,
  body, at, state, note)
SELECT %s, %s, %s, 0, %s, %s, r.* FROM json_to_recordset(%s::json) AS r
  (id bigint, native_id text, user_id text, body text, at timestamptz, state text, note text)
ON CONFLICT DO NOTHING
"""
# Chosen once, in a part of its own: PostgreSQL may ask a subquery again for every row, and a `LIMIT` that passes over
# what is locked then holds no longer.
_TAKE = """
WITH chosen AS MATERIALIZED (
  SELECT workspace_id, id FROM channels_rawevent WHERE state = 'waiting' AND what = %s AND next_at <= %s
  ORDER BY next_at, id LIMIT %s{lock}
)
UPDATE channels_rawevent SET next_at = %s WHERE state = 'waiting' AND (workspace_id, id) IN (
  SELECT workspace_id, id FROM chosen
) RETURNING workspace_id, id
"""


def store(channel: Channel, raws: Sequence[Raw], what: What = What.EVENT) -> None:
    """Stores those that are not there yet; when it returns they are on disk."""
    moment = now()
    # In one order, so that two processes that store the same events do not wait for each other in a circle.
    rows = [
        (row_id, raw.native_id, raw.user_id, raw.body, raw.at, _state(raw), raw.refusal)
        for row_id, raw in zip(new_ids(len(raws)), raws, strict=True)
    ]
    rows.sort(key=itemgetter(1))
    if not rows:
        return
    with one_at_a_time(), transaction.atomic():
        if connection.vendor == "postgresql":
            objects = [dict(zip(_OF_A_ROW, row, strict=True)) for row in rows]
            common = (channel.workspace_id, channel.id, what.value, moment, moment)
            with connection.cursor() as cursor:
                cursor.execute(_STORE, [*common, json.dumps(objects, default=dt.datetime.isoformat)])
            return
        head, tail = (channel.workspace_id, channel.id, what.value), (0, moment, moment, None)
        insert_missing("channels_rawevent", _COLUMNS, ((*head, *row, *tail) for row in rows))


def _state(raw: Raw) -> str:
    return (State.FAILED if raw.refusal else State.WAITING).value


keeping: Intake[Raw, None] = Intake(store)


def take(what: What, most: int) -> list[RawEvent]:
    """Up to so many events whose turn it is, of any workspace, oldest first. Nobody else gets them during the lease."""
    moment = now()
    adapt = connection.ops.adapt_datetimefield_value
    # Looking costs nothing; on SQLite an UPDATE would wait for the only write lock, even if there is nothing to do.
    if not RawEvent.objects.filter(state=State.WAITING, what=what, next_at__lte=moment).exists():
        return []
    lock = " FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE.format(lock=lock), [what.value, adapt(moment), most, adapt(moment + LEASE)])
        by_workspace: dict[int, list[int]] = {}
        for workspace_id, row_id in cursor.fetchall():
            by_workspace.setdefault(workspace_id, []).append(row_id)
    taken: list[RawEvent] = []
    for workspace_id, ids in by_workspace.items():
        taken += RawEvent.objects.filter(workspace_id=workspace_id, id__in=ids).order_by("id")
    return taken


def finish(rows: Iterable[RawEvent], notes: dict[int, str] | None = None) -> None:
    """They are done; `notes` are kept by their ids."""
    moment, notes = now(), notes or {}
    by_note: dict[tuple[int, str], list[int]] = {}
    for row in rows:
        by_note.setdefault((row.workspace_id, notes.get(row.id, "")), []).append(row.id)
    for (workspace_id, note), ids in by_note.items():
        done = RawEvent.objects.filter(workspace_id=workspace_id, id__in=ids)
        done.update(state=State.DONE, done_at=moment, note=note[:500])


def fail(row: RawEvent, reason: str) -> None:
    """It could not be done, for this reason, which people see."""
    _this(row).update(state=State.FAILED, note=reason[:500], tries=row.tries + 1, done_at=now())


def postpone(row: RawEvent, seconds: float, reason: str, *, tried: bool = True) -> None:
    """It is to be tried again then."""
    next_at = now() + dt.timedelta(seconds=seconds)
    _this(row).update(next_at=next_at, note=reason[:500], tries=row.tries + int(tried))


def is_about(row: RawEvent, native_id: str) -> None:
    """Whom it is about, if it did not say so itself."""
    _this(row).update(user_id=native_id)


def _this(row: RawEvent) -> "QuerySet[RawEvent]":
    return RawEvent.objects.filter(workspace_id=row.workspace_id, id=row.id, state=State.WAITING)


def replay(channel: Channel, ids: Iterable[int] | None = None) -> int:
    """Lets events of these ids (None: all that failed) wait again; returns how many.

    What was done already is not done twice: its messages are known by their ids. What was refused when it came stays
    refused: there is nothing of it to be read.
    """
    rows = RawEvent.objects.filter(workspace_id=channel.workspace_id, channel_id=channel.id).exclude(
        state=State.WAITING
    )
    rows = rows.exclude(what=What.EVENT, body="")
    rows = rows.filter(state=State.FAILED) if ids is None else rows.filter(id__in=list(ids))
    return rows.update(state=State.WAITING, tries=0, next_at=now(), note="", done_at=None)


def drop(rows: Iterable[RawEvent]) -> None:
    """They are not kept at all."""
    for row in rows:
        RawEvent.objects.filter(workspace_id=row.workspace_id, id=row.id).delete()


def erase(workspace_id: int, natives: Iterable[tuple[int, str]]) -> int:
    """Drops everything that arrived about these people, each a (channel id, native id); returns how many events."""
    by_channel: dict[int, list[str]] = {}
    for channel_id, native_id in natives:
        by_channel.setdefault(channel_id, []).append(native_id)
    return sum(
        RawEvent.objects.filter(workspace_id=workspace_id, channel_id=channel_id, user_id__in=ids).delete()[0]
        for channel_id, ids in by_channel.items()
    )


def forget() -> int:
    """Drops what is no longer kept, a part at a time; returns how many."""
    dropped = 0
    for state, kept in ((State.DONE, KEEP_DONE), (State.FAILED, KEEP_FAILED)):
        old = RawEvent.objects.filter(state=state, received_at__lt=now() - kept)
        while True:
            by_workspace: dict[int, list[int]] = {}
            for workspace_id, row_id in old.values_list("workspace_id", "id")[:_AT_ONCE]:
                by_workspace.setdefault(workspace_id, []).append(row_id)
            if not by_workspace:
                break
            for workspace_id, ids in by_workspace.items():
                dropped += RawEvent.objects.filter(workspace_id=workspace_id, id__in=ids).delete()[0]
    return dropped
