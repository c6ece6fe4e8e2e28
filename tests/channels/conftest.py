"""A channel of each kind, and how the outside world speaks to it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from coterie.accounts.models import Workspace
from coterie.channels.models import Channel

QUESTIONS = [
    {"attribute": "default_name", "text": "What is your name?"},
    {"attribute": "default_email", "text": "And your e-mail address?", "type": "email"},
]


@pytest.fixture
def api_channel(workspace: Workspace) -> Channel:
    """A custom integration of `workspace`."""
    return Channel.objects.create(workspace=workspace, kind="api", name="App")


@pytest.fixture
def widget_channel(workspace: Workspace) -> Channel:
    """A Chat Widget of `workspace` that asks for name and e-mail."""
    settings = {"title": "Shop", "greeting": "Hi!", "thanks": "Thanks!", "questions": QUESTIONS}
    return Channel.objects.create(workspace=workspace, kind="widget", name="Shop", settings=settings)


@pytest.fixture
def post() -> Callable[[Channel, Any], HttpResponse]:
    """POSTs to a channel: bytes as they are, anything else as JSON."""
    client = Client(raise_request_exception=True)

    def send(channel: Channel, body: Any) -> HttpResponse:
        content = body if isinstance(body, bytes) else json.dumps(body)
        return client.post(f"/channels/{channel.kind}/{channel.key}", content, content_type="application/json")

    return send
