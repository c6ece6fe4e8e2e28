"""Storing messages together with their place in the search index, in the caller's transaction.

Every word carries its workspace in front, so that a search reads the words of its own workspace only, and every message
has its channel among the words. On SQLite the index is the FTS5 table `chats_said`, whose row ids are the messages'
`place`; a trigger takes out what is deleted. On PostgreSQL it is the column `words` of the message itself, under GIN.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import connection

from coterie.chats.words import words
from coterie.core.bulk import insert, insert_stored
from coterie.core.clock import EARLIEST

_COLUMNS = ("workspace_id", "id", "chat_id", "channel_id", "native_id", "sender", "text", "payload", "at", "place")
# A place is `seconds since 2000 | running number`: newest last, to the second, and no two are the same.
NUMBER_BITS = 31
_START = int(EARLIEST.timestamp())
# Until the year 2136; a search may name later days.
_SECONDS = (1 << 63 - NUMBER_BITS) - 1


class Said(NamedTuple):
    """A message to be stored. `at` is aware, or a text in UTC as SQLite has it."""

    workspace_id: int
    id: int
    chat_id: int | None
    channel_id: int
    native_id: str
    sender: str
    text: str
    payload: dict[str, Any] | None
    at: dt.datetime | str


def store(messages: Sequence[Said]) -> None:
    """Inserts messages and what they say into the index. Raises IntegrityError like any INSERT."""
    spoken = [message for message in messages if message.text]
    numbers = dict(zip((message.id for message in spoken), take_numbers(len(spoken)), strict=True))
    places = {m.id: place(_moment(m.at), numbers[m.id]) for m in spoken}
    if connection.vendor == "postgresql":
        rows = ((*m, places.get(m.id), vector(m.workspace_id, m.channel_id, m.text)) for m in messages)
        insert("chats_message", (*_COLUMNS, "words"), rows)
        return
    insert("chats_message", _COLUMNS, ((*m, places.get(m.id)) for m in messages))
    said = ((places[m.id], document(m.workspace_id, m.channel_id, m.text)) for m in spoken)
    insert_stored("chats_said", ("rowid", "words"), said)


def place(at: dt.datetime, number: int = 0) -> int:
    """Where something said at that time stands among everything that was said; without a number, before all of it."""
    seconds = min(max(int(at.timestamp()) - _START, 0), _SECONDS)
    return seconds << NUMBER_BITS | number & (1 << NUMBER_BITS) - 1


def moment(at: int) -> dt.datetime:
    """When something at this place was said, to the second."""
    return EARLIEST + dt.timedelta(seconds=at >> NUMBER_BITS)


def take_numbers(count: int) -> Sequence[int]:
    """So many running numbers that nobody else gets."""
    if not count:
        return ()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT nextval('chats_said_number') FROM generate_series(1, %s)", [count])
            return [row[0] for row in cursor.fetchall()]
        cursor.execute("UPDATE chats_said_number SET last = last + %s", [count])
        cursor.execute("SELECT last FROM chats_said_number")
        last = cursor.fetchone()[0]
    return range(last - count + 1, last + 1)


def document(workspace_id: int, channel_id: int, text: str) -> str:
    """What the index of SQLite holds of a message."""
    mark = word_mark(workspace_id)
    return " ".join([channel_word(workspace_id, channel_id), *(mark + word for word in words(text))])


def vector(workspace_id: int, channel_id: int, text: str) -> str | None:
    """The same as PostgreSQL writes a tsvector; None when nothing was said. No word has a sign that needs escaping."""
    if not text:
        return None
    mark = word_mark(workspace_id)
    said = [f"'{mark}{word}':{position}" for position, word in enumerate(words(text), 1)]
    return " ".join([f"'{channel_word(workspace_id, channel_id)}'", *said])


def word_mark(workspace_id: int) -> str:
    """What words of a workspace begin with."""
    return f"{workspace_id}w"


def channel_word(workspace_id: int, channel_id: int) -> str:
    """The word that every message of a channel has."""
    return f"{workspace_id}c{channel_id}"


def _moment(at: dt.datetime | str) -> dt.datetime:
    return dt.datetime.fromisoformat(at).replace(tzinfo=dt.UTC) if isinstance(at, str) else at
