"""Slack's deliveries, while Slack waits (at most 3 seconds): the signature, the handshake, what to store."""

import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from coterie.channels.answers import Rejected
from coterie.channels.kinds import Admitted, Delivery, Raw
from coterie.channels.models import Channel
from coterie.channels.shaping import digest, inner, moment, native, parsed, stored
from coterie.channels.slack.people import native_id, user_id_of

# Seconds that a signature is good for, as Slack's own libraries have it.
TOLERANCE = 300
_FORM = "application/x-www-form-urlencoded"


def admit(channel: Channel, delivery: Delivery) -> Admitted:
    """Raises Rejected 401 for a signature that is missing, wrong, or too old."""
    if delivery.method != "POST":
        raise Rejected(405, "Slack sends its events with POST.")
    verify(channel.secret("signing_secret") or "", delivery)
    data = _data(delivery)
    if not isinstance(data, dict):
        raise Rejected(400, "expected an object.")
    if data.get("type") == "url_verification":
        challenge = data.get("challenge")
        return Admitted(answer=challenge if isinstance(challenge, str) else "")
    _without_secrets(data)
    return Admitted((_raw(data, delivery.received_at),))


def verify(secret: str, delivery: Delivery) -> None:
    """Compares the signature of the raw body in constant time; raises Rejected 401."""
    stamp = delivery.headers.get("X-Slack-Request-Timestamp", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 12):
        raise Rejected(401, "the request carries no time of Slack's (X-Slack-Request-Timestamp).")
    if abs(delivery.received_at.timestamp() - int(stamp)) > TOLERANCE:
        raise Rejected(401, "the request is more than 5 minutes old; is the clock of this server right?")
    signed = b"v0:" + stamp.encode() + b":" + delivery.body
    expected = "v0=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    given = delivery.headers.get("X-Slack-Signature", "")
    if not secret or not hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace")):
        raise Rejected(401, "the signature is not that of this channel's signing secret.")


def _data(delivery: Delivery) -> Any:
    """JSON; or the form that slash commands and buttons arrive as, which is kept as it is."""
    if delivery.headers.get("Content-Type", "").partition(";")[0].strip().lower() != _FORM:
        return parsed(delivery.body)
    try:
        fields = dict(parse_qsl(delivery.body.decode("utf-8"), errors="strict", max_num_fields=200))
    except ValueError as error:
        raise Rejected(400, "the form cannot be read.") from error
    return {**fields, "type": "form"}


def _without_secrets(data: dict[str, Any]) -> None:
    """An old way to prove that Slack sent it, and where one may answer: whoever reads our tables shall not use them."""
    for name in ("token", "response_url", "response_urls"):
        data.pop(name, None)
    if data.get("type") == "form" and "payload" in data:
        inside = parsed(str(data["payload"]).encode())
        if isinstance(inside, dict):
            _without_secrets(inside)
        data["payload"] = stored(inside)


def _of_form(data: Mapping[str, Any]) -> str:
    """Of whom a slash command or a pressed button tells, so that it goes when they are forgotten."""
    try:
        inside = parsed(str(data.get("payload") or "{}").encode())
    except Rejected:
        inside = {}
    user, team = inner(inside, "user"), inner(inside, "team")
    return native_id(
        data.get("team_id") or team.get("id") or user.get("team_id"), data.get("user_id") or user.get("id")
    )


def _raw(data: dict[str, Any], received_at: dt.datetime) -> Raw:
    event = data.get("event")
    event = event if isinstance(event, dict) else {}
    when = event.get("event_ts") or event.get("ts") or data.get("event_time")
    return Raw(
        native_id=native(data.get("event_id")) or digest(data),
        body=stored(data),
        at=moment(when, received_at),
        user_id=user_id_of(data, event) or _of_form(data),
    )
