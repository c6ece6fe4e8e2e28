"""One chat of the archives: its page of the transcript, its person, what was collected in it."""

import datetime as dt
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from coterie.audience.audience import Audience
from coterie.audience.columns import hidden_keys
from coterie.audience.models import Scope
from coterie.audience.rows import Row, rows
from coterie.channels.models import Channel
from coterie.chats import excerpt
from coterie.chats.excerpt import Excerpt
from coterie.chats.models import Chat, Message
from coterie.core.clock import iso
from coterie.core.ids import from_public, to_public
from coterie.web.archive_query import Asked
from coterie.web.members import MemberRequest
from coterie.web.people import face, name_of
from coterie.web.turns import Context, Item, items
from coterie.web.unseen import seen

_KEY = re.compile(r'^(\s*)("(?:[^"\\]|\\.)*")(: )?(.*?)(,?)$', re.S)


@dataclass(frozen=True, slots=True)
class Reader:
    """What the page shows of a chat."""

    chat: Chat
    row: Row | None
    name: str
    face: SafeString
    channel: str
    items: list[Item]
    hits: int
    earlier: str
    later: str
    url: str
    session: list[tuple[str, Any]]
    json: SafeString
    segments: list[tuple[str, str]]
    notice: str = ""

    @property
    def title(self) -> str:
        """The story, or else whom the chat was with."""
        return self.chat.story or self.name

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return (self.chat.last_at - self.chat.started_at).total_seconds()

    @property
    def one_day(self) -> bool:
        """Whether it ended on the day on which it began, give or take a time zone."""
        return self.chat.last_at - self.chat.started_at < dt.timedelta(hours=12)


def reader_of(request: MemberRequest, audience: Audience, asked: Asked, chat: Chat) -> Reader:
    """The part of the chat that the address asks for."""
    hidden = hidden_keys(request.workspace.pk)
    segments = audience.catalogue.segment_names
    found, aim, notice = _part(request, asked, chat)
    people = rows(audience.catalogue, [chat.person_id])
    row = people[0] if people else None
    context = Context(hidden, segments, asked.wanted.text, aim)
    shown = [*items(found.messages, context)]
    channel = Channel.objects.filter(workspace=request.workspace, id=chat.channel_id).first()
    session = {key: value for key, value in chat.attributes.items() if key not in hidden[Scope.SESSION]}

    def beside(name: str, at: int) -> str:
        return asked.url(chat.public_id, **{name: to_public(found.messages[at].id)})

    return Reader(
        chat=chat,
        row=row,
        name=name_of(row) if row else _("Someone"),
        face=face(row) if row else SafeString(),
        channel=channel.name if channel else chat.source,
        items=shown,
        hits=sum(item.hit for item in shown),
        earlier=beside("earlier", 0) if found.earlier else "",
        later=beside("later", -1) if found.later else "",
        url=asked.url(chat.public_id),
        session=list(session.items()),
        json=_coloured(as_object(chat, session)),
        segments=[(key, segments[key]) for key in map(to_public, row.segments if row else ()) if key in segments],
        notice=notice,
    )


def _part(request: MemberRequest, asked: Asked, chat: Chat) -> tuple[Excerpt, int | None, str]:
    """The messages to show, the id of the one that the address leads to, and what was wrong with the address."""
    aim = _named(request, chat, "message")
    if aim is not None:
        return excerpt.around(chat, aim), aim.id, ""
    if (mark := _named(request, chat, "earlier")) is not None:
        return excerpt.earlier_than(chat, mark), None, ""
    if (mark := _named(request, chat, "later")) is not None:
        return excerpt.later_than(chat, mark), None, ""
    if request.GET.keys() & {"message", "earlier", "later"}:
        return excerpt.beginning(chat), None, _("That message is not in this chat; this is its beginning.")
    if asked.wanted.text and (hit := excerpt.first_hit(chat, asked.wanted.text)) is not None:
        return excerpt.around(chat, hit), None, ""
    return excerpt.beginning(chat), None, ""


def _named(request: MemberRequest, chat: Chat, name: str) -> Message | None:
    return excerpt.message_of(chat, from_public(request.GET.get(name, "")) or 0)


def as_object(chat: Chat, session: Mapping[str, Any]) -> dict[str, Any]:
    """The chat as JSON shows it, without what was said."""
    return {
        "id": chat.public_id,
        "sessionId": chat.session_id,
        "userId": to_public(chat.person_id),
        "integration": chat.source,
        "story": chat.story,
        "startedAt": iso(chat.started_at),
        "lastAt": iso(chat.last_at),
        "messages": chat.messages,
        "sessionAttributes": dict(session),
    }


def _coloured(content: Mapping[str, Any]) -> SafeString:
    """JSON over several lines, escaped; names and texts have a colour of their own."""
    return mark_safe("\n".join(map(_line, seen(json.dumps(content, ensure_ascii=False, indent=2)).split("\n"))))  # noqa: S308


def _line(line: str) -> str:
    found = _KEY.match(line)
    if found is None:
        return escape(line)
    space, text, colon, rest, comma = found.groups()
    if colon is None:
        return f"{space}<i>{escape(text)}</i>{escape(rest)}{comma}"
    value = f"<i>{escape(rest)}</i>" if rest.startswith('"') else escape(rest)
    return f"{space}<b>{escape(text)}</b>{colon}{value}{comma}"
