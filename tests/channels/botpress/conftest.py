"""A Botpress bot as the sender."""

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
AT = "2026-08-29T10:40:00.000Z"


def message(text: str = "hi", message_id: str = "m-5", at: str = AT, **fields: Any) -> dict[str, Any]:
    """A message as the runtime has it."""
    own = {"id": message_id, "createdAt": at, "type": "text", "payload": {"text": text}, "direction": "incoming"}
    return {**own, "userId": "u-77", "conversationId": "c-12", "tags": {}, **fields}


def user(**fields: Any) -> dict[str, Any]:
    """Its user."""
    own = {"id": "u-77", "createdAt": "2026-08-01T09:00:00.000Z", "updatedAt": AT, "name": "Maya Ortiz"}
    known = {"pictureUrl": "https://cdn.example/77.png", "tags": {"telegram:id": "5", "language": "pl"}}
    return {**own, **known, "properties": {"tier": "gold", "email": "maya@a.example"}, **fields}


@pytest.fixture
def botpress() -> Callable[..., HttpResponse]:
    """Posts as a hook does; `query` is what follows the address."""
    client = Client(raise_request_exception=True)

    def send(channel: Channel, data: Any, headers: dict[str, str] | None = None, query: str = "") -> HttpResponse:
        own = BEARER if headers is None else headers
        return client.post(f"/channels/botpress/{channel.key}{query}", data, "application/json", headers=own)

    return send


@pytest.fixture
def channel(workspace: Workspace) -> Channel:
    """A bot of `workspace`."""
    return make(workspace, "test", KINDS["botpress"], "Bot", {"secret": SECRET, "mapping": "tier = plan"})
