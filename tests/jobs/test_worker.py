"""Operations run step by step, can be held and ended in between, and belong to one worker at a time."""

import datetime as dt
import threading

import pytest
from django.db import DatabaseError, connection

from coterie.bulk import doing
from coterie.bulk.actions import Action
from coterie.bulk.selection import Selection
from coterie.bulk.start import again, start, undo
from coterie.core.clock import now
from coterie.jobs import crowds, worker
from coterie.jobs.control import NotPossible, cancel, pause, resume
from coterie.jobs.crowds import skipped
from coterie.jobs.kinds import KINDS, step_of
from coterie.jobs.models import Crowd
from coterie.jobs.running import Failed, Lost, Run, rows
from coterie.jobs.worker import claim, run, work, worker_name
from coterie.journal.models import JournalEntry, Operation, State
from coterie.people.models import Person
from coterie.segments.catalogue import create
from coterie.segments.models import Membership, Segment
from tests.bulk.checking import assert_whole, everything
from tests.journal.parallel import parallel
from tests.makers import make_people

EVERYBODY = Selection.of_filter(None)


@pytest.fixture(autouse=True)
def background(monkeypatch):
    """Everything goes to a worker, three people a step; other tests' operations are not ours to work on."""
    Operation.objects.exclude(state__in=[State.DONE, State.UNDONE]).update(state=State.DONE)
    monkeypatch.setattr(crowds, "CHUNK", 3)
    monkeypatch.setattr("coterie.bulk.start.AT_ONCE", 0)
    monkeypatch.setattr(worker, "BREATH", 0.0)


@pytest.fixture
def people(workspace):
    return [person.id for person in make_people(workspace, 10, plan="free")]


@pytest.fixture
def started(workspace, people):
    return start(workspace, "member:1", Action.set("plan", "pro"), EVERYBODY)


def steps(operation, count):
    """Does so many steps of a claimed operation."""
    this = Run(operation, operation.worker)
    for _ in range(count):
        step_of(operation.kind)(this)
    return this


def pros(workspace):
    return Person.objects.filter(workspace=workspace, attributes__plan="pro").count()


def work_off():
    while (operation := claim(worker_name())) is not None:
        run(operation, operation.worker)


def test_work_waits_for_a_worker(workspace, started):
    assert (started.state, started.done, started.total, pros(workspace)) == ("queued", 0, 10, 0)
    work_off()
    started.refresh_from_db()
    assert (started.state, started.done, started.people, pros(workspace)) == ("done", 10, 10, 10)
    assert started.finished_at >= started.started_at
    assert started.rate > 0
    assert (started.worker, started.leased_until, started.seconds_left) == ("", None, 0)
    assert not Crowd.objects.filter(workspace=workspace).exists()
    assert_whole(workspace)


def test_progress_shows_while_it_runs(workspace, started):
    operation = steps(claim("w"), 2).operation
    assert (operation.state, operation.done, operation.people, operation.position) == ("running", 6, 6, 2)
    assert operation.seconds_left > 0
    operation.refresh_from_db()
    assert operation.done == 6


def test_the_oldest_comes_first(workspace, people, started):
    second = start(workspace, "test", Action.clear("plan"), EVERYBODY)
    assert [claim("w").id, claim("w").id, claim("w")] == [started.id, second.id, None]


def test_who_is_meant_is_frozen(workspace, people, started):
    late = make_people(workspace, 2, plan="free")
    work_off()
    assert pros(workspace) == 10
    assert {Person.objects.get(workspace=workspace, id=one.id).attributes["plan"] for one in late} == {"free"}


def test_a_pause_holds_after_the_present_step(workspace, started):
    operation = claim("w")
    step_of("set")(Run(operation, "w"))
    assert pause(workspace, started.id).wish == "pause"
    run(operation, "w")
    operation.refresh_from_db()
    assert (operation.state, operation.done, operation.worker, operation.wish) == ("paused", 3, "", "")
    assert claim("w") is None
    assert_whole(workspace)
    assert resume(workspace, started.id).state == "queued"
    work_off()
    operation.refresh_from_db()
    assert (operation.state, operation.done, operation.people) == ("done", 10, 10)
    assert_whole(workspace)


