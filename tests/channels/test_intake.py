"""Group commit: requests share a transaction, and no sender can harm another one."""

import asyncio
import threading

import httpx
import pytest
from django.db import OperationalError

from coterie.channels.events import parse_events
from coterie.channels.inbox import Receipt
from coterie.channels.intake import Intake
from coterie.channels.models import Channel

CHANNEL = Channel(id=1)


class Store:
    """Keeps what it is given; waits at the first call until it is let go."""

    def __init__(self, *failures):
        self.calls, self.failures = [], list(failures)
        self.busy, self.go = threading.Event(), threading.Event()

    def __call__(self, channel, events):
        self.calls.append(list(events))
        self.busy.set()
        self.go.wait(5)
        if self.failures and (failure := self.failures.pop(0)):
            raise failure
        if "bad" in events:
            raise ValueError("bad")
        return Receipt(frozenset(), {})


def test_what_waits_together_is_stored_together():
    store = Store()
    intake = Intake(store)
    first = intake.put(CHANNEL, ["a"])
    store.busy.wait(5)
    rest = [intake.put(CHANNEL, ["b"]), intake.put(CHANNEL, ["c"])]
    store.go.set()
    for done in (first, *rest):
        done.result(5)
    assert store.calls == [["a"], ["b", "c"]]


def test_a_sender_who_hangs_up_stops_nobody():
    store = Store()
    intake = Intake(store)
    first = intake.put(CHANNEL, ["a"])
    store.busy.wait(5)
    assert not first.cancel()
    waiting = intake.put(CHANNEL, ["b"])
    assert waiting.cancel()
    store.go.set()
    intake.put(CHANNEL, ["c"]).result(5)
    assert store.calls == [["a"], ["c"]]


def test_one_bad_delivery_spoils_no_other():
    store = Store()
    intake = Intake(store)
    first = intake.put(CHANNEL, ["a"])
    store.busy.wait(5)
    bad, good = intake.put(CHANNEL, ["bad"]), intake.put(CHANNEL, ["good"])
    store.go.set()
    first.result(5)
    good.result(5)
    with pytest.raises(ValueError, match="bad"):
        bad.result(5)


def test_a_lost_connection_is_tried_once_more():
    store = Store(OperationalError("terminated"))
    store.go.set()
    Intake(store).put(CHANNEL, ["a"]).result(5)
    assert len(store.calls) == 2


def test_a_database_that_is_down_fails_all_who_wait_at_once():
    store = Store(None, OperationalError("down"), OperationalError("down"))
    intake = Intake(store)
    first = intake.put(CHANNEL, ["a"])
    store.busy.wait(5)
    waiting = [intake.put(CHANNEL, ["b"]), intake.put(CHANNEL, ["c"])]
    store.go.set()
    first.result(5)
    for done in waiting:
        with pytest.raises(OperationalError):
            done.result(5)
    assert len(store.calls) == 3


async def _hang_up(host, port, path, body):
    _, writer = await asyncio.open_connection(host, port)
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()
    await asyncio.sleep(0.02)
    writer.close()
    await writer.wait_closed()


def test_the_server_goes_on_after_senders_who_hang_up(live_server_url, api_channel):
    url = httpx.URL(live_server_url)
    path = f"/channels/api/{api_channel.key}"
    events = [{"userId": f"u{n}", "message": "x"} for n in range(900)]
    body = httpx.Request("POST", live_server_url, json=events).content
    for _ in range(5):
        asyncio.run(_hang_up(url.host, url.port, path, body))
    assert httpx.post(f"{live_server_url}{path}", json={"userId": "u", "message": "x"}, timeout=20).status_code == 200


def test_a_body_without_end_is_cut_off(live_server_url):
    def endless():
        for _ in range(400):
            yield b"x" * 100_000

    with pytest.raises(httpx.HTTPError):
        httpx.post(f"{live_server_url}/channels/api/wrong-key", content=endless(), timeout=20).raise_for_status()


def test_ids_with_broken_unicode_are_refused(api_channel, post):
    for user_id in (b"a\\ud800", b"a\\u0000"):
        answer = post(api_channel, b'{"message": "hi", "userId": "' + user_id + b'"}')
        assert answer.status_code == 422


def test_events_of_one_body_are_parsed_into_as_many_events():
    assert len(parse_events([{"userId": "a"}, {"userId": "b"}])) == 2
