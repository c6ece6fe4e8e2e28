"""LiveChat's deliveries, while LiveChat waits (about 10 seconds): the secret key in the body, what to store.

There is neither a signature nor an id of the delivery, so the id is made of what it is about.
"""

import datetime as dt
import hmac
from collections.abc import Mapping
from typing import Any

from coterie.channels.answers import Rejected
from coterie.channels.kinds import Admitted, Delivery, Raw
from coterie.channels.livechat.people import user_id_of
from coterie.channels.models import Channel
from coterie.channels.shaping import digest, inner, moment, native, parsed, stored, text

# A delivery without an id of its own is told from the next one like it by its time; retries come within a minute.
_APART = 600


def admit(channel: Channel, delivery: Delivery) -> Admitted:
    """Raises Rejected 401 for a wrong secret key."""
    if delivery.method != "POST":
        raise Rejected(405, "LiveChat sends its events with POST.")
    data = parsed(delivery.body)
    if not isinstance(data, dict):
        raise Rejected(400, "expected an object.")
    given, secret = data.pop("secret_key", None), channel.secret("secret") or ""
    right = isinstance(given, str) and hmac.compare_digest(secret.encode(), given.encode("utf-8", "replace"))
    if not secret or not right:
        raise Rejected(401, "the secret key is not that of this channel.")
    return Admitted((_raw(data, delivery.received_at),))


def _raw(data: Mapping[str, Any], received_at: dt.datetime) -> Raw:
    return Raw(
        native_id=_native_id(data, received_at),
        body=stored({"type": text(data.get("action"), 60), **data}),
        at=_at(data, received_at),
        user_id=user_id_of(data),
    )


def _native_id(data: Mapping[str, Any], received_at: dt.datetime) -> str:
    action, payload = text(data.get("action"), 60), inner(data, "payload")
    match action:
        case "incoming_chat":
            chat = inner(payload, "chat")
            parts = [chat.get("id"), inner(chat, "thread").get("id")]
        case "incoming_event":
            parts = [payload.get("chat_id"), payload.get("thread_id"), inner(payload, "event").get("id")]
        case "chat_deactivated":
            parts = [payload.get("chat_id"), payload.get("thread_id")]
        case "event_updated" | "event_deleted":
            return digest(action, payload)
        # The same again may be a retry or come after something else: `reading` looks what came before.
        case "customer_session_fields_updated" | "incoming_rich_message_postback":
            return digest(action, payload, received_at.isoformat())
        case _:
            return digest(action, payload, int(received_at.timestamp()) // _APART)
    ids = [native(part) for part in parts]
    return native(":".join([action, *ids])) if all(ids) else digest(action, payload)


def _at(data: Mapping[str, Any], received_at: dt.datetime) -> dt.datetime:
    payload = inner(data, "payload")
    if data.get("action") == "incoming_chat":
        return moment(inner(inner(payload, "chat"), "thread").get("created_at"), received_at)
    if data.get("action") == "incoming_event":
        return moment(inner(payload, "event").get("created_at"), received_at)
    return received_at
