"""Segment's HTTP API from the outside: who may call, how large, how it is answered."""

import base64
import gzip
import json

import pytest

from coterie.channels.models import RawEvent, State
from coterie.core.clock import iso, now
from tests.channels.segment.conftest import basic

# What is let in at the door and what is not. That all databases store it once is told by tests/channels/test_raw.py.
pytestmark = pytest.mark.one_database
TRACK = {"userId": "u_1", "event": "Signed Up", "messageId": "m-1"}


def stored(channel):
    return list(RawEvent.objects.filter(workspace_id=channel.workspace_id).order_by("id"))


@pytest.mark.parametrize("name", ["identify", "track", "page", "screen", "group", "i", "t", "p", "s", "g"])
def test_a_call_is_answered_with_exactly_200(call, segment_channel, name):
    answer = call(segment_channel, name, TRACK)
    assert (answer.status_code, json.loads(answer.content)) == (200, {"success": True})
    assert len(stored(segment_channel)) == 1


@pytest.mark.parametrize("name", ["batch", "b", "import"])
def test_a_batch_is_stored_event_by_event(call, segment_channel, name):
    batch = [{**TRACK, "type": "track", "messageId": f"m-{n}"} for n in range(3)]
    assert call(segment_channel, name, {"batch": batch}).status_code == 200
    assert [row.native_id for row in stored(segment_channel)] == ["m-0", "m-1", "m-2"]


def test_the_key_may_come_in_each_of_the_documented_ways(call, segment_channel):
    key = segment_channel.key
    without_colon = {"Authorization": f"Basic {base64.b64encode(key.encode()).decode()}"}
    for headers, data in (
        (basic(key), {}),
        (without_colon, {}),
        ({}, {"writeKey": key}),
        (basic(key), {"writeKey": key}),
        ({"Authorization": "Bearer some-oauth-token"}, {"writeKey": key}),
    ):
        assert call(segment_channel, "track", {**TRACK, **data}, headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{}, basic("wrong"), {"Authorization": "Basic ???"}, {"Authorization": "Basic /w=="}, {"Authorization": "Basic"}],
)
def test_a_wrong_key_is_refused_in_a_form_that_libraries_can_read(call, segment_channel, headers):
    answer = call(segment_channel, "track", TRACK, headers)
    problem = json.loads(answer.content)
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (problem["code"], problem["status"], type(problem["message"])) == ("unauthorized", 401, str)
    assert stored(segment_channel) == []


def test_two_different_keys_are_refused(call, segment_channel):
    assert call(segment_channel, "track", {**TRACK, "writeKey": "another"}).status_code == 401


def test_the_content_type_is_not_looked_at(call, segment_channel):
    assert call(segment_channel, "t", TRACK, content_type="text/plain").status_code == 200


def test_a_browser_may_ask_first(client):
    answer = client.options("/v1/t")
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]


def test_a_browser_learns_where_to_send_to(client, segment_channel):
    answer = client.get(f"/v1/projects/{segment_channel.key}/settings")
    assert answer.json()["integrations"]["Segment.io"]["apiHost"] == "testserver/v1"
    assert client.get("/v1/projects/wrong/settings").status_code == 404


def test_packed_bodies_are_unpacked(call, segment_channel):
    body = gzip.compress(json.dumps(TRACK).encode())
    assert call(segment_channel, "track", body, **{"Content-Encoding": "gzip"}).status_code == 200
    assert len(stored(segment_channel)) == 1


BAD = {
    "nothing": (b"", {}),
    "no JSON": (b"{", {}),
    "no object": (b"[]", {}),
    "another encoding": ('{"userId": "é"}'.encode("latin-1"), {}),
    "not packed": (b"{}", {"Content-Encoding": "gzip"}),
    "cut off": (gzip.compress(b"{}" * 5000)[:-9], {"Content-Encoding": "gzip"}),
    "too large": (b'{"userId": "' + b"x" * 520_000 + b'"}', {}),
    "too large when unpacked": (gzip.compress(b" " * 300_000_000, 1), {"Content-Encoding": "gzip"}),
    "much too deep": (b'{"a":' * 50_000, {}),
    "a number without end": (b'{"userId": ' + b"9" * 10_000 + b"}", {}),
}


@pytest.mark.parametrize(("body", "headers"), BAD.values(), ids=BAD.keys())
def test_bad_bodies_are_bad_requests(call, segment_channel, body, headers):
    answer = call(segment_channel, "track", body, **headers)
    assert (answer.status_code, json.loads(answer.content)["code"]) == (400, "bad_request")
    assert stored(segment_channel) == []


@pytest.mark.parametrize("batch", [None, {}, "x", [{"userId": "u"}] * 2_501])
def test_a_batch_that_is_none_or_too_long_is_a_bad_request(call, segment_channel, batch):
    assert call(segment_channel, "batch", {"batch": batch}).status_code == 400


def test_of_a_batch_the_good_are_taken_and_the_bad_are_kept_as_failed(call, segment_channel, work_off):
    batch = [
        {**TRACK, "type": "track"},
        "nonsense",
        {"type": "track", "event": "x", "messageId": "m-2", "userId": None, "anonymousId": ""},
        {"type": "track", "event": "x", "messageId": "m-3", "userId": "u_2", "properties": {"a": "x" * 33_000}},
        {"type": "unheard-of", "messageId": "m-4", "userId": "u_3"},
        {"messageId": "m-5", "userId": "u_4"},
    ]
    assert call(segment_channel, "batch", {"batch": batch}).status_code == 200
    work_off()
    found = {row.native_id[:3]: (row.state, row.note) for row in stored(segment_channel)}
    assert found["m-1"] == (State.DONE, "")
    assert found["m-2"] == (State.FAILED, "It has neither a userId nor an anonymousId.")
    assert found["m-3"] == (State.FAILED, "It is larger than 32 KB.")
    assert found["m-4"] == (State.DONE, "Kept; nothing is done with “unheard-of”.")
    assert found["m-5"][0] == State.DONE
    assert [row.note for row in stored(segment_channel) if row.body == ""] == [
        "This is not an object.",
        "It has neither a userId nor an anonymousId.",
        "It is larger than 32 KB.",
    ]


def test_a_repeated_batch_changes_nothing(call, segment_channel, work_off):
    batch = {"batch": [{**TRACK, "type": "track"}, {"type": "identify", "userId": "u_1"}], "sentAt": iso(now())}
    for _ in range(3):
        assert call(segment_channel, "batch", batch).status_code == 200
        work_off()
    assert len(stored(segment_channel)) == 2


def test_what_is_not_about_the_event_is_not_kept(call, segment_channel):
    extra = {"writeKey": segment_channel.key, "integrations": {"All": True}, "sentAt": "2026-08-29T10:40:00Z"}
    call(segment_channel, "track", {**TRACK, **extra})
    assert segment_channel.key not in stored(segment_channel)[0].body


def test_a_key_of_another_kind_of_channel_is_no_write_key(call, api_channel):
    assert call(api_channel, "track", TRACK).status_code == 401


@pytest.mark.parametrize("depth", range(970, 1000, 2))
def test_a_body_that_can_just_be_parsed_is_refused_in_words(call, segment_channel, depth):
    """What is written down again has a few levels more."""
    body = b'{"userId": "u", "x": ' + b'{"a":' * depth + b"1" + b"}" * depth + b"}"
    assert call(segment_channel, "track", body).status_code in (200, 400)
