"""Several processes, readers and writers at once."""

import threading
from collections.abc import Callable
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from coterie.accounts.models import Workspace
from coterie.audience import replica, source
from coterie.audience.audience import audience_of
from coterie.audience.view import View
from coterie.core.clock import now
from tests.audience.mirror import add, change, in_record, in_replica
from tests.forking import Forked


def count_twice(workspace_id: int, tests: Connection) -> None:
    """What the other process does."""
    audience = audience_of(Workspace.objects.get(pk=workspace_id))
    tests.send((audience.count(None), audience.replica.path.name))
    tests.recv()
    tests.send(audience.count(None))


def test_every_process_has_a_file_of_its_own(workspace: Workspace, tmp_path: Path) -> None:
    add(workspace, 3)
    mine = audience_of(workspace)
    assert mine.count(None) == 3
    here, there = Pipe()
    other = Forked(count_twice, [workspace.pk, there], tmp_path / "log")
    there.close()
    try:
        people, name = here.recv()
        assert people == 3
        assert name != mine.replica.path.name
        add(workspace, 2)
        here.send("go on")
        assert here.recv() == 5
    finally:
        other.stop()
    assert mine.count(None) == 5


def test_a_slot_is_free_again_when_its_owner_is_gone(workspace: Workspace, opened: Callable) -> None:
    first, second = opened(workspace), opened(workspace)
    assert first.path != second.path
    first.close()
    assert opened(workspace).path == first.path


def in_threads(work: Callable[[int], None], count: int) -> list[threading.Thread]:
    """Runs `work` in threads that keep what went wrong for `finish`."""

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            threads[number].problem = error  # type: ignore[attr-defined]
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    return threads


def finish(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    for thread in threads:
        if problem := getattr(thread, "problem", None):
            raise problem


def test_readers_see_one_moment_while_people_arrive_and_change(workspace: Workspace) -> None:
    ids, done, known = add(workspace, 100), threading.Event(), [100]

    def read(_: int) -> None:
        last = 0
        while not done.is_set():
            least = known[0]
            page = audience_of(workspace).page(View(), 10_000)
            assert len({row.id for row in page.rows}) == len(page.rows) == page.total
            assert page.total >= max(least, last)
            last = page.total

    threads = in_threads(read, 3)
    try:
        for number in range(30):
            for person_id in ids[number % 50 :: 25]:
                change(workspace, person_id, lambda people, person: people.seen(person, now()))
            known[0] += len(add(workspace, 3))
    finally:
        done.set()
        finish(threads)
    assert audience_of(workspace).ask(in_replica) == in_record(workspace)


def test_whoever_changes_while_the_replica_catches_up_is_there_once(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ada, *_) = add(workspace, 5)
    audience = audience_of(workspace)
    assert audience.count(None) == 5
    add(workspace, 1)
    real = source.changed

    def changed(*arguments: Any) -> list[int]:
        found = real(*arguments)
        # Another writer is quicker than the rest of this catch-up.
        change(workspace, ada, lambda people, person: people.seen(person, now()))
        return found

    monkeypatch.setattr(replica.source, "changed", changed)
    page = audience.page(View(), 100)
    assert len(page.rows) == page.total == 6
    monkeypatch.undo()
    assert audience.ask(in_replica) == in_record(workspace)


def test_questions_are_answered_while_the_replica_is_repaired(workspace: Workspace) -> None:
    add(workspace, 300)
    done = threading.Event()

    def read(_: int) -> None:
        while not done.is_set():
            assert audience_of(workspace).count(None) == 300

    threads = in_threads(read, 4)
    try:
        for _ in range(8):
            audience_of(workspace).replica.repair()
    finally:
        done.set()
        finish(threads)
