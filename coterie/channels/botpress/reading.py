"""What Botpress's messages mean. Those of the bot come the same way, and are told by their direction."""

import json
from collections.abc import Mapping
from typing import Any

from coterie.channels.botpress.admit import message_of
from coterie.channels.events import MAX_MESSAGE, Event
from coterie.channels.kinds import Reading
from coterie.channels.mapping import mapped
from coterie.channels.models import Channel, RawEvent
from coterie.channels.shaping import inner, known, moment, native, text
from coterie.chats.models import Sender
from coterie.people.attributes import Value

# A message with one of these was made by the bot: they are its ids at Botpress.
_BY_BOT = ("botpressUserId", "botpressConversationId", "botpressMessageId")
# Kinds of messages that may have no words.
_HELD = frozenset(
    ["image", "audio", "video", "file", "location", "card", "carousel", "choice", "dropdown", "bloc", "markdown"]
)
# Where a user has what is known of them.
_PLACES = ("tags", "properties", "attributes")


def read(channel: Channel, raw: RawEvent) -> Reading:
    """The event of one message, or what is known of its user."""
    data = json.loads(raw.body)
    message, user = message_of(data), inner(data, "user")
    attributes = _attributes(channel, user)
    since = min(raw.at, moment(user.get("createdAt"), raw.at))
    if not raw.user_id:
        return Reading(note="Kept; it names nobody.")
    if not message:
        told = Event(raw.native_id, raw.user_id, raw.at, attributes=attributes, since=since)
        return Reading((told,), known_only=True)
    words = _words(message)
    if not words:
        return Reading(note="Kept; there is nothing in it.")
    said = Event(
        message_id=raw.native_id,
        user_id=raw.user_id,
        at=raw.at,
        sender=Sender.BOT if _by_bot(data, message) else Sender.USER,
        message=words,
        session_id=native(message.get("conversationId")) or None,
        attributes=attributes,
        since=since,
    )
    return Reading((said,))


def _by_bot(data: Mapping[str, Any], message: Mapping[str, Any]) -> bool:
    direction = message.get("direction") or data.get("direction")
    return direction == "outgoing" or (direction != "incoming" and any(name in message for name in _BY_BOT))


def _words(message: Mapping[str, Any]) -> str:
    payload = inner(message, "payload")
    words = (message.get("text"), *(payload.get(name) for name in ("text", "title", "value")))
    kind = text(message.get("type"), 60)
    return next((found for one in words if (found := text(one, MAX_MESSAGE))), kind if kind in _HELD else "")


def _attributes(channel: Channel, user: Mapping[str, Any]) -> dict[str, Value]:
    """Name and picture of the user, and what is mapped of the rest, which is much and mostly of the platform."""
    found: dict[str, Value] = {}
    for place in _PLACES:
        found |= mapped(channel, inner(user, place))[0]
    picture = text(user.get("pictureUrl"))
    return found | known(name=user.get("name"), avatar=picture if picture.startswith("https://") else "")
