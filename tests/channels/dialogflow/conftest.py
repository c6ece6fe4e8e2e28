"""Dialogflow as the sender, in the forms of ES and CX."""

import base64
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
BASIC = {"Authorization": "Basic " + base64.b64encode(f"dialogflow:{SECRET}".encode()).decode()}
MESSENGER = {"source": "facebook", "payload": {"data": {"sender": {"id": "7301"}}}}


def es(text: str = "hello", response_id: str = "r-1", **fields: Any) -> dict[str, Any]:
    """A WebhookRequest of ES."""
    intent = {"name": "projects/demo/agent/intents/i1", "displayName": "Greeting"}
    result = {"queryText": text, "languageCode": "en", "parameters": {}, "intent": intent}
    result |= {"intentDetectionConfidence": 0.9} | fields.pop("result", {})
    own = {"responseId": response_id, "session": "projects/demo/agent/sessions/s-9", "queryResult": result}
    return {**own, "originalDetectIntentRequest": MESSENGER, **fields}


def cx(text: str = "hello", response_id: str = "d-1", **fields: Any) -> dict[str, Any]:
    """A WebhookRequest of CX."""
    session = "projects/demo/locations/global/agents/a-1/sessions/s-9"
    parameters = fields.pop("parameters", {})
    own = {"detectIntentResponseId": response_id, "languageCode": "pl", "fulfillmentInfo": {"tag": "t"}, "text": text}
    return {**own, "sessionInfo": {"session": session, "parameters": parameters}, **fields}


@pytest.fixture
def dialogflow() -> Callable[..., HttpResponse]:
    """Sends a request as Dialogflow does."""
    client = Client(raise_request_exception=True)

    def send(channel: Channel, data: Any, headers: dict[str, str] | None = None) -> HttpResponse:
        own = BASIC if headers is None else headers
        return client.post(f"/channels/dialogflow/{channel.key}", data, "application/json", headers=own)

    return send


@pytest.fixture
def channel(workspace: Workspace) -> Channel:
    """An agent of `workspace`."""
    values = {"secret": SECRET, "mapping": "given-name = default_name, tier = plan"}
    return make(workspace, "test", KINDS["dialogflow"], "Agent", values)
