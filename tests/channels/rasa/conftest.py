"""Rasa's event broker as the sender."""

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from coterie.accounts.models import Workspace
from coterie.channels.models import Channel
from coterie.channels.registry import KINDS
from coterie.channels.setup import make

SECRET = "a-secret"
BEARER = {"Authorization": f"Bearer {SECRET}"}
AT = 1788000000.25


def user(text: str = "where is my order", message_id: str = "9b1c", at: float = AT, **fields: Any) -> dict[str, Any]:
    """Something that somebody said."""
    metadata = {"email": "maya.ortiz@example.com", "locale": "en-GB", "page": "https://shop.example/orders", "ab": "B"}
    understood = {"intent": {"name": "order_status", "confidence": 0.97}, "entities": [], "text": text}
    own = {"sender_id": "web-4411", "event": "user", "timestamp": at, "text": text, "input_channel": "rest"}
    return {**own, "message_id": message_id, "metadata": metadata, "parse_data": understood, **fields}


def event(kind: str, at: float = AT, **fields: Any) -> dict[str, Any]:
    """Any other tracker event."""
    return {"sender_id": "web-4411", "event": kind, "timestamp": at, **fields}


@pytest.fixture
def rasa() -> Callable[..., HttpResponse]:
    """Posts events as a broker does."""
    client = Client(raise_request_exception=True)

    def send(channel: Channel, data: Any, headers: dict[str, str] | None = None) -> HttpResponse:
        own = BEARER if headers is None else headers
        return client.post(f"/channels/rasa/{channel.key}", data, "application/json", headers=own)

    return send


@pytest.fixture
def channel(workspace: Workspace) -> Channel:
    """An assistant of `workspace`."""
    values = {"secret": SECRET, "mapping": "customer_name = default_name"}
    return make(workspace, "test", KINDS["rasa"], "Assistant", values)
