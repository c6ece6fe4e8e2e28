"""The door for Messenger: the handshake, signatures over the raw bytes, batches, and what is not from Meta."""

import json
from urllib.parse import urlencode

import pytest

from coterie.channels.answers import Rejected
from coterie.channels.messenger.deletion import signed_request
from coterie.channels.models import Channel, RawEvent, State, Traffic
from tests.channels.messenger.conftest import delivery, item, said
from tests.channels.meta import SECRET, signature

# What is let in at the door and what is not. That all databases store it once is told by tests/channels/test_raw.py.
pytestmark = pytest.mark.one_database
BODY = (
    b'{"object":"page","entry":[{"id":"1040","time":1788000000500,"messaging":[{"sender":{"id":"7301"},'
    b'"recipient":{"id":"1040"},"timestamp":1788000000123,"message":{"mid":"m_A1","text":"h\\u00e9llo"}}]}]}'
)
RIGHT = "sha256=887de20054154c6c26844914cbfa4563ad0ded1744da633b00805ada14ed2a5b"
RE_SERIALISED = "sha256=51ee3988885efd86af701787705039ccc3120dffedd740085f44b40423836171"
SIGNED_REQUEST = (
    "LlBhmptXzEhqkuWDvr8pHKAXn27I8QqFB3yZspeJdIA."
    "eyJhbGdvcml0aG0iOiJITUFDLVNIQTI1NiIsImlzc3VlZF9hdCI6MTc4ODAwMDAwMCwidXNlcl9pZCI6IjEwOTk4In0"
)


def stored(channel):
    return list(RawEvent.objects.filter(workspace_id=channel.workspace_id, channel_id=channel.id).order_by("id"))


def asked(client, channel, **fields):
    return client.get(f"/channels/messenger/{channel.key}", fields)


def question(channel, **fields):
    own = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": channel.secret("verify_token")}
    return {**own, **fields}


def test_meta_finds_the_address_and_gets_its_challenge(client, channel):
    answer = asked(client, channel, **question(channel))
    assert (answer.status_code, answer.content) == (200, b"1158201444")
    assert answer.headers["Content-Type"].startswith("text/plain")


def test_the_challenge_is_a_text_and_nothing_else(client, channel):
    answer = asked(client, channel, **question(channel, **{"hub.challenge": "<b>00012</b>"}))
    assert answer.content == b"<b>00012</b>"
    assert answer.headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize(
    "fields",
    [
        {"hub.verify_token": "wrong"},
        {"hub.verify_token": ""},
        {"hub.verify_token": "é"},
        {"hub.mode": "unsubscribe"},
        {"hub.mode": ""},
    ],
)
def test_a_wrong_verify_token_is_refused(client, channel, fields):
    assert asked(client, channel, **question(channel, **fields)).status_code == 403
    assert asked(client, channel).status_code == 403


def test_the_published_signature_is_right(messenger, channel):
    assert signature(BODY) == RIGHT
    assert messenger(channel, BODY, {"X-Hub-Signature-256": RIGHT}).status_code == 200
    assert [raw.native_id for raw in stored(channel)] == ["m_A1"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Hub-Signature-256": RE_SERIALISED},
        {"X-Hub-Signature-256": RIGHT.removeprefix("sha256=")},
        {"X-Hub-Signature-256": RIGHT.upper()},
        {"X-Hub-Signature-256": RIGHT[:-1]},
        {"X-Hub-Signature-256": "sha256=é"},
        {"X-Hub-Signature-256": signature(BODY, "another")},
        {"X-Hub-Signature-256": signature(BODY + b" ")},
        {"X-Hub-Signature": "sha1=" + "0" * 40},
    ],
)
def test_what_meta_did_not_sign_is_refused_and_not_stored(messenger, channel, headers):
    assert messenger(channel, BODY, headers).status_code == 401
    assert stored(channel) == []
    assert Traffic.objects.get(workspace_id=channel.workspace_id).refused == 1


def test_a_body_that_was_cut_off_is_refused(messenger, channel):
    assert messenger(channel, BODY[:-10], {"X-Hub-Signature-256": RIGHT}).status_code == 401
    assert messenger(channel, BODY[:-10]).status_code == 400


