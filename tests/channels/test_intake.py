"""Group commit: requests share a transaction, and no sender can harm another one."""

import asyncio
import threading

import httpx
import pytest
from django.db import OperationalError

from coterie.channels import intake as intake_module
from coterie.channels import refusals
from coterie.channels.api import views
from coterie.channels.events import parse_events
from coterie.channels.inbox import Receipt
from coterie.channels.intake import Full, Intake
from coterie.channels.models import Channel
from coterie.journal.commit import Collision

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


def test_so_much_may_wait_and_no_more(monkeypatch):
    monkeypatch.setattr(intake_module, "MOST_WAITING", 3)
    store = Store()
    intake = Intake(store)
    first = intake.put(CHANNEL, ["a"])
    store.busy.wait(5)
    waiting = [intake.put(CHANNEL, ["b", "c"]), intake.put(CHANNEL, ["d"])]
    with pytest.raises(Full):
        intake.put(CHANNEL, ["e"])
    store.go.set()
    for done in (first, *waiting):
        done.result(5)
    intake.put(CHANNEL, ["f"]).result(5)
    assert store.calls == [["a"], ["b", "c", "d"], ["f"]]


def test_a_batch_larger_than_all_that_may_wait_is_stored_when_nothing_else_waits(monkeypatch):
    monkeypatch.setattr(intake_module, "MOST_WAITING", 3)
    store = Store()
    store.go.set()
    Intake(store).put(CHANNEL, list("abcdef")).result(5)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_died_leaves_nobody_waiting_and_is_started_again():
    store = Store(SystemExit("killed"))
    store.go.set()
    intake = Intake(store)
    with pytest.raises(SystemExit):
        intake.put(CHANNEL, ["a"]).result(5)
    intake._thread.join(5)
    intake.put(CHANNEL, ["b"]).result(5)
    assert store.calls == [["a"], ["b"]]


@pytest.mark.parametrize("error", [OperationalError("away"), Full("full"), Collision("again and again")])
def test_a_sender_is_told_to_come_again_while_nothing_can_be_stored(api_channel, post, monkeypatch, error):
    async def deliver(channel, events):
        raise error

    monkeypatch.setattr(views, "deliver", deliver)
    answer = post(api_channel, {"userId": "u", "message": "x"})
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")


def test_whoever_tries_out_keys_is_told_to_wait_after_a_while(api_channel, post):
    api_channel.key = "wrong"
    codes = [post(api_channel, {"userId": "u"}).status_code for _ in range(refusals.MOST + 1)]
    assert codes == [404] * refusals.MOST + [429]


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
