"""The door for WhatsApp: Meta's handshake and signature, and every message of a batch once."""

import pytest

from coterie.channels.models import RawEvent
from tests.channels.meta import escaped, signature
from tests.channels.whatsapp.conftest import LASTING, delivery, message, value

# What is let in at the door and what is not. That all databases store it once is told by tests/channels/test_raw.py.
pytestmark = pytest.mark.one_database


def stored(channel):
    return list(RawEvent.objects.filter(workspace_id=channel.workspace_id).order_by("id"))


def test_meta_finds_the_address_and_gets_its_challenge(client, channel):
    right = {
        "hub.mode": "subscribe",
        "hub.challenge": "1158201444",
        "hub.verify_token": channel.secret("verify_token"),
    }
    answer = client.get(f"/channels/whatsapp/{channel.key}", right)
    assert (answer.status_code, answer.content) == (200, b"1158201444")
    wrong = client.get(f"/channels/whatsapp/{channel.key}", {**right, "hub.verify_token": "x"})
    assert wrong.status_code == 403
    assert client.put(f"/channels/whatsapp/{channel.key}").status_code == 405


def test_the_signature_is_over_the_raw_bytes(whatsapp, channel):
    body = escaped(delivery(value(message("héllo"))))
    for headers in ({}, {"X-Hub-Signature-256": signature(body + b"\n")}, {"X-Hub-Signature-256": "é"}):
        assert whatsapp(channel, body, headers).status_code == 401
    assert stored(channel) == []
    assert whatsapp(channel, body).status_code == 200


def test_every_message_of_a_batch_is_an_event(whatsapp, channel):
    two = value(message(), message(wamid="wamid.A2"))
    status = value(statuses=[{"id": "wamid.Z", "status": "read", "timestamp": "1788000001", "recipient_id": "48"}])
    for _ in range(2):
        whatsapp(channel, delivery(two, status, value(message(wamid="wamid.A3"))))
    assert [raw.native_id for raw in stored(channel)][:2] == ["wamid.A1", "wamid.A2"]
    assert [raw.user_id for raw in stored(channel)].count(f"whatsapp:W1:{LASTING}") == 3
    assert len(stored(channel)) == 4


def test_the_steps_of_one_message_s_way_are_told_apart(whatsapp, channel):
    for status in ("sent", "delivered", "read"):
        whatsapp(channel, delivery(value(statuses=[{"id": "wamid.Z", "status": status, "timestamp": "1788000001"}])))
    assert len(stored(channel)) == 3


@pytest.mark.parametrize("body", [b"[]", b"", b"\xff", b'{"entry": '])
def test_signed_nonsense_is_refused(whatsapp, channel, body):
    assert whatsapp(channel, body).status_code == 400
