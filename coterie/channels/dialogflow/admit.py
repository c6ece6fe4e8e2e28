"""Dialogflow's requests for a fulfilment, while the person waits for the bot's answer: `{}` at once."""

from collections.abc import Mapping
from typing import Any

from coterie.channels.answers import Rejected
from coterie.channels.dialogflow.people import user_id_of
from coterie.channels.kinds import Admitted, Delivery, Raw
from coterie.channels.models import Channel
from coterie.channels.proving import authorization, shown
from coterie.channels.shaping import native, parsed, stored, unnamed

HEADER = "X-Coterie-Secret"


def admit(channel: Channel, delivery: Delivery) -> Admitted:
    """Raises Rejected 401 for a wrong secret. The empty object leaves the bot's own answer as it is."""
    if delivery.method != "POST":
        raise Rejected(405, "Dialogflow sends its requests with POST.")
    given = authorization(delivery) or delivery.headers.get(HEADER, "")
    shown(channel, given, f"as the password of Basic auth, or in {HEADER}")
    data = parsed(delivery.body)
    if not isinstance(data, dict):
        raise Rejected(400, "expected an object.")
    native_id = _native_id(data) or unnamed(data, None, delivery.received_at)
    raw = Raw(native_id, stored({"type": _type(data), **data}), delivery.received_at, user_id_of(data))
    return Admitted((raw,), "{}", "application/json")


def _native_id(data: Mapping[str, Any]) -> str:
    return native(data.get("responseId")) or native(data.get("detectIntentResponseId"))


def _type(data: Mapping[str, Any]) -> str:
    return "CX" if "sessionInfo" in data else "ES" if "queryResult" in data else "other"
