"""Messenger as the sender."""

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse

from coterie.accounts.models import Workspace
from coterie.channels.models import Channel
from coterie.channels.registry import KINDS
from coterie.channels.setup import make
from tests.channels.meta import SECRET, sender

AT = 1788000000123


def delivery(*items: Any, page: str = "1040", part: str = "messaging", **fields: Any) -> dict[str, Any]:
    """Items in the envelope of one page."""
    return {"object": "page", "entry": [{"id": page, "time": AT + 400, part: list(items)}], **fields}


def item(sender: str = "7301", recipient: str = "1040", at: int = AT, **fields: Any) -> dict[str, Any]:
    """Something from somebody to the page."""
    return {"sender": {"id": sender}, "recipient": {"id": recipient}, "timestamp": at, **fields}


def said(text: str = "hello", mid: str = "m_A1", sender: str = "7301", at: int = AT, **fields: Any) -> dict[str, Any]:
    """A message."""
    return item(sender, at=at, message={"mid": mid, "text": text, **fields})


@pytest.fixture
def messenger() -> Callable[..., HttpResponse]:
    """Sends a delivery, signed."""
    return sender()


@pytest.fixture
def channel(workspace: Workspace) -> Channel:
    """A page of `workspace`, without a token to look people up with."""
    return make(workspace, "test", KINDS["messenger"], "Page", {"app_secret": SECRET})
