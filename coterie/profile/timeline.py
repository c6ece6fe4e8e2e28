"""What happened to a person, newest first: the journal, and their chats at the time they began.

A page is cut by two marks, the revision and the chat that it ended with, so that nothing is told twice or left out
while more happens. `seen` entries are left out: what the person did is told by their chats. What happened to whoever
was merged into the person, before that, is told with it.
"""

import datetime as dt
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from coterie.accounts.models import Workspace
from coterie.chats.models import Chat
from coterie.chats.queries import chats_before
from coterie.core.ids import from_public, to_public
from coterie.journal.models import JournalEntry, Kind
from coterie.people.attributes import Value
from coterie.people.finding import merged_into

SIZE = 40


class Show(StrEnum):
    """Which part of it."""

    EVERYTHING = "everything"
    CHANGES = "changes"
    SEGMENTS = "segments"
    CHATS = "chats"
    NOTES = "notes"


_KINDS: Mapping[Show, frozenset[Kind]] = {
    Show.EVERYTHING: frozenset(Kind) - {Kind.SEEN},
    Show.CHANGES: frozenset({Kind.SET, Kind.UNSET, Kind.SESSION, Kind.BANNED, Kind.UNBANNED, Kind.MERGED, Kind.SPLIT}),
    Show.SEGMENTS: frozenset({Kind.JOINED, Kind.LEFT}),
    Show.CHATS: frozenset(),
    Show.NOTES: frozenset({Kind.NOTED}),
}
_WITH_CHATS = (Show.EVERYTHING, Show.CHATS)


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a page ended: the revision of its last entry and its last chat; None: it had none of that sort."""

    revision: int | None = None
    chat_id: int | None = None

    def __str__(self) -> str:
        return f"{self.revision or ''}.{to_public(self.chat_id) if self.chat_id else ''}"

    @classmethod
    def read(cls, text: str) -> "Mark":
        """The mark that was printed so; anything else is the beginning."""
        digits, _dot, chat = text.partition(".")
        revision = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else None
        return cls(revision, from_public(chat))


@dataclass(frozen=True, slots=True)
class Event:
    """An entry of the journal, or a chat."""

    at: dt.datetime
    entry: JournalEntry | None = None
    chat: Chat | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some events, newest first; `next` is where the older ones begin, None when there are none."""

    events: list[Event]
    next: Mark | None


def timeline(workspace: Workspace, person_id: int, show: Show, mark: Mark) -> Stretch:
    """The events before the mark: four queries, however many there are, and one for each who was merged in."""
    entries = _entries(workspace, person_id, show, mark)
    chats = chats_before(workspace, person_id, mark.chat_id, SIZE + 1) if show in _WITH_CHATS else []
    events = list(islice(_merged(entries, chats), SIZE))
    if len(events) == len(entries) + len(chats):
        return Stretch(events, None)
    revisions = [event.entry.revision for event in events if event.entry]
    chat_ids = [event.chat.id for event in events if event.chat]
    revision = revisions[-1] if revisions else mark.revision
    return Stretch(events, Mark(revision, chat_ids[-1] if chat_ids else mark.chat_id))


def _merged(entries: Sequence[JournalEntry], chats: Sequence[Chat]) -> Iterator[Event]:
    """Both by time, each in its own order, so that one mark a sort says where to go on.

    What a chat brought is told above its beginning, also when it was the same moment.
    """
    waiting = deque(chats)
    for entry in entries:
        while waiting and waiting[0].started_at > entry.at:
            chat = waiting.popleft()
            yield Event(chat.started_at, chat=chat)
        yield Event(entry.at, entry=entry)
    yield from (Event(chat.started_at, chat=chat) for chat in waiting)


def _entries(workspace: Workspace, person_id: int, show: Show, mark: Mark) -> list[JournalEntry]:
    kinds = _KINDS[show]
    if not kinds:
        return []
    # That they were merged is told by the person's own entries.
    of_others = kinds - {Kind.MERGED, Kind.SPLIT}
    found = list(_newest(workspace, person_id, kinds, mark))
    # One by one: asked for several at once, SQLite walks through the journal of the whole workspace.
    for other in merged_into(workspace.pk, person_id):
        found += _newest(workspace, other, of_others, mark)
    return sorted(found, key=lambda entry: -entry.revision)[: SIZE + 1]


def _newest(workspace: Workspace, person_id: int, kinds: frozenset[Kind], mark: Mark) -> Iterable[JournalEntry]:
    found = JournalEntry.objects.filter(workspace=workspace, person_id=person_id, kind__in=kinds)
    if mark.revision is not None:
        found = found.filter(revision__lt=mark.revision)
    return found.order_by("-revision")[: SIZE + 1]


def changed_keys(entry: JournalEntry) -> dict[str, tuple[Value | None, Value | None]]:
    """Attribute → (before, after) of an entry about values of the person or of a chat."""
    before, after = entry.before or {}, entry.after or {}
    if entry.kind == Kind.SESSION:
        before, after = before.get("values", {}), after.get("values", {})
    return {key: (before.get(key), after.get(key)) for key in sorted(before.keys() | after.keys())}
