"""Clients of the API."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.test import Client

from coterie.accounts import tokens
from coterie.accounts.models import Workspace


@pytest.fixture
def api_of() -> Callable[..., Client]:
    """Factory: `api_of(workspace, ["read"])` is a client with a token of those scopes."""

    def make(workspace: Workspace, scopes: Iterable[str] = ("read", "write")) -> Client:
        secret = tokens.create(workspace, "test", scopes, "test")[1]
        return Client(headers={"authorization": f"Bearer {secret}"})

    return make


@pytest.fixture
def api(workspace: Workspace, api_of: Callable[..., Client]) -> Client:
    """May read and write in `workspace`."""
    return api_of(workspace)


@pytest.fixture
def post(api: Client) -> Callable[..., Any]:
    """POSTs JSON (or raw bytes) with the token of `api`."""

    def send(path: str, data: Any, client: Client = api) -> Any:
        return client.post(path, data, content_type="application/json")

    return send
