"""Platforms deliver through the real server over real HTTP, while the worker reads and a member uses the list."""

import base64
import contextlib
import hashlib
import hmac
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.measure import Figure, in_turns, percentile
from bench.parts.filters import readers
from bench.parts.load import bench_workspace
from bench.report import ROOT
from bench.server import Reader, Server, serving
from coterie.channels.models import Channel, RawEvent, State
from coterie.channels.registry import KINDS
from coterie.channels.setup import make
from coterie.core.clock import now
from tests.companion import Companion

ROUNDS = 5
# As many as Segment's library for Python puts into one by default.
SIZE, BATCHES = 100, 100
SINGLES = 2_000
BATCH_GOAL, SINGLE_GOAL, LATENCY_GOAL = 8_000.0, 500.0, 100.0
# Between two looks of the member at the list.
GLANCE = 1.0
_SECRET = "bench-secret"


class _Stream:
    """Events of people, some new and some known from before; no two have one id."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self._serial = 0
        self._run = f"{time.time():.0f}"

    def batches(self) -> list[bytes]:
        """Batches of Segment's library."""
        return [
            _line(json.dumps({"batch": [self._call() for _ in range(SIZE)], "sentAt": _iso()}), self._basic())
            for _ in range(BATCHES)
        ]

    def messages(self) -> list[bytes]:
        """Single deliveries of Slack, each signed."""
        return [self._signed(json.dumps(self._message())) for _ in range(SINGLES)]

    def _call(self) -> dict[str, object]:
        self._serial += 1
        user = f"u-{self._run}-{self._serial % 5_000}"
        call = {"messageId": f"{self._run}-{self._serial}", "userId": user, "timestamp": _iso()}
        context = {"ip": "203.0.113.9", "locale": "pl-PL", "library": {"name": "bench", "version": "1"}}
        if self._serial % 4:
            return {**call, "type": "track", "event": "Opened", "properties": {"page": "/p"}, "context": context}
        traits = {"email": f"{user}@mail.example", "name": f"Visitor {self._serial % 5_000}", "plan": "pro"}
        return {**call, "type": "identify", "traits": traits, "context": context}

    def _message(self) -> dict[str, object]:
        self._serial += 1
        ts = f"{time.time():.0f}.{self._serial:06}"
        event = {
            "type": "message",
            "channel": f"D{self._serial % 2_000}",
            "channel_type": "im",
            "user": f"U{self._run}{self._serial % 2_000}",
            "text": "could you tell me when my order will arrive",
            "ts": ts,
            "event_ts": ts,
        }
        return {"type": "event_callback", "team_id": "T1", "event_id": f"Ev{self._run}{self._serial}", "event": event}

    def _basic(self) -> dict[str, str]:
        return {"Authorization": f"Basic {base64.b64encode(f'{self.channel.key}:'.encode()).decode()}"}

    def _signed(self, body: str) -> bytes:
        stamp = f"{time.time():.0f}"
        digest = hmac.new(_SECRET.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
        return _line(body, {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"})


def _iso() -> str:
    return now().isoformat(timespec="milliseconds")


def _line(body: str, headers: dict[str, str]) -> bytes:
    return f"{json.dumps(headers)}\t{body}".encode()


class _Sender:
    """The load client against the server; keeps what it saw."""

    def __init__(self, server: Server, path: str, connections: int, each: int) -> None:
        self._command = [sys.executable, "-m", "bench.client", str(server.port), path, str(connections)]
        self._each = each
        self.latencies: list[float] = []
        self.sent = 0

    def rate(self, lines: list[bytes]) -> float:
        """Events per second, as acknowledged."""
        done = subprocess.run(self._command, input=b"\n".join(lines), stdout=subprocess.PIPE, check=True, cwd=ROOT)
        answer = json.loads(done.stdout)
        self.latencies += answer["latencies"]
        events = len(lines) * self._each
        self.sent += events
        return float(events / answer["seconds"])


class _Member(threading.Thread):
    """Looks at the list again and again."""

    def __init__(self, page: Reader) -> None:
        super().__init__()
        self._page, self._stop_now = page, threading.Event()
        self.milliseconds: list[float] = []

    def run(self) -> None:
        """Until it is told to stop."""
        while not self._stop_now.wait(GLANCE):
            start = time.perf_counter()
            self._page.get("/users?match=all")
            self.milliseconds.append((time.perf_counter() - start) * 1000)

    def leave(self) -> None:
        """Ends it."""
        self._stop_now.set()
        self.join()


@contextlib.contextmanager
def _worker() -> Iterator[None]:
    log = Path(os.environ["COTERIE_DATA"]) / "worker.log"
    command = [sys.executable, "-m", "coterie.cli.main", "worker"]
    worker = Companion(command, log=log, env=dict(os.environ), cwd=ROOT)
    try:
        yield
    finally:
        worker.stop()


def run(people: int) -> Iterator[Figure]:
    """Batches of Segment and single messages of Slack."""
    workspace = bench_workspace()
    segment = make(workspace, "bench", KINDS["segment"], "Segment", {})
    slack = make(workspace, "bench", KINDS["slack"], "Slack", {"signing_secret": _SECRET})
    with serving() as server, _worker():
        _, page = readers(server, workspace)
        stream, sender = _Stream(segment), _Sender(server, "/v1/batch", 2, SIZE)
        yield from _measured(
            f"Segment, batches of {SIZE}, 2 connections", segment, stream.batches, sender, page, BATCH_GOAL
        )
        stream, sender = _Stream(slack), _Sender(server, f"/channels/slack/{slack.key}", 8, 1)
        yield from _measured("Slack, single messages, 8 connections", slack, stream.messages, sender, page, SINGLE_GOAL)


def _measured(
    name: str, channel: Channel, make_lines: Callable[[], list[bytes]], sender: _Sender, page: Reader, goal: float
) -> Iterator[Figure]:
    """How many were acknowledged and how fast, how the list was meanwhile, and how long the inbox took to be empty."""
    member = _Member(page)
    member.start()
    try:
        found = in_turns({"ours": lambda: sender.rate(make_lines())}, ROUNDS)
    finally:
        member.leave()
    start = time.perf_counter()
    rows = RawEvent.objects.filter(workspace_id=channel.workspace_id, channel_id=channel.id)
    if (stored := rows.count()) != sender.sent:
        raise RuntimeError(f"{name}: {sender.sent:,} events were acknowledged, {stored:,} are stored")
    left = rows.filter(state=State.WAITING).count()
    while rows.filter(state=State.WAITING).exists():
        time.sleep(0.2)
    taken = time.perf_counter() - start
    if rows.exclude(state=State.DONE).exists():
        raise RuntimeError(f"{name}: some events could not be read")
    yield Figure(name, "events/s", found["ours"], goal=goal, more_is_better=True)
    latencies = [seconds * 1000 for seconds in sender.latencies]
    yield Figure(f"{name}: answer, p50", "ms", [percentile(latencies, 0.5)])
    yield Figure(f"{name}: answer, p99", "ms", [percentile(latencies, 0.99)], goal=LATENCY_GOAL)
    yield Figure(f"{name}: a member's list meanwhile, p95", "ms", [percentile(member.milliseconds, 0.95)])
    note = f"{left:,} events were still to be read when the last was acknowledged, {taken:.1f} s later none"
    yield Figure(f"{name}: read afterwards", "events/s", [left / taken if left else 0.0], note=note)
