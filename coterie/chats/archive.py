"""The archives: chats of a workspace, newest first, and those in which something was said.

Without a text, chats are in the order in which they began, and a period is about their beginning. With one, they are in
the order of their newest hit, and a period is about when it was said.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from coterie.accounts.models import Workspace
from coterie.chats.hits import Hit, Where, hits, said_in
from coterie.chats.models import Chat, Message, Sender
from coterie.chats.saying import place
from coterie.chats.words import Sought, matches
from coterie.core.clock import UTC
from coterie.people.models import Person

_NEVER = (1 << 63) - 1
# So few chats are read through; that beats an index in which almost every hit is another story's.
FEW = 500
# So many chats are much to take away at once.
MANY = 1_000
_BATCH, _LARGEST = 100, 5_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which chats. `since` is included, `until` is not; `people` are row ids, and None is everybody."""

    text: Sought | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    people: tuple[int, ...] | None = None
    session: str = ""
    story: str = ""
    channel_id: int | None = None

    @property
    def is_everything(self) -> bool:
        """Whether nothing narrows it down."""
        return self == Wanted()


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page goes on: after the chat that began then or, when a text is searched for, below that place."""

    at: int
    chat_id: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """A chat, and the message that was found in it if a text was searched for."""

    chat: Chat
    hit: Hit | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some chats, and where the next ones begin."""

    found: list[Found] = field(default_factory=list)
    next: Cursor | None = None


def page(workspace: Workspace, wanted: Wanted, after: Cursor | None, limit: int) -> Page:
    """The next `limit` chats."""
    if wanted.text is None:
        chats = list(_newest_first(_began_before(_chats(workspace, wanted), after), wanted)[: limit + 1])
        found = [Found(chat) for chat in chats[:limit]]
        return Page(found, cursor_of(chats[limit - 1]) if len(chats) > limit else None)
    newest = _newest_hits(workspace, wanted, wanted.text, after, limit + 1)
    rows = {chat.id: chat for chat in Chat.objects.filter(workspace=workspace, id__in=[hit.chat_id for hit in newest])}
    found = [Found(rows[hit.chat_id], hit) for hit in newest[:limit] if hit.chat_id in rows]
    return Page(found, Cursor(newest[limit - 1].place) if len(newest) > limit else None)


def cursor_of(chat: Chat) -> Cursor:
    """Where the list goes on after this chat."""
    return Cursor(round(chat.started_at.timestamp() * 1_000_000), chat.id)


def everything(workspace: Workspace, wanted: Wanted, size: int) -> Iterator[Page]:
    """All pages, one at a time."""
    after: Cursor | None = None
    while True:
        found = page(workspace, wanted, after, size)
        if found.found:
            yield found
        if found.next is None:
            return
        after = found.next


class Extent(StrEnum):
    """How much of the archives is wanted: everything there is, more than `MANY` chats, or less."""

    ALL = "all"
    MANY = "many"
    SOME = "some"


def extent(workspace: Workspace, wanted: Wanted) -> Extent:
    """Whatever the filter says, by what it finds. Looks at no more than `MANY` chats and one."""
    if wanted.is_everything:
        return Extent.ALL
    found = len(page(workspace, wanted, None, MANY + 1).found)
    if found > MANY:
        return Extent.MANY
    return Extent.ALL if found and found == spoken(workspace)[: MANY + 1].count() else Extent.SOME


def one(workspace: Workspace, chat_id: int) -> Chat | None:
    """The chat, or None when it is not in this workspace or its person is gone.

    Also one in which the person was not heard: all they said was refused, or the bot spoke alone.
    """
    return _of_somebody(workspace).filter(id=chat_id).first()


def spoken(workspace: Workspace) -> "QuerySet[Chat]":
    """Chats that a person who is there spoke in."""
    return _of_somebody(workspace).filter(by_user=True)


def _of_somebody(workspace: Workspace) -> "QuerySet[Chat]":
    person = Person.objects.filter(workspace=workspace, id=OuterRef("person_id"))
    return Chat.objects.filter(Exists(person), workspace=workspace)


def _chats(workspace: Workspace, wanted: Wanted) -> "QuerySet[Chat]":
    """Those that fit everything but the text."""
    chats = spoken(workspace)
    if wanted.people is not None:
        chats = chats.filter(person_id__in=wanted.people)
    if wanted.session:
        chats = chats.filter(session_id=wanted.session)
    if wanted.story:
        chats = chats.filter(story=wanted.story)
    if wanted.channel_id is not None:
        chats = chats.filter(channel_id=wanted.channel_id)
    if wanted.text is None and wanted.since is not None:
        chats = chats.filter(started_at__gte=wanted.since)
    if wanted.text is None and wanted.until is not None:
        chats = chats.filter(started_at__lt=wanted.until)
    return chats


