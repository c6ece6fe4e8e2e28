"""Meta as the sender and as the Graph API: what Messenger and WhatsApp share."""

import hashlib
import hmac
import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.http import HttpResponse
from django.test import Client

from coterie.channels.models import Channel
from tests.core.serving import Server, reply

SECRET = "app-secret"
TOKEN = "EAAB-page-token"


def signature(body: bytes, secret: str = SECRET) -> str:
    """`X-Hub-Signature-256` of a body."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def escaped(data: Any) -> bytes:
    """JSON as Meta writes it: everything beyond ASCII escaped, and slashes, too."""
    return json.dumps(data, separators=(",", ":")).replace("/", "\\/").encode()


def sender() -> Callable[..., HttpResponse]:
    """Sends a delivery as Meta does; `headers` replace its own."""
    client = Client(raise_request_exception=True)

    def send(channel: Channel, data: Any, headers: dict[str, str] | None = None, **more: Any) -> HttpResponse:
        body = data if isinstance(data, bytes) else escaped(data)
        own = {"X-Hub-Signature-256": signature(body)} if headers is None else headers
        return client.post(f"/channels/{channel.kind}/{channel.key}", body, "application/json", headers=own, **more)

    return send


Answering = Callable[[str, dict[str, str]], tuple[int, dict[str, Any]]]


class Graph:
    """The Graph API: versions in the path, tokens in the query, errors in their envelope. `answer` knows the rest."""

    def __init__(self, server: Server, answer: Answering) -> None:
        self.url = f"{server.url}/v25.0"
        self.tokens = {TOKEN}
        self.limited = 0
        self.down = False
        self.calls: list[str] = []
        self.answer = answer
        server.answer = self._answer

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        url = urlsplit(request.path)
        self.calls.append(url.path)
        if self.down:
            return reply(request, b"<html>Service Unavailable</html>", 503)
        fields = {name: values[0] for name, values in parse_qs(url.query).items()}
        if self.limited:
            self.limited -= 1
            status, said = failure("(#4) Application request limit reached", 4)
        elif not url.path.startswith("/v25.0/"):
            status, said = failure("Unknown path components", 2500)
        elif fields.get("access_token") not in self.tokens:
            status, said = failure("Invalid OAuth access token.", 190)
        else:
            status, said = self.answer(url.path.removeprefix("/v25.0/"), fields)
        return reply(request, json.dumps(said).encode(), status, Content_Type="application/json; charset=UTF-8")


def failure(message: str, code: int, subcode: int | None = None) -> tuple[int, dict[str, Any]]:
    """An error as the Graph API says it."""
    error: dict[str, Any] = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A1b2"}
    if subcode is not None:
        error["error_subcode"] = subcode
    return 400, {"error": error}
