"""A chat as its page shows it: days, turns, and in their places what was collected and done.

Everything in a message was written by strangers or by a bot that repeats them: texts are escaped, and an address
becomes a link only if it is a web address.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from coterie.audience.models import Scope
from coterie.chats.models import Message, Sender
from coterie.chats.words import Sought, marks
from coterie.web.archive_list import marked

_LONGEST_VALUE = 300


@dataclass(frozen=True, slots=True)
class Link:
    """A file or image that came with a message; `url` is empty when it is no web address."""

    name: str
    url: str
    icon: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A button that was shown, and whether the person pressed it."""

    title: str
    taken: bool


@dataclass(frozen=True, slots=True)
class Report:
    """Something that happened beside the talk: `words` with `what` in bold."""

    icon: str
    words: str
    key: str = ""
    what: str = ""
    more: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the transcript: a new day, a turn or a report; a turn is what has a `message`."""

    day: dt.date | None = None
    report: Report | None = None
    message: Message | None = None
    text: SafeString = field(default_factory=SafeString)
    links: Sequence[Link] = ()
    choices: Sequence[Choice] = ()
    unsure: bool = False
    refused: bool = False
    hit: bool = False
    aimed: bool = False

    @property
    def from_bot(self) -> bool:
        """Whether the bot wrote it."""
        return self.message is not None and self.message.sender == Sender.BOT


@dataclass(frozen=True, slots=True)
class Context:
    """What all lines share: hidden attributes, names of segments by public id, what is searched for, and the message
    that the address leads to."""

    hidden: Mapping[Scope, frozenset[str]]
    segments: Mapping[str, str]
    wanted: Sought | None = None
    aim: int | None = None


def items(messages: Sequence[Message], context: Context) -> Iterator[Item]:
    """The lines of some messages of a chat, in order."""
    day: dt.date | None = None
    for number, message in enumerate(messages):
        today = timezone.localtime(message.at).date()
        if today != day:
            yield Item(day=today)
            day = today
        if message.sender != Sender.EVENT:
            yield _turn(message, messages[number + 1 :], context)
        for report in reports(message.payload or {}, context):
            yield Item(report=report)


def _turn(message: Message, behind: Sequence[Message], context: Context) -> Item:
    payload = message.payload or {}
    found = marks(message.text, context.wanted) if context.wanted and message.text else []
    return Item(
        message=message,
        text=marked(message.text, found),
        links=[*_links(payload)],
        choices=_choices(payload, behind),
        unsure=payload.get("understood") is False,
        refused=payload.get("refused") is True,
        hit=bool(found),
        aimed=message.id == context.aim,
    )


def _links(payload: Mapping[str, Any]) -> Iterator[Link]:
    if image := payload.get("image"):
        yield Link(_file_name(str(image)) or _("image"), web_address(str(image)), "image")
    for file in payload.get("files", ()):
        url = str(file.get("url", ""))
        yield Link(str(file.get("name") or url)[:200], web_address(url), "file")


def web_address(text: str) -> str:
    """The address if a browser may be sent there, otherwise nothing: no scripts, no files, no tricks with spaces."""
    try:
        parts = urlsplit(text)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return ""
    return text if fine and not any(sign.isspace() or not sign.isprintable() for sign in text) else ""


def _file_name(url: str) -> str:
    return url.partition("?")[0].partition("#")[0].rstrip("/").rpartition("/")[2][:80]


def _choices(payload: Mapping[str, Any], behind: Sequence[Message]) -> list[Choice]:
    """The buttons of a message. One was pressed if the person's next words are its title or what it sends."""
    buttons = payload.get("buttons", ())
    if not buttons:
        return []
    answer = next((message.text for message in behind if message.sender == Sender.USER), None)
    taken = next((b for b in buttons if answer in (b["title"], b["payload"])), None) if answer else None
    return [Choice(button["title"], button is taken) for button in buttons]


def reports(payload: Mapping[str, Any], context: Context) -> Iterator[Report]:
    """What came with a message, or instead of one."""
    for name, scope in (("sessionAttributes", Scope.SESSION), ("attributes", Scope.PERSON)):
        for key, value in payload.get(name, {}).items():
            if key not in context.hidden[scope]:
                yield Report("braces", _("Collected"), key=key, what=_value(value))
    for name, words in (("join", _("Added to segment")), ("leave", _("Removed from segment"))):
        for segment in payload.get(name, ()):
            yield Report("segments", words, what=context.segments.get(segment, segment))
    for action in payload.get("actions", ()):
        failed, more = not action.get("ok", True), str(action.get("detail", ""))
        words = _("failed") if failed else _("done")
        said = f"{words}: {more}" if more else words
        yield Report("warn" if failed else "bolt", "", what=str(action["name"]), more=said, failed=failed)


def _value(value: Any) -> str:
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    return text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "…"