def _newest_first(chats: "QuerySet[Chat]", wanted: Wanted) -> "QuerySet[Chat]":
    """In the order of the list.

    Chats of a person or session are few and are sorted by themselves: for an order that it has in an index, SQLite
    would walk through everybody's.
    """
    if wanted.people is None and not wanted.session:
        return chats.order_by("-started_at", "-id")
    return chats.order_by(Coalesce("started_at", "started_at").desc(), "-id")


def _began_before(chats: "QuerySet[Chat]", after: Cursor | None) -> "QuerySet[Chat]":
    if after is None:
        return chats
    at = dt.datetime.fromtimestamp(0, UTC) + dt.timedelta(microseconds=after.at)
    # The first condition says it once more, for the index.
    return chats.filter(Q(started_at__lt=at) | Q(id__lt=after.chat_id), started_at__lte=at)


def _newest_hits(workspace: Workspace, wanted: Wanted, text: Sought, after: Cursor | None, limit: int) -> list[Hit]:
    """The newest hit of each chat, newest first, below the cursor."""
    low = place(wanted.since) if wanted.since else 0
    top = place(wanted.until) if wanted.until else _NEVER
    high = min(after.at, top) if after else top
    where = Where(workspace.pk, wanted.channel_id, wanted.story, low, high)
    chats = _few(workspace, wanted)
    found: dict[int, Hit] = {}
    passed: set[int] = set()
    for batch in _through_index(text, where) if chats is None else _through_chats(chats, text, where):
        fresh = {hit.chat_id for hit in batch} - found.keys() - passed
        if after is not None and fresh:
            passed |= _shown_before(workspace, fresh, text, high, top)
        for hit in batch:
            if hit.chat_id not in passed:
                found.setdefault(hit.chat_id, hit)
        if len(found) >= limit:
            break
    return list(found.values())[:limit]


def _few(workspace: Workspace, wanted: Wanted) -> list[int] | None:
    """The chats to read through, when the filters leave few; None when the index is to be asked."""
    chats = _chats(workspace, wanted)
    if wanted.people is not None or wanted.session:
        return list(chats.values_list("id", flat=True))
    if wanted.story:
        ids = list(chats.values_list("id", flat=True)[: FEW + 1])
        return ids if len(ids) <= FEW else None
    return None


def _through_index(text: Sought, where: Where) -> Iterator[list[Hit]]:
    """Hits in batches that grow: mostly the first one has enough."""
    size = _BATCH
    while batch := hits(text, where, size):
        yield batch
        if len(batch) < size:
            return
        where, size = replace(where, high=batch[-1].place), min(size * 4, _LARGEST)


def _through_chats(chats: Sequence[int], text: Sought, where: Where) -> Iterator[list[Hit]]:
    """The same by reading what was said in these chats."""
    for hit in said_in(chats, where):
        if matches(hit.text, text):
            yield [hit]


def _shown_before(workspace: Workspace, chats: set[int], text: Sought, low: int, high: int) -> set[int]:
    """Those of the chats with a newer hit, which an earlier page showed."""
    said = Message.objects.filter(workspace=workspace, chat_id__in=chats, place__gte=low, place__lt=high)
    shown: set[int] = set()
    for chat_id, words in said.values_list("chat_id", "text").iterator():
        if chat_id is not None and chat_id not in shown and matches(words, text):
            shown.add(chat_id)
    return shown


def stories(workspace: Workspace, limit: int = 50) -> list[str]:
    """Names of stories in the order of the alphabet: from one straight to the next, however many chats each has."""
    with connection.cursor() as cursor:
        cursor.execute(_STORIES, [limit, workspace.pk])
        return [name for (name,) in cursor.fetchall()]


_STORIES = (
    "WITH RECURSIVE told(story, number) AS (SELECT CAST('' AS text), 0 UNION ALL SELECT"
    " (SELECT CAST(c.story AS text) FROM chats_chat c WHERE c.workspace_id = asked.space AND c.by_user"
    " AND c.story > told.story ORDER BY c.story LIMIT 1), told.number + 1"
    " FROM told CROSS JOIN (SELECT %s AS most, %s AS space) asked"
    " WHERE told.story IS NOT NULL AND told.number < asked.most)"
    " SELECT story FROM told WHERE number > 0 AND story IS NOT NULL ORDER BY number"
)


def first_words(workspace: Workspace, chats: Sequence[int]) -> dict[int, str]:
    """The first thing that the person said in each of these chats."""
    said = Message.objects.filter(workspace=workspace, chat_id=OuterRef("id"), sender=Sender.USER, place__isnull=False)
    first = said.order_by("at", "id").values("text")[:1]
    rows = Chat.objects.filter(workspace=workspace, id__in=chats).annotate(said=first).values_list("id", "said")
    return {chat_id: said or "" for chat_id, said in rows}
