"""Botpress's messages: as its Messaging integration posts them, or a hook of the bot does, with the user beside."""

from collections.abc import Mapping
from typing import Any

from coterie.channels.answers import Rejected
from coterie.channels.kinds import Admitted, Delivery, Raw
from coterie.channels.models import Channel
from coterie.channels.proving import authorization, shown
from coterie.channels.shaping import inner, moment, native, parsed, stored, unnamed

HEADER = "X-BP-Secret"


def admit(channel: Channel, delivery: Delivery) -> Admitted:
    """Raises Rejected 401 for a wrong secret."""
    if delivery.method != "POST":
        raise Rejected(405, "messages are sent with POST.")
    given = authorization(delivery) or delivery.headers.get(HEADER, "")
    shown(
        channel,
        given or delivery.query.get("secret", ""),
        f"as the token of Bearer, in {HEADER}, or as ?secret= in the address",
    )
    data = parsed(delivery.body)
    if not isinstance(data, dict):
        raise Rejected(400, "expected an object.")
    if not given:  # Only an endpoint for what the bot says has no header.
        data = {"direction": "outgoing", **data}
    message = message_of(data)
    who = native(message.get("userId"), 100) or native(inner(data, "user").get("id"), 100)
    at = message.get("createdAt") or inner(data, "user").get("updatedAt")
    named = native(message.get("messageId")) or native(message.get("id"))
    raw = Raw(
        native_id=named or unnamed(data, at, delivery.received_at),
        body=stored({"type": "message" if message else "user", **data}),
        at=moment(at, delivery.received_at),
        user_id=f"botpress:{channel.public_id}:{who}" if who else "",
    )
    return Admitted((raw,))


def message_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """The message of a body, which may be all of it; empty when there is none."""
    if inner(data, "message"):
        return inner(data, "message")
    return dict(data) if "conversationId" in data or "payload" in data else {}
