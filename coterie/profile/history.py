"""Where the values of a person come from: who or what set each, when, and what they were before. From the journal.

Merging and taking apart only carry values from one to the other: these come from whoever set them before.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from coterie.accounts.models import Workspace
from coterie.chats.models import Chat, Message
from coterie.core.ids import from_public, ids_since, to_public
from coterie.journal.models import JournalEntry, Kind
from coterie.people.attributes import Value
from coterie.people.many import same
from coterie.people.models import Person

# So many of the newest entries are looked at for the page of a person; older values say nothing there.
RECENT = 500
# New people of an operation get their first values with the entry that makes them.
_VALUES = (Kind.SET, Kind.UNSET, Kind.CREATED)
_MOVES = (Kind.MERGED, Kind.SPLIT)
# The messages of a transaction are stored while it lasts.
_LASTS = dt.timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Origin:
    """Who or what gave a value (`actor`, as in the journal), when, and the revision of the entry."""

    actor: str
    at: dt.datetime
    revision: int


@dataclass(frozen=True, slots=True)
class Former:
    """A value that an attribute had (None: none), since when and by whom, newest first."""

    value: Value | None
    origin: Origin


class _Journals:
    """Entries about values and merges, and of further kinds, newest first: of each person one query."""

    def __init__(self, workspace: Workspace, limit: int | None = None, kinds: tuple[Kind, ...] = ()) -> None:
        self._workspace, self._limit = workspace, limit
        self._kinds = (*_VALUES, *_MOVES, *kinds)
        self._read: dict[int, list[JournalEntry]] = {}

    def of(self, person_id: int) -> list[JournalEntry]:
        """The person's."""
        if person_id not in self._read:
            found = _entries(self._workspace, person_id, self._kinds, self._limit)
            self._read[person_id] = list(found)
        return self._read[person_id]

    def first_hand(self, entry: JournalEntry, key: str) -> JournalEntry:
        """The entry that gave the value, where this one only carried it from one person to another."""
        move = self._move(entry)
        if move is None or not move.after:
            return entry
        other = from_public(move.after["person"]) or 0
        whose = (other, entry.person_id) if move.kind == Kind.MERGED else (entry.person_id, other)
        given = self.gave(whose, key, (entry.after or {}).get(key), entry.revision)
        return given or entry

    def gave(self, people: Iterable[int], key: str, value: Value | None, until: int) -> JournalEntry | None:
        """The newest entry before a revision that gave this value to the first of the people who ever had it."""
        for person_id in people:
            for entry in self.of(person_id):
                after = entry.after or {}
                if entry.revision < until and entry.kind in _VALUES and key in after and same(after[key], value):
                    return self.first_hand(entry, key)
        return None

    def _move(self, entry: JournalEntry) -> JournalEntry | None:
        """What merged the person with somebody, or took them apart, in the operation of the entry."""
        if entry.operation_id is None:
            return None
        mine = (one for one in self.of(entry.person_id) if one.kind in _MOVES and "person" in (one.after or {}))
        return next((one for one in mine if one.operation_id == entry.operation_id), None)


def origins(workspace: Workspace, person_id: int) -> dict[str, Origin]:
    """Attribute → where its present value comes from: one query for them, and for whoever they were merged with."""
    return _origins(workspace, person_id, _Journals(workspace))


def recent_origins(
    workspace: Workspace, person_id: int, chat: Chat | None
) -> tuple[dict[str, Origin], dict[str, Origin]]:
    """The same, and of what was corrected or removed by hand in a chat: what it collected itself is missing.

    What was set long ago, by more than `RECENT` entries, is missing, too. One query for nearly everybody.
    """
    journals = _Journals(workspace, RECENT, (Kind.SESSION,))
    entries: Iterable[JournalEntry] = journals.of(person_id)
    if len(journals.of(person_id)) == RECENT:  # One sort must not hide the other.
        journals = _Journals(workspace, RECENT)
        entries = _entries(workspace, person_id, (Kind.SESSION,), RECENT)
    return _origins(workspace, person_id, journals), {} if chat is None else _corrected(entries, chat)


