"""WhatsApp's deliveries, while Meta waits: the handshake, the signature, taking a batch apart."""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from coterie.channels.answers import Rejected
from coterie.channels.graph import handshake, signed
from coterie.channels.kinds import Admitted, Delivery, Raw
from coterie.channels.models import Channel
from coterie.channels.shaping import digest, inner, moment, native, objects, stored, text
from coterie.channels.whatsapp.people import contact_of, native_id, user_id_of


def admit(channel: Channel, delivery: Delivery) -> Admitted:
    """Raises Rejected 401 for a wrong signature, 403 for a wrong verify token."""
    if delivery.method == "GET":
        return handshake(channel, delivery)
    if delivery.method != "POST":
        raise Rejected(405, "WhatsApp sends its events with POST.")
    return Admitted(tuple(_raws(signed(channel, delivery), delivery.received_at)))


def _raws(data: Mapping[str, Any], received_at: dt.datetime) -> Iterator[Raw]:
    entries = objects(data.get("entry"))
    changes = [(entry, change) for entry in entries for change in objects(entry.get("changes"))]
    for entry, change in changes:
        value = inner(change, "value")
        messages = objects(value.get("messages")) if change.get("field") == "messages" else []
        for message in messages:
            yield _raw(entry, value, message, received_at)
        statuses = objects(value.get("statuses"))
        for status in statuses:
            # So that it goes when whoever it was sent to is forgotten.
            to = native_id({"account": entry.get("id")}, native(status.get("recipient_id"), 60))
            yield _rest("status", status, status.get("timestamp"), received_at, to)
        if not messages and not statuses:
            yield _rest(text(change.get("field"), 60), {**entry, "changes": [change]}, None, received_at)
    if not changes:
        yield _rest("other", dict(data), None, received_at)


def _rest(kind: str, about: dict[str, Any], when: Any, received_at: dt.datetime, who: str = "") -> Raw:
    """Something that no person said: kept as it is."""
    return Raw(digest(kind, about), stored({**about, "type": kind}), moment(when, received_at), who)


def _raw(entry: Mapping[str, Any], value: Mapping[str, Any], message: Mapping[str, Any], at: dt.datetime) -> Raw:
    body = {
        "type": text(message.get("type"), 60) or "message",
        "account": entry.get("id"),
        "metadata": value.get("metadata"),
        "contact": contact_of(value, message),
        "message": message,
    }
    return Raw(
        native_id=native(message.get("id")) or digest(body),
        body=stored(body),
        at=moment(message.get("timestamp"), at),
        user_id=user_id_of(body),
    )
