"""A check says what an import would do, without a change; in the background, for whoever still wants to know."""

import datetime as dt
import threading
import time

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.db import connection

from coterie.accounts.models import Workspace
from coterie.core.clock import UTC, now
from coterie.core.ids import to_public
from coterie.jobs import worker
from coterie.jobs.control import cancel
from coterie.jobs.queries import busy, over, running
from coterie.jobs.running import LEASE, Run, rows
from coterie.journal.models import Operation, State
from coterie.people.models import Person
from coterie.segments.catalogue import create
from coterie.segments.trash import remove
from coterie.transfers import checking, importer, incoming
from coterie.transfers.checking import check, dry_run
from coterie.transfers.first_rows import first_rows
from coterie.transfers.importer import import_file
from coterie.transfers.reading import WrongFile
from coterie.transfers.wishes import Wishes
from tests.makers import make_person, put_in

LINES = "email,Name\n" + "".join(f"p{n}@example.test,P{n}\n" for n in range(25)) + ",Nobody\n"


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setattr(incoming, "CHUNK", 10)
    found = tmp_path / "people.csv"
    found.write_text(LINES)
    return found


@pytest.fixture
def queued(workspace, path, monkeypatch):
    """A check that waits for a worker."""
    # Whoever looks for work must not find what other tests left.
    Operation.objects.filter(state__in=[State.QUEUED, State.RUNNING]).update(state=State.DONE)
    monkeypatch.setattr(checking, "AT_ONCE", 1)
    row = check(workspace, path, "test", Wishes())
    yield row
    rows(row).update(state=State.DONE)


def claimed(row: Operation) -> Run:
    name = worker.worker_name()
    rows(row).update(state=State.RUNNING, worker=name)
    return Run(rows(row).get(), name)


def test_a_small_file_is_checked_at_once_and_as_exactly_as_a_dry_run(workspace, path):
    there = make_person(workspace, default_email="p3@example.test")
    segment = create(workspace, "Friends", "test")
    put_in(workspace, "test", [segment.id], [there.id])
    wishes = Wishes(segments=(segment.id,))
    revision = Workspace.objects.get(pk=workspace.pk).revision
    found = check(workspace, path, "test", wishes)
    told = dry_run(workspace, path, wishes)
    assert (found.state, found.done) == (State.DONE, path.stat().st_size)
    counts = {name: found.result.get(name, 0) for name in ("rows", "new", "changed", "same", "rejected", "joined")}
    assert counts == {"rows": 26, "new": 24, "changed": 1, "same": 0, "rejected": 1, "joined": 24}
    assert counts == {name: getattr(told, name) for name in counts}
    assert found.result[f"joined:{to_public(segment.id)}"] == 24
    assert Workspace.objects.get(pk=workspace.pk).revision == revision
    assert checking.rejected_file(found).read_text() == told.rejected_file.read_text()
    done = import_file(workspace, path, "test", wishes)
    assert counts == {name: getattr(done, name) for name in counts}


def written(tmp_path, kind, rows):
    path = tmp_path / f"{rows}.{kind}"
    if kind == "xlsx":
        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet()
        for row in [["userId"], *([f"u{n}"] for n in range(rows))]:
            sheet.append(row)
        book.save(path)
    else:
        users = [f"u{n}" for n in range(rows)]
        pq.write_table(pa.table({"userId": users, "plan": ["pro"] * rows}), path, compression="zstd")
    return path


@pytest.mark.one_database
@pytest.mark.parametrize("kind", ["xlsx", "parquet"])
def test_what_is_packed_counts_by_what_it_is_unpacked(workspace, tmp_path, monkeypatch, kind):
    Operation.objects.filter(state__in=[State.QUEUED, State.RUNNING]).update(state=State.DONE)
    small, large = written(tmp_path, kind, 300), written(tmp_path, kind, 20_000)
    limit = large.stat().st_size + 1
    monkeypatch.setattr(checking, "AT_ONCE", limit)
    monkeypatch.setattr(importer, "AT_ONCE", limit)
    states = [check(workspace, path, "test", Wishes()).state for path in (small, large)]
    states += [importer.start(workspace, path, "test", Wishes(), lambda _: None).state for path in (small, large)]
    assert states == [State.DONE, State.QUEUED, State.DONE, State.QUEUED]
    Operation.objects.filter(workspace=workspace).update(state=State.DONE)


