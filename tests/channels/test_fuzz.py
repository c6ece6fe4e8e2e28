"""Whatever is sent, nobody gets a 500, and the worker goes on."""

import http.client
import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.channels.models import RawEvent, State
from coterie.channels.processing import BROKEN
from tests.channels.segment.conftest import call as _call
from tests.channels.slack.conftest import delivery, message
from tests.channels.slack.conftest import slack as _slack

slack, call = _slack, _call
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec=None), max_size=20)
    | st.sampled_from(["", "\x00", "\ud800", "x" * 3_000, "1e999", "default_name", "2026-13-45T99:99", "slack:T:U"])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def some(names, inner=values):
    """An object with some of these names, and others."""
    return st.dictionaries(st.sampled_from(names) | st.text(max_size=8), inner, max_size=8)


context = some(["ip", "locale", "timezone", "page", "traits", "active", "direct", "referrer"])
calls = some(
    [
        "type",
        "userId",
        "anonymousId",
        "previousId",
        "messageId",
        "timestamp",
        "traits",
        "properties",
        "groupId",
        "event",
    ]
)
events = st.sampled_from(["message", "app_mention", "user_change", "team_join", "other"]).flatmap(
    lambda kind: some(
        ["user", "text", "channel", "ts", "event_ts", "subtype", "bot_id", "files", "hidden", "user_team", "team"]
    ).map(lambda event: {**event, "type": kind})
)


def nothing_broke(channel, work_off):
    work_off()
    rows = RawEvent.objects.filter(workspace_id=channel.workspace_id)
    assert not rows.filter(state=State.WAITING).exists()
    assert not rows.filter(note=BROKEN).exists()


@given(kind=st.sampled_from(["identify", "track", "group", "alias", "page"]), data=calls, context=context | values)
def test_calls_of_segment(call, segment_channel, work_off, kind, data, context):
    body = json.dumps({**data, "context": context}).encode()
    assert call(segment_channel, kind, body).status_code in (200, 400, 401)
    nothing_broke(segment_channel, work_off)


@pytest.mark.one_database
@given(batch=st.lists(calls | values, max_size=4) | values, sent_at=scalars)
def test_batches_of_segment(call, segment_channel, work_off, batch, sent_at):
    body = json.dumps({"batch": batch, "sentAt": sent_at}).encode()
    assert call(segment_channel, "batch", body).status_code in (200, 400)
    nothing_broke(segment_channel, work_off)


@given(
    event=events | values, envelope=some(["type", "team_id", "event_id", "event_time", "authorizations", "challenge"])
)
def test_events_of_slack(slack, slack_channel, work_off, event, envelope):
    assert slack(slack_channel, {**delivery(event), **envelope}).status_code == 200
    nothing_broke(slack_channel, work_off)


@given(fields=some(["user", "text", "ts", "subtype", "files", "channel"]))
def test_messages_of_slack_with_odd_fields(slack, slack_channel, work_off, fields):
    assert slack(slack_channel, delivery(message(**fields), json.dumps(fields)[:100])).status_code == 200
    nothing_broke(slack_channel, work_off)


@pytest.mark.one_database
@given(body=st.binary(max_size=300))
def test_bytes(slack, call, slack_channel, segment_channel, body):
    assert slack(slack_channel, body).status_code in (200, 400)
    assert call(segment_channel, "batch", body).status_code == 400


@pytest.mark.one_database
@pytest.mark.parametrize("path", ["/channels/segment/x", "/channels/nothing/x", "/channels/slack/x/y", "/v1/x", "/v1/"])
def test_addresses_that_do_not_exist_are_not_found(live_server_url, path):
    assert httpx.post(live_server_url + path, content=b"{}", timeout=30).status_code == 404


@pytest.mark.one_database
@pytest.mark.parametrize("path", ["/channels/slack/{}", "/v1/batch", "/channels/api/{}"])
def test_fifty_megabytes_are_not_read_to_their_end(live_server_url, slack_channel, path):
    def endless():
        for _ in range(500):
            yield b"x" * 100_000

    url = live_server_url + path.format(slack_channel.key)
    with pytest.raises(httpx.HTTPError):
        httpx.post(url, content=endless(), timeout=30).raise_for_status()
    # One that says how large it is gets an answer at once.
    connection = http.client.HTTPConnection(httpx.URL(url).host, httpx.URL(url).port, timeout=30)
    connection.request("POST", httpx.URL(url).path, headers={"Content-Length": "50000000"})
    assert connection.getresponse().status == 413
    connection.close()
    assert httpx.get(f"{live_server_url}/healthz", timeout=30).status_code == 200
