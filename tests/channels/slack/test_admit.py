"""The door for Slack: signatures over the raw bytes, the handshake, and everything that is not from Slack."""

import datetime as dt
import json
import time
from urllib.parse import urlencode

import pytest

from coterie.channels.answers import Rejected
from coterie.channels.kinds import Delivery
from coterie.channels.models import Channel, RawEvent, State, Traffic
from coterie.channels.slack.admit import verify
from coterie.core.clock import UTC
from tests.channels.slack.conftest import delivery, message, signed

# What is let in at the door and what is not. That all databases store it once is told by tests/channels/test_raw.py.
pytestmark = pytest.mark.one_database
# Slack's own, from the tests of its library.
PUBLISHED = (
    "8f742231b10e8888abcd99yyyzzz85a5",
    1531420618,
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
    "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
)
OURS = (
    "slack-secret",
    1788000000,
    b'{"type":"url_verification","token":"t","challenge":"c0ffee"}',
    "v0=60fc994c35075edb526bf012f5280268283048c0d960f3e205ffdaf83c832332",
)


def at(seconds, headers, body):
    return Delivery("POST", headers, {}, body, dt.datetime.fromtimestamp(seconds, UTC))


@pytest.mark.parametrize(("secret", "stamp", "body", "signature"), [PUBLISHED, OURS])
def test_published_signatures_are_right(secret, stamp, body, signature):
    headers = {"X-Slack-Request-Timestamp": str(stamp), "X-Slack-Signature": signature}
    verify(secret, at(stamp, headers, body))
    with pytest.raises(Rejected, match="signing secret"):
        verify(secret, at(stamp, headers, body + b" "))


@pytest.mark.parametrize("late", [-301, 301])
def test_a_signature_is_good_for_five_minutes(late):
    secret, stamp, body, signature = OURS
    headers = {"X-Slack-Request-Timestamp": str(stamp), "X-Slack-Signature": signature}
    verify(secret, at(stamp + (300 if late > 0 else -300), headers, body))
    with pytest.raises(Rejected, match="5 minutes"):
        verify(secret, at(stamp + late, headers, body))


def test_slack_finds_the_address_and_gets_its_challenge(slack, slack_channel):
    answer = slack(slack_channel, {"type": "url_verification", "token": "t", "challenge": "c0ffee"})
    assert (answer.status_code, answer.content) == (200, b"c0ffee")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert not RawEvent.objects.filter(workspace_id=slack_channel.workspace_id).exists()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Slack-Signature": "v0=" + "0" * 64},
        {"X-Slack-Request-Timestamp": "soon", "X-Slack-Signature": "v0=1"},
        {"X-Slack-Request-Timestamp": "9" * 40, "X-Slack-Signature": "v0=1"},
        {"X-Slack-Request-Timestamp": "٣٣", "X-Slack-Signature": "v0=1"},
        {"X-Slack-Request-Timestamp": str(int(time.time())), "X-Slack-Signature": "v0=é"},
    ],
)
def test_what_is_not_signed_by_slack_is_refused_and_not_stored(slack, slack_channel, headers):
    answer = slack(slack_channel, delivery(message()), headers)
    assert answer.status_code == 401
    assert not RawEvent.objects.filter(workspace_id=slack_channel.workspace_id).exists()
    assert Traffic.objects.get(workspace_id=slack_channel.workspace_id).refused == 1


def test_a_signature_of_another_channel_does_not_count(slack, slack_channel):
    body = json.dumps(delivery(message())).encode()
    assert slack(slack_channel, body, signed(body, "another secret")).status_code == 401


def test_an_old_delivery_cannot_be_played_again(slack, slack_channel):
    body = json.dumps(delivery(message())).encode()
    assert slack(slack_channel, body, signed(body, at=time.time() - 3_600)).status_code == 401


def test_a_delivery_that_was_cut_off_is_refused(slack, slack_channel):
    body = json.dumps(delivery(message())).encode()
    assert slack(slack_channel, body[:-10], signed(body)).status_code == 401


@pytest.mark.parametrize("body", [b"", b"\xff\xfe{}", b"{", b"[1]", b'"x"', b"1e999", b"[" * 100_000, b'{"a": NaN}'])
def test_signed_nonsense_is_a_bad_request(slack, slack_channel, body):
    assert slack(slack_channel, body).status_code == 400


