"""Telegram as the sender. A library for bots says whether the updates are as Telegram sends them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from telegram import Update

from coterie.accounts.models import Workspace
from coterie.channels.models import Channel
from coterie.channels.registry import KINDS
from coterie.channels.setup import make

SECRET = "a_secret-token"
HEADER = "X-Telegram-Bot-Api-Secret-Token"
AT = 1788000000
MAYA = {
    "id": 5550001,
    "is_bot": False,
    "first_name": "Maya",
    "last_name": "Ortiz",
    "username": "mayao",
    "language_code": "pt-br",
}


def update(number: int = 900001, **fields: Any) -> dict[str, Any]:
    """An update with one thing in it."""
    data = {"update_id": number, **fields}
    assert Update.de_json(data, None) is not None
    return data


def message(text: str | None = "hello", number: int = 12, at: int = AT, **fields: Any) -> dict[str, Any]:
    """A private message of Maya's."""
    chat = {"id": MAYA["id"], "type": "private", "first_name": "Maya"}
    said = {"message_id": number, "date": at, "chat": chat, "from": MAYA, **fields}
    return said if text is None else {**said, "text": text}


def pressed(data: str = "yes", **fields: Any) -> dict[str, Any]:
    """A button under a message of the bot."""
    keyboard = {"inline_keyboard": [[{"text": "Yes, please", "callback_data": "yes"}]]}
    asked = {**message("Sure?", 11), "from": {**MAYA, "id": 1, "is_bot": True}, "reply_markup": keyboard}
    return {"id": "4382bfdwdsb323b2d9", "from": MAYA, "chat_instance": "c", "message": asked, "data": data, **fields}


@pytest.fixture
def telegram() -> Callable[..., HttpResponse]:
    """Sends an update as Telegram does."""
    client = Client(raise_request_exception=True)

    def send(channel: Channel, data: Any, secret: str | None = SECRET) -> HttpResponse:
        headers = {} if secret is None else {HEADER: secret}
        return client.post(f"/channels/telegram/{channel.key}", data, "application/json", headers=headers)

    return send


@pytest.fixture
def channel(workspace: Workspace) -> Channel:
    """A bot of `workspace`."""
    return make(workspace, "test", KINDS["telegram"], "Bot", {"secret": SECRET})
