"""LiveChat as the sender. LiveChat's own library says whether the bodies are as LiveChat sends them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from livechat.webhooks.parser import parse_webhook

from coterie.accounts.models import Workspace
from coterie.channels.models import Channel
from coterie.channels.registry import KINDS
from coterie.channels.setup import make

SECRET = "s3cr3t-long"
MAYA = "6f0c1f0e-0000-4000-8000-000000000001"
AGENT = "agent@fernhill.example"
T40 = "2026-08-29T10:40:00.000000Z"


def webhook(action: str, payload: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The envelope."""
    body = {
        "webhook_id": "wh-1",
        "secret_key": SECRET,
        "action": action,
        "organization_id": "org-1",
        "additional_data": {},
        "payload": payload,
        **fields,
    }
    if not fields:
        parse_webhook({**body, "payload": dict(payload)}, version="3.6")
    return body


def event(number: int = 1, author: str | None = MAYA, at: str = T40, **fields: Any) -> dict[str, Any]:
    """An event of a thread."""
    said = {
        "id": f"KTHR1_{number}",
        "type": "message",
        "created_at": at,
        "text": "hello",
        "visibility": "all",
        **fields,
    }
    return {**said, "author_id": author} if author else said


def incoming(one: dict[str, Any], present: tuple[str, ...] = (), **fields: Any) -> dict[str, Any]:
    """`incoming_event`."""
    payload = {"chat_id": "PCHAT1", "thread_id": "KTHR1", "event": one}
    if present:
        fields["additional_data"] = {"chat_presence_user_ids": list(present)}
    return webhook("incoming_event", payload, **fields)


def customer(**fields: Any) -> dict[str, Any]:
    """Maya, as LiveChat describes her."""
    return {
        "id": MAYA,
        "type": "customer",
        "name": "Maya Ortiz",
        "email": "maya.ortiz@example.com",
        "present": True,
        "created_at": "2026-08-29T10:30:00.000000Z",
        "session_fields": [{"plan": "free"}, {"plan": "pro"}, {"default_email": "x@evil.example"}],
        "visit": {
            "started_at": "2026-08-29T10:31:00.000000Z",
            "referrer": "https://search.example/",
            "ip": "203.0.113.9",
            "user_agent": "Mozilla/5.0",
            "geolocation": {
                "country": "Poland",
                "country_code": "PL",
                "region": "Mazowieckie",
                "city": "Warsaw",
                "timezone": "Europe/Warsaw",
                "latitude": "52.2",
            },
            "last_pages": [
                {"opened_at": "2026-08-29T10:33:00.000000Z", "url": "https://shop.example/pricing", "title": "Pricing"},
                {"opened_at": "2026-08-29T10:31:00.000000Z", "url": "https://shop.example/", "title": "Home"},
            ],
        },
        **fields,
    }


def chat(*events: dict[str, Any], who: dict[str, Any] | None = None, **thread: Any) -> dict[str, Any]:
    """`incoming_chat`."""
    users = [customer() if who is None else who, {"id": "bot-7", "type": "agent", "name": "FAQ Bot", "present": True}]
    own = {"id": "KTHR1", "active": True, "created_at": T40, "user_ids": [MAYA, "bot-7"], "events": list(events)}
    said = {"id": "PCHAT1", "properties": {}, "access": {"group_ids": [0]}, "users": users, "thread": {**own, **thread}}
    return webhook("incoming_chat", {"chat": said})


@pytest.fixture
def livechat() -> Callable[..., HttpResponse]:
    """Sends a delivery as LiveChat does."""
    client = Client(raise_request_exception=True)

    def send(channel: Channel, data: Any) -> HttpResponse:
        return client.post(f"/channels/livechat/{channel.key}", data, "application/json")

    return send


@pytest.fixture
def channel(workspace: Workspace) -> Channel:
    """A LiveChat of `workspace`, without a token to look customers up with."""
    return make(workspace, "test", KINDS["livechat"], "Shop", {"secret": SECRET})
