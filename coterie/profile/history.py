"""Where the values of a person come from: who or what set each, when, and what they were before. From the journal."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from coterie.accounts.models import Workspace
from coterie.chats.models import Chat, Message
from coterie.core.ids import from_public, ids_since, to_public
from coterie.journal.models import JournalEntry, Kind
from coterie.people.attributes import Value

# So many of the newest entries are looked at for the page of a person; older values say nothing there.
RECENT = 500
# New people of an operation get their first values with the entry that makes them.
_VALUES = (Kind.SET, Kind.UNSET, Kind.CREATED)
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


def origins(workspace: Workspace, person_id: int) -> dict[str, Origin]:
    """Attribute → where its present value comes from: one query. What was set long ago is missing."""
    found: dict[str, Origin] = {}
    for entry in _entries(workspace, person_id, _VALUES, RECENT):
        for key in entry.after or {}:
            found.setdefault(key, _origin(entry))
    return found


def session_origins(workspace: Workspace, person_id: int, chat: Chat) -> dict[str, Origin]:
    """The same for values of a chat that were corrected or removed by hand; what it collected itself is missing."""
    found: dict[str, Origin] = {}
    for entry in _entries(workspace, person_id, (Kind.SESSION,), RECENT):
        after = entry.after or {}
        if after.get("chat") == chat.public_id:
            for key in after["values"] | (entry.before or {}).get("values", {}):
                found.setdefault(key, _origin(entry))
    return found


def past(workspace: Workspace, person_id: int, key: str) -> list[Former]:
    """Every value that an attribute of the person had, the present one first."""
    return [
        Former((entry.after or {}).get(key), _origin(entry))
        for entry in _entries(workspace, person_id, _VALUES)
        if key in (entry.before or {}) or key in (entry.after or {})
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