def test_what_waits_is_paused_at_once(workspace, started):
    assert pause(workspace, started.id).state == "paused"
    work_off()
    assert pros(workspace) == 0
    assert resume(workspace, started.id).state == "queued"


def test_a_pause_can_be_taken_back_before_it_is_granted(workspace, started):
    operation = claim("w")
    pause(workspace, started.id)
    assert resume(workspace, started.id).wish == ""
    run(operation, "w")
    assert pros(workspace) == 10


@pytest.mark.parametrize("paused", [False, True])
def test_what_was_cancelled_in_the_middle_can_be_undone(workspace, started, paused):
    before = everything(workspace)
    operation = steps(claim("w"), 2).operation
    if paused:
        pause(workspace, started.id)
        run(operation, "w")
    assert cancel(workspace, started.id).state == ("cancelled" if paused else "running")
    run(operation, "w")
    operation.refresh_from_db()
    assert (operation.state, operation.done, operation.people, pros(workspace)) == ("cancelled", 6, 6, 6)
    assert not Crowd.objects.filter(workspace=workspace).exists()
    undo(workspace, "test", started.id)
    work_off()
    assert everything(workspace) == before
    assert_whole(workspace)


def test_undoing_what_is_paused_cancels_it(workspace, started):
    before = everything(workspace)
    operation = steps(claim("w"), 2).operation
    pause(workspace, started.id)
    run(operation, "w")
    undo(workspace, "test", started.id)
    with pytest.raises(NotPossible):
        resume(workspace, started.id)
    work_off()
    assert everything(workspace) == before


def test_an_undo_that_was_cancelled_can_be_begun_again(workspace, started):
    before = everything(workspace)
    work_off()
    first = undo(workspace, "test", started.id)
    with pytest.raises(NotPossible, match="undone already"):
        undo(workspace, "test", started.id)
    operation = steps(claim("w"), 2).operation
    cancel(workspace, first.id)
    run(operation, "w")
    assert pros(workspace) == 4
    assert_whole(workspace)
    second = undo(workspace, "test", started.id)
    work_off()
    second.refresh_from_db()
    assert everything(workspace) == before
    assert second.result == {"changed": 4, "already": 6, "skipped": 0}
    assert_whole(workspace)


def test_a_cancelled_undo_can_be_undone_itself(workspace, started):
    work_off()
    first = undo(workspace, "test", started.id)
    operation = steps(claim("w"), 2).operation
    cancel(workspace, first.id)
    run(operation, "w")
    undo(workspace, "test", first.id)
    work_off()
    assert pros(workspace) == 10
    assert_whole(workspace)


def test_what_runs_or_waits_cannot_be_undone(workspace, started):
    with pytest.raises(NotPossible, match="Cancel it first"):
        undo(workspace, "test", started.id)
    claim("w")
    with pytest.raises(NotPossible, match="Cancel it first"):
        undo(workspace, "test", started.id)


def test_what_is_over_can_be_neither_paused_nor_cancelled(workspace, started):
    work_off()
    for act in (pause, resume, cancel):
        with pytest.raises(NotPossible, match="is over: done"):
            act(workspace, started.id)


def test_operations_of_another_workspace_are_not_there(other_workspace, started):
    for act in (pause, resume, cancel):
        with pytest.raises(NotPossible, match="no such operation"):
            act(other_workspace, started.id)


def test_what_belongs_to_a_worker_is_not_given_to_another(started):
    assert claim("one").id == started.id
    assert claim("two") is None


def test_when_a_worker_is_gone_another_goes_on_where_it_stopped(workspace, started):
    steps(claim("one"), 1)
    rows(started).update(leased_until=now() - dt.timedelta(seconds=1))
    operation = claim("two")
    assert operation.done == 3
    run(operation, "two")
    operation.refresh_from_db()
    assert (operation.done, operation.people, pros(workspace)) == (10, 10, 10)
    assert JournalEntry.objects.filter(workspace=workspace, operation_id=started.id).count() == 10
    assert_whole(workspace)


