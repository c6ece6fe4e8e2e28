"""One event of a chat, as every channel hands it to the inbox, and the JSON form of it that custom integrations send.

    {"messageId": "m-1", "userId": "u-17", "sessionId": "s-1", "sender": "user", "message": "hello",
     "timestamp": "2026-11-23T17:40:00Z", "buttons": [{"title": "Yes", "payload": "yes"}], "image": "https://…",
     "files": [{"url": "https://…", "name": "invoice.pdf"}], "story": "Order help", "understood": true,
     "actions": [{"name": "order-lookup", "ok": false, "detail": "502 after 3 tries"}],
     "attributes": {…of the person…}, "sessionAttributes": {…of this chat…},
     "segments": {"add": ["Newsletter"], "remove": []},
     "context": {"url": …, "referrer": …, "ip": …, "language": …, "timezone": …}}

Only `userId` is required. `messageId` makes the event safe to send again: the same id on the same channel counts once.
"""

import datetime as dt
import ipaddress
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from coterie.chats.models import Sender
from coterie.core.cldr import ONE_NAME
from coterie.core.clock import EARLIEST, UTC, not_in_future, now
from coterie.core.text import FORBIDDEN, clean
from coterie.people.attributes import Refused, Value, validated

MAX_MESSAGE = 20_000
MAX_ID = 128
MAX_USER_ID = 256
MAX_EVENTS = 1_000
MAX_BUTTONS = 20
MAX_FILES = 20
MAX_ACTIONS = 20
MAX_STORY = 128
MAX_SEGMENTS = 100
_FIELDS = frozenset(
    [
        "messageId",
        "userId",
        "sessionId",
        "sender",
        "message",
        "timestamp",
        "buttons",
        "image",
        "files",
        "story",
        "understood",
        "actions",
        "attributes",
        "sessionAttributes",
        "segments",
        "context",
    ]
)
_CONTEXT = {"url": 1024, "referrer": 1024, "ip": 64, "language": 64, "timezone": 64}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a chat. `message` is None when nothing was said.

    `acted`: the person did this themselves, though without words. `corrections` are those of the attributes that hold
    although the event came late, because nobody wrote them since (see `channels.late`). `since`: they were there
    then already, as the sender knows.
    """

    message_id: str
    user_id: str
    at: dt.datetime
    sender: Sender = Sender.USER
    message: str | None = None
    session_id: str | None = None
    payload: dict[str, Any] | None = None
    attributes: Mapping[str, Value] = field(default_factory=dict)
    session_attributes: Mapping[str, Value] = field(default_factory=dict)
    join: tuple[str, ...] = ()
    leave: tuple[str, ...] = ()
    story: str | None = None
    acted: bool = False
    corrections: Mapping[str, Value] = field(default_factory=dict)
    since: dt.datetime | None = None

    @property
    def by_person(self) -> bool:
        """Whether it moves "last seen": only what a human did themselves does."""
        return self.sender == Sender.USER and (self.message is not None or self.acted)


def parse_events(data: Any) -> list[Event]:
    """The events of a request body, which is one event or a list of them; all or nothing. Raises Refused."""
    if not isinstance(data, list):
        return [_event(data, "event")]
    if not 1 <= len(data) <= MAX_EVENTS:
        raise Refused("events", f"{len(data)} events; 1 to {MAX_EVENTS} at a time.")
    return [_event(item, f"[{index}]") for index, item in enumerate(data)]


def _event(data: Any, where: str) -> Event:
    if not isinstance(data, dict):
        raise Refused(where, "expected an object.")
    if unknown := set(data) - _FIELDS:
        raise Refused(f"{where}.{sorted(unknown)[0][:80]}", f"unknown field; there are {', '.join(sorted(_FIELDS))}.")
    sender = data.get("sender") or Sender.USER
    if sender not in (Sender.USER, Sender.BOT):
        raise Refused(f"{where}.sender", "expected user or bot.")
    join, leave = _segments(data.get("segments"), f"{where}.segments")
    attributes = validated(data.get("attributes"), f"{where}.attributes")
    message = _text(data, "message", MAX_MESSAGE, where)
    shown, reported = _payload(data, where), _reported(data, where)
    return Event(
        message_id=_text(data, "messageId", MAX_ID, where) or uuid.uuid4().hex,
        user_id=_user_id(data, where),
        at=_time(data.get("timestamp"), f"{where}.timestamp"),
        sender=Sender(sender),
        message=message if message or not shown else "",
        session_id=_text(data, "sessionId", MAX_ID, where),
        payload={**shown, **reported} or None,
        attributes=normalised({**context_attributes(data.get("context"), f"{where}.context"), **attributes}),
        session_attributes=validated(data.get("sessionAttributes"), f"{where}.sessionAttributes", custom_only=True),
        join=join,
        leave=leave,
        story=_text(data, "story", MAX_STORY, where),
    )


def context_attributes(context: Any, where: str) -> dict[str, Value]:
    """`default_*` attributes from where a chat takes place; raises Refused. What is empty is left out."""
    if context is None:
        return {}
    if not isinstance(context, dict) or set(context) - set(_CONTEXT):
        raise Refused(where, f"expected an object with {', '.join(_CONTEXT)}.")
    found: dict[str, Value] = {}
    for name, longest in _CONTEXT.items():
        value = _text(context, name, longest, where)
        if value:
            found[f"default_{name}"] = value
    if "default_ip" in found:
        try:
            ipaddress.ip_address(str(found["default_ip"]))
        except ValueError as error:
            raise Refused(f"{where}.ip", "this is not an IP address.") from error
    if "default_timezone" in found and not is_time_zone(str(found["default_timezone"])):
        del found["default_timezone"]  # Browsers report made-up zones; a chat is not refused for that.
    return found


def is_time_zone(name: str) -> bool:
    """Whether there is a time zone of that name."""
    return name in _time_zones()


@cache
def _time_zones() -> frozenset[str]:
    """Read once: listing them walks a folder of 600 files."""
    return frozenset(available_timezones())


def normalised(attributes: dict[str, Value]) -> dict[str, Value]:
    """With one name per language and country."""
    for key, name in ONE_NAME.items():
        if key in attributes:
            attributes[key] = name(str(attributes[key]))
    return attributes


def _user_id(data: dict[str, Any], where: str) -> str:
    user_id = _text(data, "userId", MAX_USER_ID, where)
    if not user_id:
        raise Refused(f"{where}.userId", f"required: 1 to {MAX_USER_ID} characters that name the person.")
    return user_id


def _text(data: Mapping[str, Any], name: str, longest: int, where: str) -> str | None:
    value = data.get(name)
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and name in ("userId", "sessionId", "messageId"):
        value = str(value)
    if not isinstance(value, str):
        raise Refused(f"{where}.{name}", "expected a text.")
    if name.endswith("Id") and FORBIDDEN.search(value):
        raise Refused(f"{where}.{name}", "an id has no NUL character and no broken Unicode.")
    text = clean(value)
    if len(text) > longest:
        raise Refused(f"{where}.{name}", f"{len(text):,} characters; at most {longest:,}.")
    return text or None


def _time(value: Any, where: str) -> dt.datetime:
    """ISO 8601, or seconds or milliseconds since 1970; without one, now. A clock ahead of ours is set to now."""
    if value is None:
        return now()
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            moment = dt.datetime.fromtimestamp(value / 1000 if value >= 1e11 else value, UTC)
        elif isinstance(value, str):
            moment = dt.datetime.fromisoformat(value)
            moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
        else:
            raise TypeError
    except (ValueError, TypeError, OverflowError, OSError) as error:
        raise Refused(where, "expected ISO 8601 such as 2026-11-23T17:40:00Z, or milliseconds since 1970.") from error
    if moment < EARLIEST:
        raise Refused(where, "this is before the year 2000.")
    return not_in_future(moment.replace(microsecond=moment.microsecond // 1000 * 1000))


def _segments(value: Any, where: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if value is None:
        return (), ()
    if not isinstance(value, dict) or set(value) - {"add", "remove"}:
        raise Refused(where, "expected an object with add and remove.")
    lists = []
    for name in ("add", "remove"):
        items = value.get(name) or []
        if not isinstance(items, list) or len(items) > MAX_SEGMENTS or not all(isinstance(item, str) for item in items):
            raise Refused(f"{where}.{name}", f"expected a list of at most {MAX_SEGMENTS} segment names or ids.")
        lists.append(tuple(clean(item) for item in items))
    return lists[0], lists[1]


def _payload(data: dict[str, Any], where: str) -> dict[str, Any]:
    """What is shown with the words: without words, a message all the same."""
    payload: dict[str, Any] = {}
    if image := _text(data, "image", 2_000, where):
        payload["image"] = image
    for name, most, read in (("buttons", MAX_BUTTONS, _button), ("files", MAX_FILES, _file)):
        if items := _objects(data, name, most, where):
            payload[name] = [read(item, f"{where}.{name}[{index}]") for index, item in enumerate(items)]
    return payload


def _reported(data: dict[str, Any], where: str) -> dict[str, Any]:
    """What the bot tells about itself: that it did not understand, and what it did besides talking."""
    reported: dict[str, Any] = {}
    understood = data.get("understood")
    if understood is not None and not isinstance(understood, bool):
        raise Refused(f"{where}.understood", "expected true or false.")
    if understood is False:
        reported["understood"] = False
    if actions := _objects(data, "actions", MAX_ACTIONS, where):
        reported["actions"] = [_action(item, f"{where}.actions[{index}]") for index, item in enumerate(actions)]
    return reported


def _objects(data: dict[str, Any], name: str, most: int, where: str) -> list[dict[str, Any]]:
    items = data.get(name)
    if items is None:
        return []
    if not isinstance(items, list) or len(items) > most or not all(isinstance(item, dict) for item in items):
        raise Refused(f"{where}.{name}", f"expected a list of at most {most} objects.")
    return items


def _button(button: dict[str, Any], where: str) -> dict[str, str]:
    if set(button) - {"title", "payload"}:
        raise Refused(where, "a button has a title and a payload.")
    title = _text(button, "title", 200, where)
    if not title:
        raise Refused(f"{where}.title", "required.")
    return {"title": title, "payload": _text(button, "payload", 2_000, where) or title}


def _file(file: dict[str, Any], where: str) -> dict[str, str]:
    if set(file) - {"url", "name"}:
        raise Refused(where, "a file has a url and a name.")
    url = _text(file, "url", 2_000, where)
    if not url:
        raise Refused(f"{where}.url", "required.")
    return {"url": url, "name": _text(file, "name", 200, where) or url}


def _action(action: dict[str, Any], where: str) -> dict[str, Any]:
    if set(action) - {"name", "ok", "detail"}:
        raise Refused(where, "an action has a name, ok and a detail.")
    name, ok = _text(action, "name", 200, where), action.get("ok", True)
    if not name:
        raise Refused(f"{where}.name", "required.")
    if not isinstance(ok, bool):
        raise Refused(f"{where}.ok", "expected true or false.")
    return {"name": name, "ok": ok} | ({"detail": detail} if (detail := _text(action, "detail", 1_000, where)) else {})
