"""What Telegram's updates mean. A person writes or presses a button; the rest tells of chats, channels and edits."""

import json
from collections.abc import Mapping
from typing import Any

from coterie.channels.events import MAX_MESSAGE, Event
from coterie.channels.kinds import Reading
from coterie.channels.models import Channel, RawEvent
from coterie.channels.shaping import custom, inner, known, native, objects, text
from coterie.channels.telegram.people import attributes_of, kind_of
from coterie.people.attributes import Value

# What a message may hold besides words. Others tell that somebody joined, that something was pinned, and so on.
_HELD = (
    *("photo", "video", "video_note", "voice", "audio", "document", "animation", "sticker"),
    *("location", "venue", "contact", "poll", "dice", "story", "paid_media", "checklist"),
)


def read(_channel: Channel, raw: RawEvent) -> Reading:
    """The event of one update."""
    update = json.loads(raw.body)
    kind = kind_of(update)
    about = inner(update, kind)
    # Who writes in the name of a business is its owner, in the chat of somebody else.
    by_owner = kind == "business_message" and inner(about, "chat").get("id") != inner(about, "from").get("id")
    if not raw.user_id or by_owner:
        return Reading(note=f"Kept; no human who chats with the bot sent this “{text(kind, 60)}”.")
    if kind in ("message", "business_message"):
        return _message(about, raw)
    if kind == "callback_query":
        return _pressed(about, raw)
    blocked = inner(about, "new_chat_member").get("status") == "kicked"
    words = "they blocked the bot" if blocked else f"nothing is done with “{text(kind, 60)}”"
    return Reading(note=f"Kept; {words}.")


def _message(message: Mapping[str, Any], raw: RawEvent) -> Reading:
    words = text(message.get("text"), MAX_MESSAGE) or text(message.get("caption"), MAX_MESSAGE)
    words = words or next((_held(message, name) for name in _HELD if message.get(name)), "")
    if not words:
        return Reading(note="Kept; this message tells of something that happened to the chat.")
    chat = _chat_of(message)
    said = Event(
        message_id=native(f"{chat}:{native(message.get('message_id'))}") if chat else raw.native_id,
        user_id=raw.user_id,
        at=raw.at,
        message=words,
        session_id=chat or None,
        attributes=attributes_of(inner(message, "from")) | _told(message, words),
    )
    return Reading((said,))


def _chat_of(message: Mapping[str, Any]) -> str:
    """The chat of a message. Those of a business are another account's, with the same people and numbers."""
    chat, account = native(inner(message, "chat").get("id")), native(message.get("business_connection_id"))
    return native(f"{account}:{chat}") if chat and account else chat


def _held(message: Mapping[str, Any], name: str) -> str:
    held = inner(message, name)
    return text(held.get("file_name") or held.get("title") or held.get("emoji"), 200) or name.replace("_", " ")


def _told(message: Mapping[str, Any], words: str) -> dict[str, Value]:
    """Where they came from, by the link that opened the bot; their own number, if they shared it."""
    command, _, start = words.partition(" ")
    found = known(referrer=start) if command == "/start" else {}
    contact, sender = inner(message, "contact"), inner(message, "from")
    if contact.get("user_id") == sender.get("id"):
        found |= custom({"phone": contact.get("phone_number")})[0]
    return found


def _pressed(query: Mapping[str, Any], raw: RawEvent) -> Reading:
    message, data = inner(query, "message"), text(query.get("data"), 200)
    rows = inner(message, "reply_markup").get("inline_keyboard")
    buttons = [button for row in (rows if isinstance(rows, list) else []) for button in objects(row)]
    title = next((text(one.get("text"), 200) for one in buttons if one.get("callback_data") == query.get("data")), "")
    pressed = Event(
        message_id=native(f"pressed:{native(query.get('id')) or raw.native_id}"),
        user_id=raw.user_id,
        at=raw.at,
        message=title or data,
        session_id=_chat_of(message) or None,
        attributes=attributes_of(inner(query, "from")),
    )
    return Reading((pressed,))