def _origins(workspace: Workspace, person_id: int, journals: _Journals) -> dict[str, Origin]:
    newest: dict[str, JournalEntry] = {}
    for entry in journals.of(person_id):
        for key in (entry.after or {}) if entry.kind in _VALUES else ():
            newest.setdefault(key, entry)
    given = {key: _origin(journals.first_hand(entry, key)) for key, entry in newest.items()}
    return given | _learnt_meanwhile(workspace, person_id, journals, newest)


def _learnt_meanwhile(
    workspace: Workspace, person_id: int, journals: _Journals, newest: Mapping[str, JournalEntry]
) -> dict[str, Origin]:
    """Of somebody who was merged and taken out again: values that came meanwhile. The other's journal has them."""
    taken_out = next(
        (one for one in journals.of(person_id) if one.kind == Kind.SPLIT and "from" in (one.after or {})), None
    )
    person = Person.objects.filter(workspace=workspace, id=person_id).first() if taken_out else None
    if taken_out is None or not taken_out.after or person is None:
        return {}
    other, found = from_public(taken_out.after["from"]) or 0, {}
    for key, value in person.attributes.items():
        mine = newest.get(key)
        if mine is None or not same((mine.after or {}).get(key), value):
            given = journals.gave((other,), key, value, taken_out.revision)
            if given is not None:
                found[key] = _origin(given)
    return found


def _corrected(entries: Iterable[JournalEntry], chat: Chat) -> dict[str, Origin]:
    found: dict[str, Origin] = {}
    for entry in entries:
        after = entry.after or {}
        if entry.kind == Kind.SESSION and after.get("chat") == chat.public_id:
            for key in after["values"] | (entry.before or {}).get("values", {}):
                found.setdefault(key, _origin(entry))
    return found


def past(workspace: Workspace, person_id: int, key: str) -> list[Former]:
    """Every value that an attribute of the person had, the present one first."""
    journals = _Journals(workspace)
    return [
        Former((entry.after or {}).get(key), _origin(journals.first_hand(entry, key) if entry.after else entry))
        for entry in journals.of(person_id)
        if entry.kind in _VALUES and (key in (entry.before or {}) or key in (entry.after or {}))
    ]


def session_past(workspace: Workspace, person_id: int, chat: Chat, key: str) -> list[Former]:
    """Every value that was written by hand in place of one that a chat collected, the present one first; and that."""
    found: list[Former] = []
    collected: Value | None = None
    for entry in _entries(workspace, person_id, (Kind.SESSION,)):
        if (entry.after or {}).get("chat") != chat.public_id:
            continue
        before, after = ((values or {}).get("values", {}) for values in (entry.before, entry.after))
        if key in before or key in after:
            found.append(Former(after.get(key), _origin(entry)))
            collected = before.get(key)
    if not found:
        collected = chat.attributes.get(key)
    if collected is not None:
        found.append(Former(collected, Origin(f"channel:{to_public(chat.channel_id)}", chat.started_at, 0)))
    return found


def message_behind(workspace: Workspace, person_id: int, origin: Origin) -> Message | None:
    """The message with which a channel sent a value; None when it was no channel, or the message is not there.

    A message gets its id in the transaction that writes the journal entry, so the ids of that moment lead to it.
    """
    kind, _colon, channel = origin.actor.partition(":")
    channel_id = from_public(channel) if kind == "channel" else None
    if channel_id is None:
        return None
    chats = Chat.objects.filter(workspace=workspace, person_id=person_id, channel_id=channel_id)
    said = Message.objects.filter(
        workspace=workspace,
        chat_id__in=list(chats.values_list("id", flat=True)),
        id__gte=ids_since(origin.at),
        id__lt=ids_since(origin.at + _LASTS),
    )
    return said.order_by("id").first()


def banned_by(workspace: Workspace, person_id: int) -> Origin | None:
    """Who banned the person last, and when; None when the journal does not know."""
    return next((_origin(entry) for entry in _entries(workspace, person_id, (Kind.BANNED,), 1)), None)


def _entries(
    workspace: Workspace, person_id: int, kinds: tuple[Kind, ...], limit: int | None = None
) -> Iterator[JournalEntry]:
    found = JournalEntry.objects.filter(workspace=workspace, person_id=person_id, kind__in=kinds)
    yield from found.order_by("-revision")[:limit]


def _origin(entry: JournalEntry) -> Origin:
    return Origin(entry.actor, entry.at, entry.revision)
