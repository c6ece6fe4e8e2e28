"""How long after the commit a changed person is in their 200 rule segments, while a hundred others change a second."""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from django.db import connection

from bench.measure import Figure, percentile, seconds
from bench.parts.load import bench_workspace
from bench.report import ROOT
from coterie.accounts.models import Workspace
from coterie.audience.replicas import close_all, replica_of
from coterie.audience.tree import All, Any, Condition, Node, Not
from coterie.journal.commit import Transaction, commit
from coterie.people.attributes import catalogue_keys
from coterie.people.changes import People
from coterie.people.models import Person
from coterie.segments.catalogue import segments_of
from coterie.segments.models import Membership
from coterie.segments.rules import change_rule, create_rule
from coterie.segments.settle import is_due, settle
from tests.companion import Companion

RULES = 200
RATE = 100
PROBES = 60
PAUSE = 0.5
GOAL = 1.0
TAG = "bench_tag"


def run(people: int) -> list[Figure]:
    """The delay, and beside it how long it takes to fill a rule segment."""
    workspace = bench_workspace()
    random = Random(people)
    ids = list(Person.objects.filter(workspace=workspace).values_list("id", flat=True))
    replica_of(workspace).catch_up()
    catalogue_keys(workspace.pk, [{TAG: "a"}])
    for number in range(RULES):
        create_rule(workspace, f"Bench {number}", _rule(number, workspace), "bench")
    first = seconds(lambda: settle(workspace))
    filled, fill = _fill(workspace)
    close_all()
    with _follower(workspace), _changing(workspace, ids, random) as rate:
        delays = []
        for person_id in random.sample(ids, PROBES):
            time.sleep(PAUSE)
            delays.append(_delay(workspace, person_id))
    return [
        Figure(
            f"a change reaches {RULES} rule segments, p95",
            "s",
            [percentile(delays, 0.95)],
            goal=GOAL,
            note=f"median {sorted(delays)[len(delays) // 2]:.2f} s, {rate[0]:.0f} changes/s going on, {PROBES} people",
        ),
        Figure(f"test everybody for {RULES} rules", "s", [first], note="rules that find nobody yet"),
        Figure("fill a rule segment", "s", [fill], note=f"{filled:,} people join"),
    ]


def _rule(number: int, workspace: Workspace) -> Node:
    """Whoever has the tag and something that nearly everybody has, put in different ways."""
    manual = [segment.public_id for segment in segments_of(workspace) if not segment.is_rule]
    most: list[Node] = [
        Not(Condition("default_city", "is", (f"City {number}",))),
        Condition("chats", "gte", ("0",)),
        Condition("orders", "ne", (str(1000 + number),)),
        Any((Condition("lastSeen", "in_last", (f"{number} days",)), Condition("chats", "gte", ("0",)))),
        Any((Condition("plan", "is", ("pro",)), Condition("plan", "is_not", (f"plan {number}",)))),
        Not(Condition("default_email", "contains", (f"nobody{number}",))),
        Any((Condition("segment", "not_in", (manual[number % len(manual)],)), Condition("chats", "gte", ("0",)))),
    ]
    return All((Condition(TAG, "is_set"), most[number % len(most)], most[(number // 7 + 1) % 3]))


def _fill(workspace: Workspace) -> tuple[int, float]:
    """A rule becomes one that finds many, and then is what it was."""
    segment = next(segment for segment in segments_of(workspace) if segment.is_rule)
    former = _rule(0, workspace)
    change_rule(workspace, segment, Condition("default_country", "is", ("United States",)), "bench")
    moved: list[int] = []
    taken = seconds(lambda: moved.append(settle(workspace)))
    change_rule(workspace, segment, former, "bench")
    settle(workspace)
    return moved[0], taken


@contextmanager
def _follower(workspace: Workspace) -> Iterator[None]:
    """The follower at work, after it has read everybody."""
    log = Path(os.environ["COTERIE_DATA"]) / "follower.log"
    process = Companion([sys.executable, "-m", "bench.follower"], log=log, env=dict(os.environ), cwd=ROOT)
    try:
        _delay(workspace, Person.objects.filter(workspace=workspace).latest("id").id, 120)
        process.wait_until(lambda: not is_due(workspace), 120)
        close_all()  # Ours read everybody, too.
        yield
    finally:
        process.stop()


@contextmanager
def _changing(workspace: Workspace, ids: list[int], random: Random) -> Iterator[list[float]]:
    """A hundred people a second change meanwhile, each in a transaction; gives how many a second it really were."""
    stop, rate = threading.Event(), [0.0]

    def work() -> None:
        start, done = time.perf_counter(), 0
        while not stop.is_set():
            _set(
                workspace, random.choice(ids), {"orders": random.randrange(30), "plan": random.choice(("pro", "free"))}
            )
            done += 1
            time.sleep(max(0.0, start + done / RATE - time.perf_counter()))
            rate[0] = done / (time.perf_counter() - start)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield rate
    finally:
        stop.set()
        thread.join()


def _delay(workspace: Workspace, person_id: int, most: float = 30) -> float:
    """Seconds from the commit until the person is in all of them."""
    _set(workspace, person_id, {TAG: "a"})
    start = time.perf_counter()
    rules = {segment.id for segment in segments_of(workspace) if segment.is_rule}
    mine = Membership.objects.filter(workspace=workspace, person_id=person_id, segment_id__in=rules)
    while mine.count() < RULES:
        if time.perf_counter() - start > most:
            raise RuntimeError(f"after {most} s the person is in {mine.count()} of {RULES} segments")
        time.sleep(0.01)
    return time.perf_counter() - start


def _set(workspace: Workspace, person_id: int, values: dict[str, str | int]) -> None:
    def work(tx: Transaction) -> None:
        people = People.lock(tx, [person_id])
        people.set(people[person_id], dict(values), tx.at)
        people.save()

    commit(workspace.pk, "bench", work)
