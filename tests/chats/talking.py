"""Chats for tests, said through the door that channels use."""

import datetime as dt
import itertools
from collections.abc import Sequence
from typing import Any

from coterie.accounts.models import Workspace
from coterie.channels.events import Event
from coterie.channels.inbox import receive
from coterie.channels.models import Channel
from coterie.chats.models import Chat, Sender
from coterie.core.clock import UTC

START = dt.datetime(2026, 5, 1, 12, tzinfo=UTC)
_numbers = itertools.count(1)


def channel_of(workspace: Workspace, kind: str = "api", name: str = "App") -> Channel:
    """The channel of that name; made when it is not there."""
    found = Channel.objects.filter(workspace=workspace, name=name).first()
    return found or Channel.objects.create(workspace=workspace, kind=kind, name=name)


def talk(
    workspace: Workspace,
    *said: str | dict[str, Any],
    at: dt.datetime = START,
    who: str = "maya",
    channel: Channel | None = None,
    **fields: Any,
) -> Chat:
    """One chat: the person and the bot in turns, ten seconds apart, the person first.

    A dictionary is the fields of an `Event`; `fields` belong to the first one.
    """
    channel = channel or channel_of(workspace)
    session = fields.pop("session", None) or f"s-{next(_numbers)}"
    events = []
    for number, words in enumerate(said):
        own = {"message": words} if isinstance(words, str) else dict(words)
        own.setdefault("sender", Sender.BOT if number % 2 else Sender.USER)
        own.setdefault("at", at + dt.timedelta(seconds=10 * number))
        if number == 0:
            own |= fields
        events.append(Event(message_id=f"m-{next(_numbers)}", user_id=who, session_id=session, **own))
    receive(channel, events)
    return Chat.objects.filter(workspace=workspace, session_id=session).order_by("-id")[0]


def chat_ids(found: Sequence[Any]) -> list[int]:
    """The chats of a page."""
    return [each.chat.id for each in found]
