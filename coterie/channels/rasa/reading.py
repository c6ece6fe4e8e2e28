"""What Rasa's tracker events mean. A person says something; slots are what the bot learned about them."""

import json
from collections.abc import Mapping
from typing import Any

from coterie.channels.events import MAX_MESSAGE, Event
from coterie.channels.kinds import Reading
from coterie.channels.mapping import mapped
from coterie.channels.models import Channel, RawEvent
from coterie.channels.shaping import custom, inner, text
from coterie.chats.models import Sender

# Slots of Rasa's own.
_INTERNAL = frozenset(["requested_slot", "session_started_metadata"])


def read(channel: Channel, raw: RawEvent) -> Reading:
    """The event of one tracker event."""
    item = json.loads(raw.body)
    kind = text(item.get("event"), 60)
    if raw.user_id and kind == "user":
        return _said(channel, item, raw)
    if raw.user_id and kind == "bot" and (words := text(item.get("text"), MAX_MESSAGE)):
        return Reading((Event(raw.native_id, raw.user_id, raw.at, Sender.BOT, words),))
    if raw.user_id and kind == "slot":
        return _learned(channel, item, raw)
    return Reading(note=f"Kept; nothing is done with “{kind}”.")


def _said(channel: Channel, item: Mapping[str, Any], raw: RawEvent) -> Reading:
    words, metadata = text(item.get("text"), MAX_MESSAGE), inner(item, "metadata")
    injected = words.startswith(("/", "EXTERNAL:")) or metadata.get("is_external") is True
    if injected or not words:
        return Reading(note="Kept; a program triggered it, nobody said it.")
    attributes, rest = mapped(channel, metadata)
    said = Event(
        message_id=raw.native_id,
        user_id=raw.user_id,
        at=raw.at,
        message=words,
        attributes=attributes,
        session_attributes=custom(rest)[0],
    )
    return Reading((said,))


def _learned(channel: Channel, item: Mapping[str, Any], raw: RawEvent) -> Reading:
    name = text(item.get("name"), 200)
    attributes, rest = mapped(channel, {name: item.get("value")}, told=True)
    attributes |= custom(rest)[0]
    if name in _INTERNAL or not attributes:
        return Reading(note=f"Kept; the slot “{name[:60]}” tells nothing about the person.")
    return Reading((Event(raw.native_id, raw.user_id, raw.at, attributes=attributes),))