def test_the_lease_does_not_run_out_while_somebody_waits(workspace, path, monkeypatch):
    monkeypatch.setattr(worker, "HEARTBEAT", dt.timedelta(seconds=0.02))
    original, mine = checking.people, Operation.objects.filter(workspace=workspace)

    def slow(*given, **options):
        mine.update(leased_until=now() - LEASE)
        for _ in range(200):
            if not mine.filter(leased_until__lt=now()).exists():
                return original(*given, **options)
            time.sleep(0.02)
        pytest.fail("nobody renewed the lease")

    monkeypatch.setattr(checking, "people", slow)
    assert check(workspace, path, "test", Wishes()).state == State.DONE


def test_checks_are_nobody_s_business_but_the_asker_s(workspace, queued):
    assert [busy(workspace), running(workspace), over(workspace, 9)] == [0, [], []]
    assert not queued.can_be_undone


def test_a_check_that_nobody_wants_any_more_stops_in_the_middle(workspace, path, queued, monkeypatch):
    monkeypatch.setattr(checking, "_LOOK", 0)
    this, seen = claimed(queued), []
    rows(queued).update(leased_until=queued.started_at + 4 * LEASE)
    original = checking.people

    def people(*given, **options):
        seen.append(1)
        cancel(workspace, queued.id)
        return original(*given, **options)

    monkeypatch.setattr(checking, "people", people)
    worker.run(this.operation, this.worker)
    assert len(seen) == 1
    assert rows(queued).get().state == State.CANCELLED


def test_a_check_is_left_to_the_next_worker_when_its_own_has_to_leave(queued, monkeypatch):
    this, seen, stop = claimed(queued), [], threading.Event()
    original = checking.people

    def people(*given, **options):
        seen.append(1)
        stop.set()
        return original(*given, **options)

    monkeypatch.setattr(checking, "people", people)
    worker.run(this.operation, this.worker, stop)
    assert len(seen) == 1
    assert rows(queued).get().state == State.QUEUED
    assert not checking.rejected_file(queued).exists()
    worker.run(worker.claim("w2", ["check"]), "w2")
    assert rows(queued).get().result["new"] == 25


def test_a_worker_that_has_to_leave_does_not_read_up_to_where_an_import_was(workspace, path, monkeypatch):
    monkeypatch.setattr(importer, "AT_ONCE", 1)
    row = importer.start(workspace, path, "test", Wishes(), lambda _: None)
    this, stop, seen = claimed(row), threading.Event(), []
    importer.step(this)
    importer.step(this)
    importer._close_all()
    original = incoming.people

    def people(*given, **options):
        seen.append(1)
        return original(*given, **options)

    def step(run):
        stop.set()
        importer.step(run)

    monkeypatch.setattr(incoming, "people", people)
    monkeypatch.setattr(worker, "step_of", lambda _kind: step)
    worker.run(this.operation, this.worker, stop)
    assert (rows(row).get().state, rows(row).get().position, seen) == (State.QUEUED, 20, [])
    monkeypatch.undo()
    monkeypatch.setattr(incoming, "CHUNK", 10)
    worker.run(claimed(row).operation, rows(row).get().worker)
    assert (rows(row).get().state, Person.objects.filter(workspace=workspace).count()) == (State.DONE, 25)


def test_a_check_whose_worker_was_killed_begins_anew(workspace, queued):
    this = claimed(queued)
    rows(queued).update(done=300, result={"rows": 10, "new": 10}, leased_until=queued.started_at - LEASE)
    again = worker.claim("w2", ["check"])
    assert again.id == queued.id
    worker.run(again, "w2")
    found = rows(queued).get()
    assert (found.state, found.done, found.result["rows"]) == (State.DONE, found.total, 26)
    assert this.operation.id == found.id


