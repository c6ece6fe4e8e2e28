"""Proof of who a visitor is, made by the server of the page they are on, which knows them by their login.

The secret is the channel's and never leaves the two servers. Two forms:

    {"userId": "u-17", "hash": hex(HMAC-SHA256(secret, "u-17"))}
    {"token": a JWT, HS256, with `sub`, `exp` and, as wanted, `name`, `email`, `attributes`}

Only the second can vouch for attributes, and it ends.
"""

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

from django.utils.crypto import salted_hmac

from coterie.channels.answers import Rejected
from coterie.channels.models import Channel
from coterie.channels.widget.config import version_of
from coterie.channels.widget.visitors import UNKNOWN, Visitor
from coterie.core.text import FORBIDDEN, clean
from coterie.people.attributes import validated

MAX_TOKEN = 16_000
MAX_USER_ID = 256
# Seconds that the clocks of two servers may differ.
LEEWAY = 60
_WRONG = "The proof of who this visitor is does not fit. Look at the secret in Settings, Widgets, On your pages."


def secret_of(channel: Channel) -> str:
    """The channel's secret, 64 hex digits. It is derived from the server's own key, so it is stored nowhere."""
    about = f"{channel.workspace_id}:{channel.id}:{version_of(channel.settings)}"
    return salted_hmac("widget identity", about, algorithm="sha256").hexdigest()


def proved(channel: Channel, data: Mapping[str, Any]) -> Visitor:
    """The visitor whom this proves; raises Rejected (403) for a proof that is forged, over, or not one, and Refused for
    attributes outside the limits.
    """
    secret = secret_of(channel).encode()
    if "token" in data:
        claims = _claims(secret, data["token"])
        user_id, vouched = _user_id(claims.get("sub")), _vouched(claims)
    else:
        user_id, vouched = _user_id(data.get("userId")), {}
        given = data.get("hash")
        expected = hmac.new(secret, user_id.encode(), hashlib.sha256).hexdigest()
        if not isinstance(given, str) or not hmac.compare_digest(given.lower().encode(), expected.encode()):
            raise Rejected(403, _WRONG)
    return Visitor(user_id, True, vouched)


def _user_id(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    fine = isinstance(value, str) and 1 <= len(value) <= MAX_USER_ID and value == clean(value)
    if not fine or FORBIDDEN.search(value):
        raise Rejected(422, f"A user id has 1 to {MAX_USER_ID} characters and no white space around it.")
    if value.startswith(UNKNOWN):
        raise Rejected(422, f"Ids that begin with “{UNKNOWN}” are those of people whom nobody vouched for.")
    return str(value)


def _vouched(claims: Mapping[str, Any]) -> dict[str, Any]:
    named = {f"default_{name}": claims[name] for name in ("name", "email") if claims.get(name)}
    return {**validated(claims.get("attributes"), "attributes"), **validated(named, "token")}


def _claims(secret: bytes, token: Any) -> dict[str, Any]:
    """What a JWT says, once its signature and its times are right. Whatever algorithm it names, only ours counts."""
    if not isinstance(token, str) or len(token) > MAX_TOKEN or token.count(".") != 2:
        raise Rejected(403, _WRONG)
    signed, _, signature = token.rpartition(".")
    header, _, payload = signed.partition(".")
    try:
        given, kind = _decoded(signature), json.loads(_decoded(header))
        expected = hmac.new(secret, signed.encode("ascii"), hashlib.sha256).digest()
        if not isinstance(kind, dict) or kind.get("alg") != "HS256" or not hmac.compare_digest(given, expected):
            raise Rejected(403, _WRONG)
        claims = json.loads(_decoded(payload))
    except (ValueError, RecursionError) as error:
        raise Rejected(403, _WRONG) from error
    if not isinstance(claims, dict):
        raise Rejected(403, _WRONG)
    _in_time(claims)
    return claims


def _in_time(claims: Mapping[str, Any]) -> None:
    until, since = claims.get("exp"), claims.get("nbf", 0)
    if any(not isinstance(moment, int | float) or isinstance(moment, bool) for moment in (until, since)):
        raise Rejected(403, "The token needs `exp`, the second since 1970 when it ends.")
    if not since - LEEWAY <= time.time() < until + LEEWAY:  # type: ignore[operator]
        raise Rejected(403, "The token is over, or does not count yet. Have the page ask for a new one.")


def _decoded(part: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error
