"""`kill -9` of workers and servers in the middle of a bulk action and of its undo: everybody exactly once."""

import datetime as dt
import os
import random
import secrets
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest

from coterie.bulk.actions import Action
from coterie.bulk.selection import Selection
from coterie.bulk.start import start, undo
from coterie.core.clock import now
from coterie.core.ids import new_ids
from coterie.jobs import crowds
from coterie.jobs.models import Crowd
from coterie.jobs.running import rows
from coterie.journal.commit import commit
from coterie.journal.models import JournalEntry, Operation, State
from coterie.people.changes import create_people
from coterie.people.models import Person
from coterie.segments.catalogue import create
from tests.bulk.checking import assert_whole, everything
from tests.companion import alive, free_port
from tests.forking import coterie

PEOPLE, CHUNK = 750, 25
KILLS = 4
# Also for an undo, which takes its steps in the worker.
SMALL_STEPS = {"coterie.jobs.crowds.CHUNK": CHUNK}
LOG = Path(os.environ["COTERIE_DATA"]).parent / "killed-worker.log"


@pytest.fixture
def crowd(workspace, monkeypatch):
    """People enough that a worker is busy for a while, and few at a time."""
    monkeypatch.setattr(crowds, "CHUNK", CHUNK)
    monkeypatch.setattr("coterie.bulk.start.AT_ONCE", 0)
    people = [Person(id=i, user_id=f"user {i}", attributes={"plan": "free", "city": "Oslo"}) for i in new_ids(PEOPLE)]
    commit(workspace.pk, "test", lambda tx: create_people(tx, people))
    return [person.id for person in people]


@pytest.fixture
def actions(workspace):
    """What is done to everybody, one after the other."""
    segment = create(workspace, "News", "test")
    return [Action.set("plan", "pro"), Action.join([segment.id]), Action.delete()]


def command(*arguments):
    return coterie(*arguments, log=LOG, constants=SMALL_STEPS)


def progress(operation):
    operation.refresh_from_db()
    return operation.done


def finish_in_spite_of_kills(operation, chance):
    """Kills worker after worker in the middle; the last one may finish."""
    caught = 0
    for _ in range(KILLS):
        before, companion = progress(operation), command("worker")
        try:
            # Begins where the last one stopped; then dies in the middle of a step.
            companion.wait_until(lambda before=before: progress(operation) > before or operation.is_over)
            time.sleep(chance.uniform(0, 0.1))
        finally:
            companion.kill()
        caught += 0 < progress(operation) < PEOPLE
        # As if the lease had run out; that it does is told elsewhere.
        rows(operation).filter(state=State.RUNNING).update(leased_until=now())
    assert caught
    companion = command("worker")
    try:
        companion.wait_until(lambda: progress(operation) and operation.is_over, 60)
    finally:
        companion.stop()
    assert operation.state == State.DONE


@pytest.mark.parametrize("number", range(3), ids=["set", "join", "delete"])
def test_killed_workers_lose_and_double_nobody(workspace, crowd, actions, number):
    before, chance = everything(workspace), random.Random(secrets.randbits(32))
    operation = start(workspace, "test", actions[number], Selection.of_filter(None))
    finish_in_spite_of_kills(operation, chance)
    assert (operation.done, operation.people, operation.total) == (PEOPLE, PEOPLE, PEOPLE)
    entries = JournalEntry.objects.filter(workspace=workspace, operation_id=operation.id)
    assert sorted(entries.values_list("person_id", flat=True)) == crowd
    assert not Crowd.objects.filter(workspace=workspace).exists()
    assert_whole(workspace)

    undoing = undo(workspace, "test", operation.id)
    finish_in_spite_of_kills(undoing, chance)
    assert (undoing.done, undoing.people, undoing.result["skipped"]) == (PEOPLE, PEOPLE, 0)
    entries = JournalEntry.objects.filter(workspace=workspace, operation_id=undoing.id)
    assert sorted(entries.values_list("person_id", flat=True)) == crowd
    assert everything(workspace) == before
    assert_whole(workspace)


def test_a_killed_server_takes_its_worker_along_and_the_next_one_goes_on(workspace, crowd, actions):
    operation = start(workspace, "test", actions[0], Selection.of_filter(None))
    port = free_port()
    server = command("serve", "--port", str(port))
    try:
        server.wait_until(lambda: progress(operation) > 0)
        worker = int(Operation.objects.get(workspace=workspace, id=operation.id).worker.split(":")[1])
    finally:
        server.kill()
    deadline = time.monotonic() + 15
    while alive(worker) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not alive(worker)
    operation.refresh_from_db()
    assert operation.state == State.QUEUED
    server = command("serve", "--port", str(port))
    try:
        server.wait_until(lambda: healthy(port) and progress(operation) == PEOPLE and operation.is_over, 60)
    finally:
        server.stop()
    assert_whole(workspace)


def test_a_server_without_a_worker_leaves_the_work(workspace, crowd, actions):
    operation = start(workspace, "test", actions[0], Selection.of_filter(None))
    port = free_port()
    server = command("serve", "--port", str(port), "--no-worker")
    try:
        server.wait_until(lambda: healthy(port))
        assert psutil.Process(server.process.pid).children() == []
    finally:
        server.stop()
    assert progress(operation) == 0
    rows(operation).update(state=State.CANCELLED)


def test_the_lease_of_a_killed_worker_runs_out(workspace, crowd, actions):
    operation = start(workspace, "test", actions[0], Selection.of_filter(None))
    first = command("worker")
    try:
        first.wait_until(lambda: progress(operation) > 0)
    finally:
        first.kill()
    operation.refresh_from_db()
    assert operation.state == State.RUNNING
    assert operation.leased_until > now()
    soon = now() + dt.timedelta(seconds=1)
    rows(operation).update(leased_until=soon)
    done, second = operation.done, command("worker")
    try:
        second.wait_until(lambda: progress(operation) > done)
        assert now() > soon
        second.wait_until(lambda: progress(operation) == PEOPLE and operation.is_over, 60)
    finally:
        second.stop()
    assert_whole(workspace)


def healthy(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return answer.status == 200
    except urllib.error.URLError:
        return False
