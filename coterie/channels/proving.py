"""Secrets that a sender shows with every request, where there is no signature; and whether anybody showed one."""

import base64
import binascii
import hmac

from coterie.channels import traffic
from coterie.channels.answers import Rejected
from coterie.channels.kinds import Delivery, Denied, Field
from coterie.channels.models import Channel, RawEvent

SECRET = Field("secret", "Secret", "", ours=True)
_MINUTES = 10


def shown(channel: Channel, given: str, where: str) -> None:
    """Compares in constant time; raises Rejected 401, saying `where` the secret belongs."""
    secret = channel.secret("secret") or ""
    if not secret or not hmac.compare_digest(secret.encode(), given.encode("utf-8", "replace")):
        raise Rejected(401, f"the secret is not that of this channel ({where}).")


def authorization(delivery: Delivery) -> str:
    """What the Authorization header shows: the token of Bearer, the password of Basic; empty for anything else."""
    scheme, _, value = delivery.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


def heard(channel: Channel) -> str:
    """The test of a sender whom nobody can ask: whether something arrived. Raises Denied when nothing did."""
    rows = RawEvent.objects.filter(workspace_id=channel.workspace_id, channel_id=channel.id)
    last = rows.order_by("-id").values_list("received_at", flat=True).first()
    events, refused = traffic.lately(channel.workspace_id, _MINUTES).get(channel.id, (0, 0))
    # Anybody can send something with a wrong secret: beside events that arrive it says nothing about the sender.
    if refused and not events:
        raise Denied(f"Requests of the last {_MINUTES} minutes that did not show the secret above: {refused}.")
    if last is None:
        raise Denied("Nothing arrived in the last three days. Send something, then try this again.")
    return f"The last event arrived on {last:%Y-%m-%d} at {last:%H:%M:%S} (UTC)."
