"""Slack as the sender: it signs with Slack's own library."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from slack_sdk.signature import SignatureVerifier

from coterie.channels.models import Channel

SECRET = "slack-secret"


def signed(body: bytes, secret: str = SECRET, at: float | None = None) -> dict[str, str]:
    """The headers that Slack sends with this body."""
    stamp = str(int(time.time() if at is None else at))
    try:
        signature = SignatureVerifier(secret).generate_signature(timestamp=stamp, body=body)
        assert signature is not None
    except UnicodeDecodeError:  # Slack's library signs text only; somebody who knows the secret need not.
        digest = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        signature = f"v0={digest}"
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature}


def delivery(event: dict[str, Any], event_id: str = "Ev0Q1", **envelope: Any) -> dict[str, Any]:
    """An event in Slack's envelope."""
    return {
        "token": "an-old-proof",
        "team_id": "T77",
        "api_app_id": "A9",
        "type": "event_callback",
        "event_id": event_id,
        "event_time": 1788000000,
        "authorizations": [{"enterprise_id": None, "team_id": "T77", "user_id": "U0BOT", "is_bot": True}],
        "is_ext_shared_channel": False,
        "event": event,
        **envelope,
    }


def message(text: str = "hi bot", ts: str = "1788000000.000200", user: str = "U31", **fields: Any) -> dict[str, Any]:
    """A direct message."""
    return {
        "type": "message",
        "channel": "D55",
        "channel_type": "im",
        "user": user,
        "text": text,
        "client_msg_id": "4f0c",
        "ts": ts,
        "event_ts": ts,
        "team": "T77",
        **fields,
    }


@pytest.fixture
def slack() -> Callable[..., HttpResponse]:
    """Sends a delivery as Slack does; `headers` replace its own."""
    client = Client(raise_request_exception=True)

    def send(channel: Channel, data: Any, headers: dict[str, str] | None = None, **more: Any) -> HttpResponse:
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        return client.post(
            f"/channels/slack/{channel.key}",
            body,
            content_type=more.pop("content_type", "application/json"),
            headers={**(signed(body) if headers is None else headers), **more},
        )

    return send