def test_a_body_of_several_megabytes_is_refused_before_anybody_looks_at_it(slack, slack_channel):
    assert slack(slack_channel, b"x" * (5 * 1024 * 1024)).status_code == 413


def test_another_method_is_refused(client, slack_channel):
    assert client.get(f"/channels/slack/{slack_channel.key}").status_code == 405


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("key", ["no-such-key", "%00", "x" * 500, "é"])
def test_an_unknown_address_is_not_found(client, key):
    assert client.post(f"/channels/slack/{key}", b"{}", content_type="application/json").status_code == 404


def test_whoever_tries_out_secrets_is_told_to_stop(slack, slack_channel, caplog):
    answers = [slack(slack_channel, b"{}", {}).status_code for _ in range(40)]
    assert set(answers) == {401, 429}
    assert len([line for line in caplog.messages if "refused a delivery" in line]) <= 30
    # The real Slack is not kept out by them.
    assert slack(slack_channel, delivery(message())).status_code == 200


def test_a_repeated_delivery_is_acknowledged_and_stored_once(slack, slack_channel):
    for number in range(3):
        headers = {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": "http_timeout"} if number else {}
        assert slack(slack_channel, delivery(message()), **headers).status_code == 200
    stored = RawEvent.objects.get(workspace_id=slack_channel.workspace_id)
    assert (stored.native_id, stored.state, stored.user_id) == ("Ev0Q1", State.WAITING, "slack:T77:U31")
    assert "an-old-proof" not in stored.body


def test_a_first_delivery_that_says_it_is_a_retry_counts(slack, slack_channel, work_off):
    assert slack(slack_channel, delivery(message()), **{"X-Slack-Retry-Num": "2"}).status_code == 200
    work_off()
    assert RawEvent.objects.get(workspace_id=slack_channel.workspace_id).state == State.DONE


def test_a_slash_command_is_kept(slack, slack_channel, work_off):
    answer = slack(slack_channel, PUBLISHED[2], content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200
    work_off()
    stored = RawEvent.objects.get(workspace_id=slack_channel.workspace_id)
    assert (stored.state, stored.note) == (State.DONE, "Kept; nothing is done with “form”.")


@pytest.mark.parametrize(
    ("fields", "user_id"),
    [
        ({"team_id": "T77", "user_id": "U31", "command": "/order"}, "slack:T77:U31"),
        ({"payload": json.dumps({"team": {"id": "T77"}, "user": {"id": "U31"}})}, "slack:T77:U31"),
        ({"payload": json.dumps({"team": None, "user": {"id": "U31", "team_id": "T77"}})}, "slack:T77:U31"),
        ({"payload": "[]"}, ""),
        ({"payload": json.dumps({"team": 5, "user": "x"})}, ""),
    ],
)
def test_a_form_is_found_again_when_whoever_sent_it_is_to_be_forgotten(slack, slack_channel, fields, user_id):
    answer = slack(slack_channel, urlencode(fields).encode(), content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200
    assert RawEvent.objects.get(workspace_id=slack_channel.workspace_id).user_id == user_id


def test_the_secret_is_not_in_the_database_in_plain_text(slack_channel):
    stored = Channel.objects.get(workspace_id=slack_channel.workspace_id, id=slack_channel.id)
    assert "slack-secret" not in json.dumps([stored.secrets, stored.settings])
    assert stored.secret("signing_secret") == "slack-secret"


def test_a_pressed_button_is_kept_without_what_would_let_others_answer(slack, slack_channel):
    inside = {
        "type": "block_actions",
        "token": "t0k",
        "response_url": "https://hooks.example/s3cret",
        "user": {"id": "U1"},
    }
    form = urlencode({"payload": json.dumps(inside), "token": "t0k"}).encode()
    assert slack(slack_channel, form, content_type="application/x-www-form-urlencoded").status_code == 200
    stored = RawEvent.objects.get(workspace_id=slack_channel.workspace_id)
    assert "U1" in stored.body
    assert "t0k" not in stored.body
    assert "s3cret" not in stored.body
