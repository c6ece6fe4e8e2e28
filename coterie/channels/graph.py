"""What all of Meta's platforms share (Messenger, WhatsApp): the handshake, the signature, calls of the Graph API."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from coterie.channels.answers import Rejected
from coterie.channels.kinds import Admitted, Delivery, Denied, Field, NotNow, api_url
from coterie.channels.models import Channel
from coterie.channels.shaping import inner, parsed, text
from coterie.core.outgoing import ask

API = "https://graph.facebook.com/v25.0"
# Meta's errors that are over by themselves: unknown, service, and too many calls of one sort or another.
_PASSING = frozenset([1, 2, 4, 17, 32, 341, 613, 80007])


APP_SECRET = Field("app_secret", "App secret", "Your app at developers.facebook.com, App settings, Basic.")
VERIFY_TOKEN = Field("verify_token", "Verify token", "", ours=True)
API_URL = api_url(f"Only for another version than {API}")


class GraphError(Denied):
    """The Graph API said no; with its numbers."""

    def __init__(self, message: str, code: int, subcode: int) -> None:
        super().__init__(message)
        self.code = code
        self.subcode = subcode


def handshake(channel: Channel, delivery: Delivery) -> Admitted:
    """The answer to Meta's question whether the address is ours; raises Rejected 403."""
    token = channel.secret("verify_token") or ""
    given = delivery.query.get("hub.verify_token", "")
    right = bool(token) and hmac.compare_digest(token.encode(), given.encode("utf-8", "replace"))
    if delivery.query.get("hub.mode") != "subscribe" or not right:
        raise Rejected(403, "this is not the verify token of this channel.")
    return Admitted(answer=delivery.query.get("hub.challenge", ""))


def signed(channel: Channel, delivery: Delivery) -> dict[str, Any]:
    """The object in a body with the right signature; raises Rejected 401 for any other, 400 for no object."""
    secret = channel.secret("app_secret") or ""
    expected = "sha256=" + hmac.new(secret.encode(), delivery.body, hashlib.sha256).hexdigest()
    given = delivery.headers.get("X-Hub-Signature-256", "")
    if not secret or not hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace")):
        raise Rejected(401, "the signature is not that of this channel's app secret (X-Hub-Signature-256).")
    data = parsed(delivery.body)
    if not isinstance(data, dict):
        raise Rejected(400, "expected an object.")
    return data


def call(channel: Channel, path: str, token: str, **fields: str) -> dict[str, Any]:
    """A GET of the Graph API; raises GraphError, NotNow or core.outgoing.OutgoingError."""
    base = str(channel.settings.get("api_url") or API).rstrip("/")
    answer = ask("GET", f"{base}/{path}?{urlencode({**fields, 'access_token': token})}")
    data = answer.data
    if answer.status == 429:
        raise NotNow("Meta asks us to wait.", answer.retry_after)
    if answer.status >= 500 or not isinstance(data, dict):
        raise NotNow(f"Meta answered {answer.status}.", answer.retry_after)
    error = data.get("error")
    if answer.status == 200 and error is None:
        return data
    error = inner(data, "error")
    code, subcode = _number(error, "code"), _number(error, "error_subcode")
    words = f"Meta answered “{text(error.get('message'), 200) or f'status {answer.status}'}”."
    if code in _PASSING:
        raise NotNow(words, answer.retry_after)
    raise GraphError(words, code, subcode)


def _number(error: Mapping[str, Any], name: str) -> int:
    value = error.get(name)
    return value if isinstance(value, int) else 0
