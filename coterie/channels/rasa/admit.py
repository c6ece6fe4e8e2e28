"""Rasa's tracker events, as an event broker passes them on: one, or a list of them."""

import datetime as dt
from typing import Any

from coterie.channels.answers import Rejected
from coterie.channels.events import MAX_EVENTS
from coterie.channels.kinds import Admitted, Delivery, Raw
from coterie.channels.models import Channel
from coterie.channels.proving import authorization, shown
from coterie.channels.shaping import digest, moment, native, parsed, stored, unnamed

# Events that are about a person, who must have a name then.
ABOUT_PEOPLE = frozenset(["user", "bot", "slot"])


def admit(channel: Channel, delivery: Delivery) -> Admitted:
    """Raises Rejected 401 for a wrong secret."""
    if delivery.method != "POST":
        raise Rejected(405, "events are sent with POST.")
    shown(channel, authorization(delivery), "as the token of Bearer in Authorization")
    data = parsed(delivery.body)
    items = data if isinstance(data, list) else [data]
    if not isinstance(data, dict | list) or len(items) > MAX_EVENTS:
        raise Rejected(400, f"expected an event or a list of at most {MAX_EVENTS:,} of them.")
    return Admitted(tuple(_raw(channel, item, delivery.received_at) for item in items))


def _raw(channel: Channel, item: Any, received_at: dt.datetime) -> Raw:
    if not isinstance(item, dict):
        return Raw(digest(item), "", received_at, refusal="This is not an object.")
    sender, event = native(item.get("sender_id"), 100), item.get("event")
    # Rasa calls everybody “default” whom the client gave no name: they would all become one person.
    nameless = sender in ("", "default")
    message_id = native(item.get("message_id"), 100) if event == "user" and not nameless else ""
    about_people = isinstance(event, str) and event in ABOUT_PEOPLE
    refusal = "It has no sender_id of its own; have your client send one." if nameless and about_people else ""
    return Raw(
        native_id=native(f"{sender}:{message_id}") if message_id else unnamed(item, item.get("timestamp"), received_at),
        # Nobody could find it again when whoever it was about asks to be forgotten.
        body="" if refusal else stored(item),
        at=moment(item.get("timestamp"), received_at),
        user_id="" if nameless else f"rasa:{channel.public_id}:{sender}",
        refusal=refusal,
    )
