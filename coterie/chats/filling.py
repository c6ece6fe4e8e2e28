"""Messages that were stored before there was a search index get into it, some thousand at a time."""

import datetime as dt

from django.db import connection, transaction

from coterie.chats.saying import document, place, take_numbers, vector
from coterie.core.bulk import insert, update

STEP = 10_000
_Row = tuple[int, int, int, str, dt.datetime]


def fill() -> int:
    """Indexes what is not yet, each step in a transaction of its own; returns how many messages. May run twice."""
    done, after = 0, (0, 0)
    while rows := _following(after):
        with transaction.atomic():
            _index(rows)
        done += len(rows)
        after = rows[-1][:2]
    return done


def _following(after: tuple[int, int]) -> list[_Row]:
    """The next messages without a place, in the order of their keys."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT workspace_id, id, channel_id, text, at FROM chats_message"
            " WHERE (workspace_id, id) > (%s, %s) AND place IS NULL AND text <> '' ORDER BY workspace_id, id"
            f" LIMIT {STEP}",
            [*after],
        )
        return [(*row[:4], _aware(row[4])) for row in cursor.fetchall()]


def _index(rows: list[_Row]) -> None:
    numbers = take_numbers(len(rows))
    placed = [(place(row[4], number), row) for row, number in zip(rows, numbers, strict=True)]
    keys = ("workspace_id", "id")
    if connection.vendor == "postgresql":
        changed = ((at, vector(space, channel, text), space, row) for at, (space, row, channel, text, _) in placed)
        update("chats_message", ("place", "words"), keys, changed)
        return
    update("chats_message", ("place",), keys, ((at, space, row) for at, (space, row, *_) in placed))
    said = ((at, document(space, channel, text)) for at, (space, _, channel, text, _) in placed)
    insert("chats_said", ("rowid", "words"), said)


def _aware(at: dt.datetime | str) -> dt.datetime:
    moment = dt.datetime.fromisoformat(at) if isinstance(at, str) else at
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
