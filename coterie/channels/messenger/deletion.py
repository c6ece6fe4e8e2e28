"""Meta's request to delete somebody's data, which comes when they remove the app.

It names them by an id that Meta uses nowhere else, so nobody can be found by it: it is kept as failed, for people to
see, and acknowledged with the address where Meta's user can look at what became of it.
"""

import base64
import binascii
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import parse_qs

from coterie.channels.answers import Rejected
from coterie.channels.kinds import Admitted, Delivery, Raw
from coterie.channels.models import Channel
from coterie.channels.shaping import digest, native, parsed, stored

_FORM = "application/x-www-form-urlencoded"
_BY_HAND = "Meta asks to erase somebody whom it names by an id of its own: find the person and erase them."


def is_deletion(delivery: Delivery) -> bool:
    """Whether it is a form; events are JSON."""
    return delivery.headers.get("Content-Type", "").partition(";")[0].strip().lower() == _FORM


def asked(channel: Channel, delivery: Delivery) -> Admitted:
    """Raises Rejected 401 for a wrong signature, 400 for what is no such request."""
    try:
        fields = parse_qs(delivery.body.decode("utf-8"), errors="strict", max_num_fields=50)
    except ValueError as error:
        raise Rejected(400, "the form cannot be read.") from error
    data = signed_request(channel.secret("app_secret") or "", fields.get("signed_request", [""])[0])
    user_id = native(data.get("user_id"), 60)
    code = digest(user_id, data.get("issued_at"))[:24]
    body = stored({"type": "deletion", "user_id": user_id, "issued_at": data.get("issued_at")})
    host = delivery.headers.get("Host", "")
    url = f"https://{host}/channels/messenger/{channel.key}?deletion={code}"
    answer = json.dumps({"url": url, "confirmation_code": code})
    raw = Raw(f"deletion:{code}", body, delivery.received_at, refusal=_BY_HAND)
    return Admitted((raw,), answer, "application/json")


def signed_request(secret: str, words: str) -> dict[str, Any]:
    """The object of `signature.payload`; the encoded payload is what is signed. Raises Rejected."""
    signature, _, payload = words.partition(".")
    expected = hmac.new(secret.encode(), payload.encode("utf-8", "replace"), hashlib.sha256).digest()
    if not secret or not hmac.compare_digest(expected, _decoded(signature)):
        raise Rejected(401, "the signature of the request is not that of this channel's app secret.")
    data = parsed(_decoded(payload))
    if not isinstance(data, dict) or data.get("algorithm") != "HMAC-SHA256":
        raise Rejected(400, "this is no signed request of Meta's.")
    return data


def _decoded(words: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(words + "=" * (-len(words) % 4))
    except (binascii.Error, ValueError):
        return b""


def status(delivery: Delivery) -> Admitted:
    """What to tell whoever asks about a request."""
    code = delivery.query["deletion"]
    shown = code if code.isalnum() and code.isascii() and len(code) <= 64 else "…"
    return Admitted(answer=f"Request {shown}: once received it is worked off by hand, within one month.")
