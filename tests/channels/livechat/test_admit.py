"""The door for LiveChat: the secret key in the body, and ids for what has none."""

import json

import pytest

from coterie.channels.models import RawEvent, Traffic
from coterie.channels.registry import KINDS
from coterie.channels.setup import make
from tests.channels.livechat.conftest import MAYA, SECRET, chat, event, incoming, webhook

# What is let in at the door and what is not. That all databases store it once is told by tests/channels/test_raw.py.
pytestmark = pytest.mark.one_database


def stored(channel):
    return list(RawEvent.objects.filter(workspace_id=channel.workspace_id).order_by("id"))


@pytest.mark.parametrize("key", ["", "wrong", SECRET[:-1], SECRET + " ", None, 5, [SECRET], {"a": SECRET}, "é\ud800"])
def test_a_wrong_secret_key_is_refused_and_not_stored(livechat, channel, key):
    assert livechat(channel, {**chat(event()), "secret_key": key}).status_code == 401
    assert stored(channel) == []
    assert Traffic.objects.get(workspace_id=channel.workspace_id).refused == 1


def test_a_missing_secret_key_is_refused(livechat, channel):
    body = chat(event())
    del body["secret_key"]
    assert livechat(channel, body).status_code == 401


def test_the_secret_key_of_another_channel_does_not_count(livechat, channel, workspace):
    other = make(workspace, "test", KINDS["livechat"], "Other", {})
    assert livechat(other, chat(event())).status_code == 401
    assert len(other.secret("secret")) >= 32


def test_the_secret_key_is_not_stored(livechat, channel):
    assert livechat(channel, chat(event())).status_code == 200
    assert SECRET not in stored(channel)[0].body


def test_other_methods_are_refused(client, channel):
    assert client.get(f"/channels/livechat/{channel.key}").status_code == 405


def test_a_repeated_delivery_is_stored_once(livechat, channel):
    bodies = [
        chat(event()),
        incoming(event()),
        webhook("chat_deactivated", {"chat_id": "PCHAT1", "thread_id": "KTHR1"}),
        webhook("event_updated", {"chat_id": "PCHAT1", "thread_id": "KTHR1", "event": event()}),
    ]
    for body in [*bodies, *bodies]:
        assert livechat(channel, body).status_code == 200
    assert [(raw.native_id, raw.user_id) for raw in stored(channel)[:3]] == [
        ("incoming_chat:PCHAT1:KTHR1", f"livechat:org-1:{MAYA}"),
        ("incoming_event:PCHAT1:KTHR1:KTHR1_1", f"livechat:org-1:{MAYA}"),
        ("chat_deactivated:PCHAT1:KTHR1", ""),
    ]
    assert len(stored(channel)) == 4


def test_a_new_thread_of_the_same_chat_is_another_delivery(livechat, channel):
    livechat(channel, chat(event()))
    livechat(channel, chat(event(), id="KTHR2"))
    assert len(stored(channel)) == 2


def test_odd_and_endless_ids_are_cut(livechat, channel):
    body = incoming({**event(), "id": "x" * 5_000})
    assert livechat(channel, body).status_code == 200
    assert livechat(channel, json.loads(json.dumps(body))).status_code == 200
    assert [len(raw.native_id) <= 128 for raw in stored(channel)] == [True]
