"""Telegram's deliveries, while Telegram waits: the secret token, what to store."""

from coterie.channels.answers import Rejected
from coterie.channels.kinds import Admitted, Delivery, Raw
from coterie.channels.models import Channel
from coterie.channels.proving import shown
from coterie.channels.shaping import digest, inner, moment, native, parsed, stored
from coterie.channels.telegram.people import kind_of, user_id_of


def admit(channel: Channel, delivery: Delivery) -> Admitted:
    """Raises Rejected 401 for a wrong secret token."""
    if delivery.method != "POST":
        raise Rejected(405, "Telegram sends its updates with POST.")
    header = "X-Telegram-Bot-Api-Secret-Token"
    shown(channel, delivery.headers.get(header, ""), header)
    update = parsed(delivery.body)
    if not isinstance(update, dict):
        raise Rejected(400, "expected an object.")
    kind = kind_of(update)
    raw = Raw(
        native_id=native(update.get("update_id")) or digest(update),
        body=stored({"type": kind, **update}),
        at=moment(inner(update, kind).get("date"), delivery.received_at),
        user_id=user_id_of(update),
    )
    return Admitted((raw,))
