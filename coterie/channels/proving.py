"""Secrets that a sender shows with every request, where there is no signature."""

import base64
import binascii
import hmac

from coterie.channels.answers import Rejected
from coterie.channels.kinds import Delivery, Field
from coterie.channels.models import Channel

SECRET = Field("secret", "Secret", "", ours=True)


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
