"""Messenger's deliveries, while Meta waits: the handshake, the signature, taking a batch apart.

One delivery may carry a thousand items of several pages; each becomes an event of its own.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from coterie.channels.answers import Rejected
from coterie.channels.graph import handshake, signed
from coterie.channels.kinds import Admitted, Delivery, Raw
from coterie.channels.messenger.deletion import asked, is_deletion, status
from coterie.channels.messenger.people import user_id_of
from coterie.channels.models import Channel
from coterie.channels.shaping import digest, inner, moment, native, objects, stored

# What an item may be about; it is told by the key that it has.
_ABOUT = ("message", "postback", "referral", "optin", "delivery", "read", "reaction", "account_linking")


def admit(channel: Channel, delivery: Delivery) -> Admitted:
    """Raises Rejected 401 for a wrong signature, 403 for a wrong verify token."""
    if delivery.method == "GET":
        return status(delivery) if "deletion" in delivery.query else handshake(channel, delivery)
    if delivery.method != "POST":
        raise Rejected(405, "Messenger sends its events with POST.")
    if is_deletion(delivery):
        return asked(channel, delivery)
    data = signed(channel, delivery)
    return Admitted(tuple(_raws(data, delivery.received_at)))


def _raws(data: Mapping[str, Any], received_at: dt.datetime) -> Iterator[Raw]:
    entries = objects(data.get("entry"))
    for entry in entries:
        # Standby: another app holds the conversation, but it is the same person who writes.
        items = [*objects(entry.get("messaging")), *objects(entry.get("standby"))]
        for item in items:
            yield _raw(data, entry, item, received_at)
        if not items:
            yield _rest({**data, "entry": [entry]}, received_at)
    if not entries:
        yield _rest(data, received_at)


def _rest(data: Mapping[str, Any], received_at: dt.datetime) -> Raw:
    """Something else than a conversation: kept as it is."""
    return Raw(digest(data), stored({"type": "other", **data}), received_at)


def _raw(data: Mapping[str, Any], entry: Mapping[str, Any], item: dict[str, Any], received_at: dt.datetime) -> Raw:
    kind = next((name for name in _ABOUT if name in item), "other")
    body = {"type": kind, "object": data.get("object"), "page": entry.get("id"), "item": item}
    return Raw(
        native_id=_native_id(kind, body, item),
        body=stored(body),
        at=moment(item.get("timestamp"), moment(entry.get("time"), received_at)),
        user_id=user_id_of(body),
    )


def _native_id(kind: str, body: Mapping[str, Any], item: Mapping[str, Any]) -> str:
    """A message is known by its id. Only it: that it was removed, read or liked is said with the same id."""
    said = inner(item, kind)
    if kind not in ("message", "postback") or said.get("is_deleted"):
        return digest(body)
    return native(said.get("mid")) or digest(body)
