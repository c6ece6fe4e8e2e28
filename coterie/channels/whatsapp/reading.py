"""What WhatsApp's events mean. A person writes, chooses or reacts; what became of our messages is about nobody."""

import json
from collections.abc import Mapping
from typing import Any

from coterie.channels.events import MAX_MESSAGE, Event
from coterie.channels.kinds import Reading
from coterie.channels.models import Channel, RawEvent
from coterie.channels.shaping import inner, native, text
from coterie.channels.whatsapp.people import attributes_of, ids_of, native_id

# What a person does without words; what WhatsApp does not show us they said all the same.
_ACTS = frozenset(["reaction", "request_welcome", "unsupported", "unknown"])
_SAID = frozenset(
    [
        *("text", "interactive", "button", "image", "video", "audio", "voice", "document", "sticker"),
        *("location", "contacts", "order"),
    ]
)


def read(_channel: Channel, raw: RawEvent) -> Reading:
    """The event of one message."""
    body = json.loads(raw.body)
    message, kind = inner(body, "message"), text(body.get("type"), 60)
    if not raw.user_id or kind not in _ACTS | _SAID:
        return Reading(note=f"Kept; nothing is done with “{kind}”.")
    lasting, number = ids_of(body)
    said = Event(
        message_id=raw.native_id,
        user_id=raw.user_id,
        at=raw.at,
        message=_words(message, kind) if kind in _SAID else None,
        acted=kind in _ACTS,
        session_id=native(message.get("group_id")) or None,
        attributes=attributes_of(body),
    )
    # Whoever was known by their number alone is the same human.
    links = ((native_id(body, number), native_id(body, lasting)),) if lasting and number else ()
    return Reading((said,), links=links)


def _words(message: Mapping[str, Any], kind: str) -> str:
    part = inner(message, kind)
    if kind == "interactive":
        part = next(
            (inner(part, name) for name in ("button_reply", "list_reply", "nfm_reply") if inner(part, name)), {}
        )
    words = (part.get(name) for name in ("body", "text", "title", "caption", "filename", "name", "address"))
    return next((found for one in words if (found := text(one, MAX_MESSAGE))), kind)
