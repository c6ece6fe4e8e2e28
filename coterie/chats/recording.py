"""Writing down what was said: which chat a turn belongs to, and storing turns once.

A new chat starts after ten idle minutes or with a new session id. Turns may arrive late and out of order: one belongs
to the chat whose time, ten minutes added at both ends, it falls into.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from django.db import connection

from coterie.audience import counts
from coterie.audience.models import Scope
from coterie.chats.models import Chat, Sender
from coterie.chats.saying import Said, store
from coterie.core.bulk import among_texts, insert, update
from coterie.core.ids import new_id, new_ids, to_public
from coterie.journal.commit import Transaction

IDLE = dt.timedelta(minutes=10)
# (person id, origin id): chats of people who were merged stay apart.
Whose = tuple[int, int | None]


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing that was said or reported. `text` is None for a report without words.

    `origin_id` tells which of several merged people it was. What is `refused` is kept, but makes no chat of the
    person's and prolongs none.
    """

    native_id: str
    person_id: int
    session_id: str | None
    sender: Sender
    text: str | None
    at: dt.datetime
    payload: dict[str, Any] | None = None
    session_attributes: Mapping[str, Any] = field(default_factory=dict)
    story: str | None = None
    origin_id: int | None = None
    refused: bool = False

    @property
    def whose(self) -> "Whose":
        """The person, and who of them."""
        return self.person_id, self.origin_id


def already_stored(workspace_id: int, channel_id: int, native_ids: Iterable[str]) -> set[str]:
    """Those of the ids whose message is in the books."""
    clause, values = among_texts(native_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT native_id FROM chats_message WHERE workspace_id = %s AND channel_id = %s AND native_id {clause}",
            [workspace_id, channel_id, values],
        )
        return {row[0] for row in cursor.fetchall()}


def record(tx: Transaction, channel_id: int, source: str, turns: Sequence[Turn]) -> dict[Whose, int]:
    """Stores new turns, in time order; returns whose → how many chats began in which the person spoke.

    The people must be locked by this transaction, so that nobody else opens chats of theirs meanwhile.
    """
    if not turns:
        return {}
    turns = sorted(turns, key=lambda turn: turn.at)
    book = _Book(tx.workspace_id, channel_id, source, turns)
    begun: dict[Whose, int] = defaultdict(int)
    messages = []
    for turn in turns:
        chat = book.chat_of(turn)
        if chat is not None and book.add(chat, turn):
            begun[turn.whose] += 1
        messages.append((turn, chat.id if chat else None))
    book.save()
    counts.count(tx, book.having, Scope.SESSION)
    rows = zip(new_ids(len(messages)), messages, strict=True)
    store([_said(tx, row_id, chat_id, channel_id, turn) for row_id, (turn, chat_id) in rows])
    return begun


def _said(tx: Transaction, row_id: int, chat_id: int | None, channel_id: int, turn: Turn) -> Said:
    """The message. Of a report outside of a chat only the id is kept: nobody could find the rest, nor erase it."""
    text, payload = turn.text or "", turn.payload
    if chat_id is None:
        text, payload = "", None
    elif turn.refused:
        payload = {**(payload or {}), "refused": True}
    return Said(tx.workspace_id, row_id, chat_id, channel_id, turn.native_id, turn.sender.value, text, payload, turn.at)


class _Book:
    """The chats that the turns of one batch may belong to."""

    def __init__(self, workspace_id: int, channel_id: int, source: str, turns: Sequence[Turn]) -> None:
        self.workspace_id, self.channel_id, self.source = workspace_id, channel_id, source
        self.chats: dict[Whose, list[Chat]] = defaultdict(list)
        self.new: set[int] = set()
        self.touched: dict[int, Chat] = {}
        # How many more chats have each session attribute.
        self.having: Counter[str] = Counter()
        nearby = Chat.objects.filter(
            workspace_id=workspace_id,
            person_id__in={turn.person_id for turn in turns},
            channel_id=channel_id,
            last_at__gte=turns[0].at - IDLE,
        ).order_by("last_at")  # No upper bound: it would tempt SQLite to walk the index by time instead of by person.
        for chat in nearby:
            self.chats[chat.person_id, chat.origin_id].append(chat)

    def chat_of(self, turn: Turn) -> Chat | None:
        """The chat that the turn belongs to; a message without one begins one, a report without words does not."""
        for chat in reversed(self.chats[turn.whose]):
            same_session = turn.session_id in (None, chat.session_id)
            if same_session and chat.started_at - IDLE <= turn.at <= chat.last_at + IDLE:
                return chat
        if turn.text is None and not turn.session_attributes:
            return None
        chat_id = new_id()
        chat = Chat(
            workspace_id=self.workspace_id,
            id=chat_id,
            person_id=turn.person_id,
            origin_id=turn.origin_id,
            channel_id=self.channel_id,
            source=self.source,
            session_id=turn.session_id or to_public(chat_id),
            started_at=turn.at,
            last_at=turn.at,
        )
        self.chats[turn.whose].append(chat)
        self.new.add(chat_id)
        return chat

    def add(self, chat: Chat, turn: Turn) -> bool:
        """Counts the turn in; True when it is the first word of the person in this chat."""
        if turn.refused:
            if not chat.by_user:
                chat.started_at, chat.last_at = min(chat.started_at, turn.at), max(chat.last_at, turn.at)
                self.touched[chat.id] = chat
            return False
        chat.started_at = min(chat.started_at, turn.at)
        chat.last_at = max(chat.last_at, turn.at)
        before, chat.attributes = chat.attributes, {**chat.attributes, **turn.session_attributes}
        counts.differences(before, chat.attributes, self.having)
        chat.story = turn.story or chat.story
        self.touched[chat.id] = chat
        if turn.text is None:
            return False
        chat.messages += 1
        first_word = turn.sender == Sender.USER and not chat.by_user
        chat.by_user = chat.by_user or first_word
        return first_word

    def save(self) -> None:
        """Writes the chats that are new or have changed."""
        key = ("workspace_id", "id")
        fixed = ("person_id", "origin_id", "channel_id", "source", "session_id")
        columns = ("started_at", "last_at", "messages", "by_user", "attributes", "story")
        new = [chat for chat in self.touched.values() if chat.id in self.new]
        changed = [chat for chat in self.touched.values() if chat.id not in self.new]
        insert("chats_chat", (*key, *fixed, *columns), map(attrgetter(*key, *fixed, *columns), new))
        update("chats_chat", columns, key, map(attrgetter(*columns, *key), changed))