def test_a_segment_that_goes_meanwhile_fails_it_in_words(workspace, path, monkeypatch):
    segment = create(workspace, "Friends", "test")
    monkeypatch.setattr(checking, "AT_ONCE", 1)
    row = check(workspace, path, "test", Wishes(segments=(segment.id,)))
    remove(workspace, segment, "test")
    this = claimed(row)
    worker.run(this.operation, this.worker)
    found = rows(row).get()
    assert found.state == State.FAILED
    assert "No such segment" in found.reason


def test_a_file_that_goes_meanwhile_fails_it_in_words(path, queued):
    path.unlink()
    this = claimed(queued)
    worker.run(this.operation, this.worker)
    assert rows(queued).get().state == State.FAILED


@pytest.mark.one_database
def test_wishes_that_cannot_be_are_refused_at_once(workspace, path):
    with pytest.raises(WrongFile, match="no type"):
        check(workspace, path, "test", Wishes(types={"x": "colour"}))
    with pytest.raises(WrongFile, match="no column"):
        check(workspace, path, "test", Wishes(mapping={"x": "y"}))
    assert not Operation.objects.filter(workspace=workspace).exists()


def test_questions_are_answered_while_work_goes_on(workspace, queued, path):
    """Two workers in one process: the one for work leaves the question to the other."""
    stop = threading.Event()

    def answering():
        try:
            worker.answer(stop)
        finally:
            connection.close()

    assert worker.claim("w", [kind for kind in worker.KINDS if kind not in worker.QUESTIONS]) is None
    thread = threading.Thread(target=answering)
    thread.start()
    for _ in range(200):
        if rows(queued).filter(state=State.DONE).exists():
            break
        stop.wait(0.05)
    stop.set()
    thread.join(20)
    assert rows(queued).get().result["new"] == 25


def test_an_import_is_told_before_its_first_change_and_not_begun_when_that_fails(workspace, path):
    def full(_operation):
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        importer.start(workspace, path, "test", Wishes(), full)
    assert not Operation.objects.filter(workspace=workspace).exists()
    seen = []
    row = importer.start(workspace, path, "test", Wishes(), lambda row: seen.append((row.id, row.state)))
    assert seen == [(row.id, State.RUNNING)]
    assert (row.state, row.people) == (State.DONE, 25)


@pytest.mark.one_database
def test_the_first_rows_are_typed_and_say_what_becomes_of_them(workspace, tmp_path):
    make_person(workspace, default_email="Same@example.test", default_name="S")
    changing = make_person(workspace, default_email="b@example.test")
    path = tmp_path / "people.csv"
    path.write_text(
        "Email,Name,score,vip,First Seen\n"
        "same@example.test,S,,,\n"
        "b@example.test,B,7,true,2024-05-06T07:08:09Z\n"
        "c@example.test,C,007,no,\n"
        ",Nobody,1,true,\n"
        "too,short\n"
    )
    wishes = Wishes(types={"score": "number", "vip": "boolean"})
    found = first_rows(workspace, path, wishes, 10)
    # Somebody's address is compared as it is written: the case is another.
    assert [(row.line, row.outcome) for row in found] == [
        (2, "changed"),
        (3, "changed"),
        (4, "new"),
        (5, "rejected"),
        (6, "rejected"),
    ]
    assert found[1].values["score"] == 7
    assert found[1].values["vip"] is True
    assert found[1].values["createdAt"].isoformat() == "2024-05-06T07:08:09+00:00"
    assert found[1].values["createdAt"].tzinfo is UTC
    assert (found[2].values["score"], found[2].values["vip"]) == ("007", "no")
    assert "neither a user id nor an e-mail" in found[3].problem
    assert "2 cells" in found[4].problem
    assert Person.objects.get(workspace=workspace, id=changing.id).attributes == {"default_email": "b@example.test"}


@pytest.mark.one_database
def test_only_so_many_rows_are_looked_at(workspace, path):
    assert len(first_rows(workspace, path, Wishes(), 4)) == 4
