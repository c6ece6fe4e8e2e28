"""What Messenger's events mean. A person writes, presses a button or follows a link; the rest is about messages."""

import json
from collections.abc import Mapping
from typing import Any

from coterie.channels.events import MAX_MESSAGE, Event
from coterie.channels.kinds import Reading
from coterie.channels.messenger.people import is_echo, user_id_of
from coterie.channels.models import Channel, RawEvent
from coterie.channels.shaping import custom, inner, known, native, objects, text
from coterie.chats.models import Sender
from coterie.people.attributes import Value

# What a person did without words.
_ACTS = ("referral", "optin")


def read(channel: Channel, raw: RawEvent) -> Reading:
    """The events of one item; it may carry several keys, and all of them count."""
    body = json.loads(raw.body)
    kind = text(body.get("type"), 60)
    if kind == "deletion":
        return Reading(note="Kept; somebody has to erase this person by hand.")
    item = body.get("item")
    if not isinstance(item, dict):
        return Reading(note="Kept; nothing is done with what is no conversation.")
    who = user_id_of(body)
    events = _said(item, raw, who) if who else []
    if not events:
        return Reading(note=f"Kept; nothing is done with “{kind}”.")
    by_person = events[0].sender == Sender.USER
    # Without a token nobody can be asked.
    return Reading(tuple(events), look_up=(who,) if by_person and "page_token" in channel.secrets else ())


def _said(item: Mapping[str, Any], raw: RawEvent, who: str) -> list[Event]:
    message, postback = item.get("message"), item.get("postback")
    by_page = is_echo(item) or not who.endswith(f":{_sender(item)}")
    attributes = {} if by_page else _referral(item)
    events: list[Event] = []
    if isinstance(message, dict) and not message.get("is_deleted"):
        words = text(message.get("text"), MAX_MESSAGE) or ", ".join(_attachments(message))
        sender = Sender.BOT if by_page else Sender.USER
        events.append(_event(message, raw, who, sender=sender, message=words, attributes=attributes))
    if isinstance(postback, dict) and not by_page:
        words = text(postback.get("title"), MAX_MESSAGE) or text(postback.get("payload"), MAX_MESSAGE)
        events.append(_event(postback, raw, who, message=words, attributes=attributes))
    if not events and not by_page and any(isinstance(item.get(act), dict) for act in _ACTS):
        events.append(_event({}, raw, who, acted=True, attributes=attributes))
    return events


def _sender(item: Mapping[str, Any]) -> str:
    return native(inner(item, "sender").get("id"), 60)


def _event(part: Mapping[str, Any], raw: RawEvent, who: str, **fields: Any) -> Event:
    return Event(message_id=native(part.get("mid")) or raw.native_id, user_id=who, at=raw.at, **fields)


def _referral(item: Mapping[str, Any]) -> dict[str, Value]:
    """Where the person came from: a link, an advertisement, a plugin."""
    places = [item, *(item[name] for name in ("postback", "message") if isinstance(item.get(name), dict))]
    found: dict[str, Value] = {}
    for place in places:
        for name in _ACTS:
            part = place.get(name)
            if isinstance(part, dict):
                kept = {f"referral_{key}": part.get(key) for key in ("source", "type", "ad_id")}
                found |= custom(kept)[0] | known(referrer=part.get("ref"))
    return found


def _attachments(message: Mapping[str, Any]) -> list[str]:
    """What they are called, or what they are."""
    words = []
    for one in objects(message.get("attachments")):
        words.append(
            text(inner(one, "payload").get("title"), 200) or text(one.get("title"), 200) or text(one.get("type"), 40)
        )
    return [word for word in words if word]
