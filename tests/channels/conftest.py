"""A channel of each kind, and how the outside world speaks to it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from coterie.accounts.models import Workspace
from coterie.channels import processing, profiles, refusals
from coterie.channels.models import Channel
from coterie.channels.registry import KINDS
from coterie.channels.setup import make

QUESTIONS = [
    {"attribute": "default_name", "text": "What is your name?"},
    {"attribute": "default_email", "text": "And your e-mail address?", "type": "email"},
]


@pytest.fixture(autouse=True)
def no_refusals_yet() -> None:
    """Every test begins as a sender who was never refused."""
    refusals.LIMIT.forget()


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
def slack_channel(workspace: Workspace) -> Channel:
    """A Slack app of `workspace`, without a token to look people up with."""
    return make(workspace, "test", KINDS["slack"], "Team chat", {"signing_secret": "slack-secret"})


@pytest.fixture
def segment_channel(workspace: Workspace) -> Channel:
    """A source of Segment's libraries of `workspace`; its key is the write key."""
    return make(workspace, "test", KINDS["segment"], "Site", {})


@pytest.fixture
def work_off() -> Callable[[], None]:
    """Does what the worker does, until nothing is waiting."""

    def work() -> None:
        while processing.step() + profiles.step():
            pass

    return work


@pytest.fixture
def post() -> Callable[[Channel, Any], HttpResponse]:
    """POSTs to a channel: bytes as they are, anything else as JSON."""
    client = Client(raise_request_exception=True)

    def send(channel: Channel, body: Any) -> HttpResponse:
        content = body if isinstance(body, bytes) else json.dumps(body)
        return client.post(f"/channels/{channel.kind}/{channel.key}", content, content_type="application/json")

    return send
