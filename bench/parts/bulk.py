"""Bulk actions on everybody whom a filter finds, their undo, and what pages and senders notice of them."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median

import httpx

from bench.measure import Figure, percentile, seconds
from bench.parts.filters import readers
from bench.parts.load import bench_workspace
from bench.server import Reader, Server, serving
from coterie.accounts.models import Workspace
from coterie.audience.audience import audience_of
from coterie.audience.replicas import close_all, replica_of
from coterie.audience.tree import All, Condition
from coterie.bulk.actions import Action
from coterie.bulk.preview import preview
from coterie.bulk.selection import Selection
from coterie.bulk.start import start, undo
from coterie.channels.models import Channel
from coterie.jobs.running import rows
from coterie.jobs.worker import claim
from coterie.jobs.worker import run as work_on
from coterie.journal.models import Operation
from coterie.segments.models import Segment

ROUNDS = 3
SAVE_GOAL, SET_GOAL = 6.0, 12.0
# About 153,000 of a million.
SELECTION = Selection.of_filter(
    All((Condition("default_country", "is", ("United States",)), Condition("plan", "is", ("free",))))
)


def run(people: int) -> list[Figure]:
    """Each action and its undo, in turns, from the filter to the last commit."""
    workspace = bench_workspace()
    replica_of(workspace).catch_up()
    number = SELECTION.count(audience_of(workspace))
    taken: dict[str, list[float]] = {}
    for round_number in range(ROUNDS):
        for name, action in _actions(workspace, round_number).items():
            taken.setdefault(f"preview: {name}", []).append(seconds(lambda a=action: preview(workspace, a, SELECTION)))
            operation = _timed(taken, name, lambda a=action: start(workspace, "bench", a, SELECTION))
            assert operation.done == number, f"{operation.done} of {number} done"
            undoing = _timed(taken, f"undo: {name}", lambda o=operation: undo(workspace, "bench", o.id))
            assert undoing.people == operation.people, f"{undoing.people} of {operation.people} undone"
            replica_of(workspace).catch_up()
    figures = [_figure(name, runs, number) for name, runs in taken.items()]
    figures += _meanwhile(workspace)
    close_all()
    return figures


def _actions(workspace: Workspace, number: int) -> dict[str, Action]:
    segment = Segment.objects.create(workspace=workspace, name=f"Bench {number} {time.time_ns()}")
    actions = {"save to a segment": Action.join([segment.id]), "set an attribute": Action.set("tier", "gold")}
    # No goal was set for it: once is enough.
    return actions if number else {**actions, "delete": Action.delete()}


def _timed(taken: dict[str, list[float]], name: str, begin: Callable[[], Operation]) -> Operation:
    """Begins and works on an operation as a worker does, and keeps how long both took."""
    begun: list[Operation] = []

    def work() -> None:
        begun.append(begin())
        operation = claim("bench")
        if operation is not None:
            work_on(operation, "bench")

    taken.setdefault(name, []).append(seconds(work))
    return rows(begun[0]).get()


def _figure(name: str, runs: list[float], number: int) -> Figure:
    goals = {"save to a segment": SAVE_GOAL, "set an attribute": SET_GOAL}
    return Figure(f"{name}, {number:,} people", "s", runs, goal=goals.get(name.removeprefix("undo: ")))


def _meanwhile(workspace: Workspace) -> list[Figure]:
    """A page and a message while a worker of its own process is busy, beside the same when it is not."""
    channel = Channel.objects.create(workspace=workspace, kind="api", name="Bench")
    figures = []
    with serving() as server:
        _, page = readers(server, workspace)
        page.get("/users")
        for name, ask in (
            ("GET /users", lambda: Reader(server, page.headers).get("/users")),
            ("GET /segments", lambda: Reader(server, page.headers).get("/segments")),
            ("POST of one message", _sender(server, channel)),
        ):
            quiet = _latencies(ask, lambda taken: len(taken) < 100)
            with _busy(workspace) as operation:
                busy = _latencies(ask, lambda _, o=operation: not rows(o).get().is_over)
            note = f"median; {percentile(busy, 0.95) * 1000:.0f} ms is not exceeded by 95 % of {len(busy)}"
            figures.append(
                Figure(
                    f"{name} while a worker is busy",
                    "ms",
                    [median(busy) * 1000],
                    [median(quiet) * 1000],
                    "the same while it is not",
                    note=note,
                )
            )
    return figures


def _sender(server: Server, channel: Channel) -> Callable[[], object]:
    client = httpx.Client(
        base_url=f"http://127.0.0.1:{server.port}", timeout=60, limits=httpx.Limits(keepalive_expiry=1)
    )
    stamp = time.time_ns()

    def send() -> None:
        nonlocal stamp
        stamp += 1
        body = {"messageId": str(stamp), "userId": f"bench {stamp % 50}", "message": "Hello"}
        answer = client.post(f"/channels/api/{channel.key}", content=json.dumps(body))
        answer.raise_for_status()

    return send


def _latencies(ask: Callable[[], object], more: Callable[[list[float]], bool]) -> list[float]:
    taken: list[float] = []
    while more(taken):
        taken.append(seconds(ask))
        threading.Event().wait(0.01)
    return taken


@contextmanager
def _busy(workspace: Workspace) -> Iterator[Operation]:
    """Saves and unsaves everybody of the selection in a worker process meanwhile."""
    worker = subprocess.Popen([sys.executable, "-m", "coterie.cli.main", "worker"], stdout=subprocess.DEVNULL)
    try:
        operation = start(workspace, "bench", Action.set("bench", time.time_ns() % 1000), SELECTION)
        while not rows(operation).get().done:
            time.sleep(0.01)
        yield operation
    finally:
        worker.terminate()
        worker.wait()
