"""Who said it: messages that hold what is searched for, newest first, out of the index of either database."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection, transaction

from coterie.chats.saying import channel_word, moment, word_mark
from coterie.chats.words import Phrase, Sought
from coterie.core.bulk import among

# A last word that may go on stands for so many words of the index; beyond that SQLite gathers their hits first.
_MOST_WORDS = 256
_SPOKEN = (
    "c.by_user AND EXISTS (SELECT 1 FROM people_person p WHERE p.workspace_id = c.workspace_id AND p.id = c.person_id)"
)


@dataclass(frozen=True, slots=True)
class Hit:
    """A message that was found: its place, itself and its chat, and what it says."""

    place: int
    message_id: int
    chat_id: int
    text: str

    @property
    def at(self) -> dt.datetime:
        """When it was said, to the second."""
        return moment(self.place)


@dataclass(frozen=True, slots=True)
class Where:
    """What a hit has to be: of this workspace, channel and story, with a place from `low` to below `high`."""

    workspace_id: int
    channel_id: int | None
    story: str
    low: int
    high: int


def hits(wanted: Sought, where: Where, limit: int) -> list[Hit]:
    """The newest hits in chats of somebody who is there: fewer than `limit` only when there are no more."""
    if connection.vendor == "postgresql":
        return _hits_of_postgres(wanted, where, limit)
    asked = match(wanted, where)
    return list(_rows(_SQLITE, [asked, where.low, where.high - 1], where, limit, "s.rowid")) if asked else []


# The index comes first, as it is ordered; CROSS JOIN keeps SQLite from beginning at the chats. The plus sign keeps it
# from looking for messages by the period, which it would take over from the index, instead of by their place.
_SQLITE = (
    "SELECT m.place, m.id, m.chat_id, m.text FROM chats_said s"
    " CROSS JOIN chats_message m ON m.workspace_id = {space} AND m.place = +s.rowid"
    " CROSS JOIN chats_chat c ON c.workspace_id = m.workspace_id AND c.id = m.chat_id"
    " WHERE chats_said MATCH %s AND s.rowid BETWEEN %s AND %s"
)
_POSTGRES = (
    "SELECT m.place, m.id, m.chat_id, m.text FROM {messages} m"
    " JOIN chats_chat c ON c.workspace_id = m.workspace_id AND c.id = m.chat_id"
    " WHERE m.words @@ %s::tsquery AND m.workspace_id = {space} AND m.place >= %s AND m.place < %s"
)
_NEWEST = (
    "(SELECT * FROM chats_message WHERE workspace_id = {{space}} AND place >= %s AND place < %s"
    " ORDER BY place DESC LIMIT {newest})"
)
# OFFSET keeps PostgreSQL from looking for the words there, too.
_THESE = "(SELECT * FROM chats_message WHERE workspace_id = {space} AND place = ANY(%s) OFFSET 0)"
# So many of the newest messages are read through. If so many of them are hits, it goes on for so many messages a hit,
# unless those are more than the last number: gathering all hits takes less time then.
_NEAR, _PROMISING, _ON, _FAR = 10_000, 5, 2_000, 1_000_000
# So few hits are read through themselves; all of them are gathered at once up to so many.
_HARDLY, _GATHERED = 500, 5_000


def _hits_of_postgres(wanted: Sought, where: Where, limit: int) -> list[Hit]:
    """What is common is found among the newest messages, and only what is not by the index of words.

    PostgreSQL would choose by how often each word is said: for two common ones that are never said together it walks
    through every message there is.
    """
    asked = tsquery(wanted, where)
    found = _among_newest(asked, where, limit, _NEAR)
    if _PROMISING <= len(found) < limit <= len(found) * _FAR // _NEAR:
        found = _among_newest(asked, where, limit, min(limit * _ON, _FAR))
    if len(found) >= limit:
        return found
    with transaction.atomic(), connection.cursor() as cursor:
        # In less memory it remembers pages instead of messages, and reads all of them.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL work_mem = '256MB'")
        few = _few(wanted, where)
        messages, those = ("chats_message", []) if few is None else (_THESE, [few])
        values = [*those, asked, where.low, where.high]
        # The plus sign keeps it from walking through the messages, for the sake of their order.
        return list(_rows(_POSTGRES.replace("{messages}", messages), values, where, max(limit, _GATHERED), "+m.place"))


def _few(wanted: Sought, where: Where) -> list[int] | None:
    """Where the words before one that may go on were said, if that was hardly ever; otherwise None.

    PostgreSQL gathers all hits of a beginning before it looks at the other words, a second for 2.6 million hits.
    """
    if not wanted.open or len(wanted.phrases) < 2:
        return None
    before = tsquery(replace(wanted, phrases=wanted.phrases[:-1], open=False), where)
    if _among_newest(before, where, 1, _NEAR):
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT m.place FROM chats_message m WHERE m.workspace_id = %s AND +m.place >= %s AND +m.place < %s"
            f" AND m.words @@ %s::tsquery LIMIT {_HARDLY + 1}",
            [where.workspace_id, where.low, where.high, before],
        )
        found = [place for (place,) in cursor.fetchall()]
    return found if len(found) <= _HARDLY else None


def _among_newest(asked: str, where: Where, limit: int, newest: int) -> list[Hit]:
    ground = [where.low, where.high]
    sql = _POSTGRES.replace("{messages}", _NEWEST.format(newest=newest))
    return list(_rows(sql, [*ground, asked, *ground], where, limit))


def _rows(sql: str, values: list[Any], where: Where, limit: int, order: str = "m.place") -> Iterator[Hit]:
    sql = sql.format(space=int(where.workspace_id))
    if where.story:
        sql += " AND c.story = %s"
        values = [*values, where.story]
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} AND {_SPOKEN} ORDER BY {order} DESC LIMIT {int(limit)}", values)
        yield from (Hit(*row) for row in cursor.fetchall())


def said_in(chats: Sequence[int], where: Where) -> Iterator[Hit]:
    """Everything said in these chats, newest first."""
    clause, values = among(chats)
    with connection.cursor() as cursor:
        # The plus signs keep the databases from walking through everything that was said, for the sake of its order.
        cursor.execute(
            "SELECT m.place, m.id, m.chat_id, m.text FROM chats_message m"
            f" WHERE m.workspace_id = %s AND m.chat_id {clause} AND +m.place >= %s AND +m.place < %s"
            " ORDER BY +m.place DESC",
            [where.workspace_id, values, where.low, where.high],
        )
        while rows := cursor.fetchmany(200):
            yield from (Hit(*row) for row in rows)


def tsquery(wanted: Sought, where: Where) -> str:
    """What is searched for, as PostgreSQL writes it. Words are letters and digits: quoted, they mean nothing else."""
    mark, last = word_mark(where.workspace_id), len(wanted.phrases)
    parts = [f"'{channel_word(where.workspace_id, where.channel_id)}'"] if where.channel_id is not None else []
    for number, phrase in enumerate(wanted.phrases, 1):
        goes_on = ":*" if wanted.open and number == last else ""
        parts.append("(" + " <-> ".join(f"'{mark}{word}'" for word in phrase) + f"{goes_on})")
    return " & ".join(parts)


def match(wanted: Sought, where: Where) -> str:
    """The same as FTS5 writes it; empty when no word of the index begins like the last one."""
    mark = word_mark(where.workspace_id)
    parts = [f'"{channel_word(where.workspace_id, where.channel_id)}"'] if where.channel_id is not None else []
    closed = wanted.phrases[:-1] if wanted.open else wanted.phrases
    parts += [_quoted(phrase, mark) for phrase in closed]
    if wanted.open:
        going_on = _going_on(wanted.phrases[-1], mark)
        if not going_on:
            return ""
        parts.append(going_on)
    return " AND ".join(parts)


def _going_on(phrase: Phrase, mark: str) -> str:
    """The phrase with every word that its last one may become.

    FTS5 can look for beginnings by itself, but gathers and sorts all their hits before the first one is read. Of words
    that are written out it reads the newest hits only.
    """
    found = words_like(mark + phrase[-1], _MOST_WORDS + 1)
    if len(found) > _MOST_WORDS:
        return _quoted(phrase, mark) + " *"
    whole = [_quoted((*phrase[:-1], word.removeprefix(mark)), mark) for word in found]
    return f"({' OR '.join(whole)})" if whole else ""


def words_like(beginning: str, limit: int) -> Sequence[str]:
    """The first words of SQLite's index that begin like this: from one word straight to the next."""
    found: list[str] = []
    after, end = beginning, beginning + "\U0010ffff"
    with connection.cursor() as cursor:
        while len(found) < limit:
            cursor.execute("SELECT term FROM chats_said_word WHERE term >= %s AND term < %s LIMIT 1", [after, end])
            row = cursor.fetchone()
            if row is None:
                break
            found.append(row[0])
            after = row[0] + "\x01"
    return found


def _quoted(phrase: Phrase, mark: str) -> str:
    return '"' + " ".join(mark + word for word in phrase) + '"'
