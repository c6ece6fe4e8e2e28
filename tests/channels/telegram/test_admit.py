"""The door for Telegram: the secret token, and each update once."""

import json
import re

import pytest

from coterie.channels.models import RawEvent, Traffic
from coterie.channels.registry import KINDS
from coterie.channels.setup import make
from tests.channels.telegram.conftest import SECRET, message, update

# What is let in at the door and what is not. That all databases store it once is told by tests/channels/test_raw.py.
pytestmark = pytest.mark.one_database


def stored(channel):
    return list(RawEvent.objects.filter(workspace_id=channel.workspace_id).order_by("id"))


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET[:-1], SECRET.upper(), "é"])
def test_a_wrong_secret_token_is_refused_and_not_stored(telegram, channel, secret):
    assert telegram(channel, update(message=message()), secret).status_code == 401
    assert stored(channel) == []
    assert Traffic.objects.get(workspace_id=channel.workspace_id).refused == 1


def test_a_secret_token_is_made_that_telegram_takes(workspace):
    made = make(workspace, "test", KINDS["telegram"], "Bot", {}).secret("secret")
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,256}", made)
    assert made != make(workspace, "test", KINDS["telegram"], "Bot", {}).secret("secret")


def test_an_update_is_stored_once(telegram, channel):
    for _ in range(3):
        assert telegram(channel, update(message=message())).status_code == 200
    [raw] = stored(channel)
    assert (raw.native_id, raw.user_id, raw.at.timestamp()) == ("900001", "telegram:5550001", 1788000000)
    assert json.loads(raw.body)["message"]["text"] == "hello"


def test_updates_of_two_bots_may_have_the_same_number(telegram, channel, workspace):
    other = make(workspace, "test", KINDS["telegram"], "Other", {"secret": SECRET})
    telegram(channel, update(message=message()))
    telegram(other, update(message=message()))
    assert len(stored(channel)) == 2


def test_other_methods_are_refused(client, channel):
    assert client.get(f"/channels/telegram/{channel.key}").status_code == 405