def test_a_worker_that_lost_its_operation_changes_nothing_more(workspace, started):
    this = steps(claim("one"), 1)
    rows(started).update(leased_until=now() - dt.timedelta(seconds=1))
    claim("two")
    with pytest.raises(Lost):
        doing.step(this)
    assert pros(workspace) == 3
    assert JournalEntry.objects.filter(workspace=workspace, operation_id=started.id).count() == 3


def test_cancelling_does_not_wait_for_a_worker_that_is_gone(workspace, started):
    steps(claim("one"), 1)
    rows(started).update(leased_until=now() - dt.timedelta(seconds=1))
    assert cancel(workspace, started.id).state == "cancelled"


def test_the_heartbeat_keeps_the_operation(monkeypatch, started):
    monkeypatch.setattr(worker, "HEARTBEAT", dt.timedelta(milliseconds=20))
    operation = claim("w")
    old = now() + dt.timedelta(seconds=1)
    rows(started).update(leased_until=old)
    with worker.heartbeat(operation, "w"):
        threading.Event().wait(0.5)
    started.refresh_from_db()
    assert started.leased_until > old


def test_two_workers_do_everything_once(workspace, people):
    segments = [create(workspace, f"S{number}", "test") for number in range(6)]
    operations = [start(workspace, "test", Action.join([segment.id]), EVERYBODY) for segment in segments]

    parallel([work_off] * 3)
    assert Membership.objects.filter(workspace=workspace).count() == 60
    assert JournalEntry.objects.filter(workspace=workspace, kind="joined").count() == 60
    for operation in operations:
        operation.refresh_from_db()
        assert (operation.state, operation.done, operation.people) == ("done", 10, 10)
    assert_whole(workspace)


def test_workers_that_both_believe_to_have_it_do_each_step_once(workspace, started):
    operation = claim("w")

    def both():
        this = Run(Operation.objects.get(workspace=workspace, id=operation.id), "w")
        try:
            while this.operation.state == State.RUNNING:
                doing.step(this)
        except Lost:
            pass

    parallel([both] * 3)
    operation.refresh_from_db()
    assert (operation.state, operation.done, operation.people) == ("done", 10, 10)
    assert JournalEntry.objects.filter(workspace=workspace, operation_id=started.id).count() == 10
    assert_whole(workspace)


def test_a_segment_that_goes_away_in_the_middle_fails_the_operation_in_words(workspace, people):
    segment = create(workspace, "News", "test")
    operation = start(workspace, "test", Action.join([segment.id]), EVERYBODY)
    steps(claim("w"), 1)
    Segment.objects.filter(workspace=workspace, id=segment.id).delete()
    run(rows(operation).get(), "w")
    operation.refresh_from_db()
    assert (operation.state, operation.done) == ("failed", 3)
    assert "removed meanwhile" in operation.reason
    undo(workspace, "test", operation.id)
    work_off()
    assert not Membership.objects.filter(workspace=workspace).exists()


def test_a_failure_says_that_it_failed_and_where_to_look(monkeypatch, started, caplog):
    monkeypatch.setitem(KINDS, "set", "tests.jobs.test_worker.broken")
    step_of.cache_clear()
    try:
        work_off()
    finally:
        step_of.cache_clear()
    started.refresh_from_db()
    assert started.state == "failed"
    assert "the log of the server has more" in started.reason
    assert "ZeroDivisionError" in caplog.text


def broken(run):
    raise ZeroDivisionError


def test_a_refusal_is_the_reason(monkeypatch, started):
    monkeypatch.setitem(KINDS, "set", "tests.jobs.test_worker.refusing")
    step_of.cache_clear()
    try:
        work_off()
    finally:
        step_of.cache_clear()
    started.refresh_from_db()
    assert (started.state, started.reason) == ("failed", "It rains.")


def refusing(run):
    raise Failed("It rains.")