@pytest.mark.parametrize("body", [b"", b"[]", b"1", b"\xff\xfe", b'{"a": "\xc3"}', b'{"a": NaN}', b"[" * 100_000])
def test_signed_nonsense_is_refused(messenger, channel, body):
    assert messenger(channel, body).status_code == 400


def test_other_methods_are_refused(client, channel):
    assert client.put(f"/channels/messenger/{channel.key}", b"{}").status_code == 405


def test_a_body_of_half_a_megabyte_arrives_whole(messenger, channel):
    items = [said("x" * 500, f"m_{number}") for number in range(1_000)]
    assert messenger(channel, delivery(*items)).status_code == 200
    assert len(stored(channel)) == 1_000


def test_every_item_of_every_entry_is_an_event(messenger, channel):
    data = delivery(said(mid="m_1"), said(mid="m_2"))
    data["entry"] += delivery(said(mid="m_3"), page="2050")["entry"]
    data["entry"] += delivery(said(mid="m_4"), part="standby")["entry"]
    messenger(channel, data)
    assert [(raw.native_id, raw.user_id) for raw in stored(channel)] == [
        ("m_1", "facebook:1040:7301"),
        ("m_2", "facebook:1040:7301"),
        ("m_3", "facebook:2050:7301"),
        ("m_4", "facebook:1040:7301"),
    ]


def test_a_message_that_comes_twice_is_stored_once(messenger, channel):
    messenger(channel, delivery(said(), said()))
    messenger(channel, delivery(said()))
    assert len(stored(channel)) == 1


def test_what_has_no_id_is_known_by_what_it_says(messenger, channel):
    read = item(read={"watermark": 1788000000000})
    messenger(channel, delivery(read, read))
    messenger(channel, delivery(read))
    messenger(channel, delivery(item(read={"watermark": 1788000000001})))
    assert len(stored(channel)) == 2


def test_a_message_that_is_taken_back_does_not_keep_it_out(messenger, channel):
    messenger(channel, delivery(item(message={"mid": "m_A1", "is_deleted": True})))
    messenger(channel, delivery(said()))
    assert len(stored(channel)) == 2


def test_secrets_are_in_the_database_only_sealed(channel):
    found = Channel.objects.get(workspace_id=channel.workspace_id, id=channel.id)
    assert set(found.secrets) == {"app_secret", "verify_token"}
    assert SECRET not in json.dumps([found.secrets, found.settings])


def form(client, channel, words):
    body = urlencode({"signed_request": words})
    headers = {"Host": "testserver"}
    return client.post(f"/channels/messenger/{channel.key}", body, "application/x-www-form-urlencoded", headers=headers)


def test_the_published_signed_request_is_right():
    data = signed_request(SECRET, SIGNED_REQUEST)
    assert data == {"algorithm": "HMAC-SHA256", "issued_at": 1788000000, "user_id": "10998"}
    for wrong in ("", ".", SIGNED_REQUEST[1:], SIGNED_REQUEST + "A", "é.é"):
        with pytest.raises(Rejected, match="signature"):
            signed_request(SECRET, wrong)


def test_a_wish_to_be_deleted_is_acknowledged_and_shown(client, channel):
    answer = form(client, channel, SIGNED_REQUEST)
    assert answer.status_code == 200
    told = answer.json()
    assert told["url"].startswith("https://testserver/channels/messenger/")
    assert told["confirmation_code"] in told["url"]
    [raw] = stored(channel)
    assert (raw.state, json.loads(raw.body)["user_id"]) == (State.FAILED, "10998")
    assert "erase" in raw.note
    page = client.get(told["url"].removeprefix("https://testserver"))
    assert told["confirmation_code"] in page.content.decode()
    assert form(client, channel, SIGNED_REQUEST).json() == told
    assert len(stored(channel)) == 1


def test_a_forged_wish_to_be_deleted_is_refused(client, channel):
    assert form(client, channel, "A" + SIGNED_REQUEST).status_code == 401
    assert stored(channel) == []
    hostile = client.get(f"/channels/messenger/{channel.key}", {"deletion": "<script>"})
    assert b"script" not in hostile.content
