"""A sender of Segment's calls."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client


def basic(key: str) -> dict[str, str]:
    """The header that libraries send."""
    return {"Authorization": f"Basic {base64.b64encode(f'{key}:'.encode()).decode()}"}


@pytest.fixture
def call() -> Callable[..., HttpResponse]:
    """`call(channel, "identify", {…})`; `headers` replace those that name the channel."""
    client = Client(raise_request_exception=True)

    def send(channel: Any, name: str, data: Any, headers: dict[str, str] | None = None, **more: Any) -> HttpResponse:
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        return client.post(
            f"/v1/{name}",
            body,
            content_type=more.pop("content_type", "application/json"),
            headers={**(basic(channel.key) if headers is None else headers), **more},
        )

    return send