def test_a_database_that_fails_for_a_moment_is_asked_again(monkeypatch, workspace, started):
    monkeypatch.setattr(worker, "_wait", lambda stop, tries: None)
    original, failures = doing.part, [DatabaseError("gone"), DatabaseError("still gone")]

    def part(operation, number):
        if failures:
            raise failures.pop()
        return original(operation, number)

    monkeypatch.setattr(doing, "part", part)
    work_off()
    started.refresh_from_db()
    assert (started.state, pros(workspace)) == ("done", 10)


def test_a_worker_works_until_it_is_told_to_stop_and_leaves_the_rest(workspace, started):
    stop, seen = threading.Event(), threading.Event()

    def watch():
        try:
            work(stop)
        finally:
            seen.set()
            connection.close()

    thread = threading.Thread(target=watch)
    thread.start()
    deadline = now() + dt.timedelta(seconds=20)
    while not rows(started).filter(state=State.DONE).exists() and now() < deadline:
        seen.wait(0.05)
    stop.set()
    thread.join(10)
    assert pros(workspace) == 10
    second = start(workspace, "test", Action.clear("plan"), EVERYBODY)
    stop.clear()
    operation = claim("w")
    stop.set()
    run(operation, "w", stop)
    second.refresh_from_db()
    assert (second.state, second.worker) == ("queued", "")


def test_skipped_people_are_kept_with_the_operation(workspace, started, people):
    work_off()
    start(workspace, "test", Action.set("plan", "mine"), Selection.of_ids(people[:4]))
    work_off()
    undoing = undo(workspace, "test", started.id)
    work_off()
    undoing.refresh_from_db()
    assert (undoing.result["skipped"], skipped(undoing)) == (4, people[:4])
    assert_whole(workspace)


def lose_the_worker(operation):
    """As when a worker was killed: nobody renews the lease."""
    rows(operation).update(leased_until=now() - dt.timedelta(seconds=1))


def test_what_kills_its_workers_again_and_again_is_given_up(workspace, people, started):
    for lost in range(worker.LOST):
        operation = claim(f"w{lost}")
        assert (operation.id, operation.lost) == (started.id, lost)
        lose_the_worker(started)
    assert claim("last") is None
    started.refresh_from_db()
    assert (started.state, started.worker, started.leased_until) == (State.FAILED, "", None)
    assert started.reason.startswith("The server stopped 3 times in the middle of it")
    assert claim("last") is None


def test_what_waits_behind_one_that_is_given_up_comes_next(workspace, people, started):
    second = start(workspace, "test", Action.clear("plan"), EVERYBODY)
    for lost in range(worker.LOST):
        assert claim(f"w{lost}").id == started.id
        lose_the_worker(started)
    assert claim("w").id == second.id


def test_a_step_in_between_begins_the_count_anew(workspace, people, started):
    claim("w")
    for _ in range(2):
        for _ in range(worker.LOST - 1):
            lose_the_worker(started)
            operation = claim("w")
        assert operation.lost == worker.LOST - 1
        assert steps(operation, 1).operation.lost == 0
    started.refresh_from_db()
    assert (started.state, started.done) == (State.RUNNING, 6)


def test_a_worker_that_leaves_in_order_is_not_lost(workspace, people, started):
    stop = threading.Event()
    stop.set()
    for number in range(worker.LOST + 2):
        operation = claim(f"w{number}")
        assert operation.lost == 0
        run(operation, operation.worker, stop)


def test_one_that_was_given_up_can_be_undone_and_tried_again(workspace, people, started):
    steps(claim("w"), 1)
    for lost in range(worker.LOST):
        lose_the_worker(started)
        claim(f"w{lost}")
    started.refresh_from_db()
    assert (started.state, pros(workspace), started.can_be_undone) == (State.FAILED, 3, True)
    once_more = again(workspace, "member:1", started)
    work_off()
    once_more.refresh_from_db()
    assert (once_more.state, once_more.people, pros(workspace)) == (State.DONE, 7, 10)
