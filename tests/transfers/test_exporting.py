"""Exports in the background: done by a worker, kept for a while, stopped in order."""

import errno
import threading

import pytest

from coterie.audience import query
from coterie.audience.audience import audience_of
from coterie.audience.tree import Condition, FilterError
from coterie.bulk.selection import Selection
from coterie.core.clock import now
from coterie.jobs.control import cancel
from coterie.jobs.running import LEASE, rows
from coterie.jobs.worker import run
from coterie.journal.models import Operation, State
from coterie.transfers import exporting, files
from coterie.transfers.export import Form, Format
from coterie.transfers.exporting import finished, queue_export
from tests.makers import make_person

POLES = Selection.of_filter(Condition("default_country", "is", ("Poland",)))


def worked(operation):
    """The operation after a worker had it."""
    rows(operation).update(state=State.RUNNING, worker="w", leased_until=now() + LEASE)
    run(rows(operation).get(), "w")
    return rows(operation).get()


@pytest.fixture
def poles(workspace):
    make_person(workspace, default_country="France")
    return [make_person(workspace, default_country="Poland", user_id=f"u{n}") for n in range(3)]


def test_a_worker_writes_the_file(workspace, other_workspace, poles):
    columns = [audience_of(workspace).catalogue.by_key["userId"]]
    operation = queue_export(workspace, "member:1", POLES, Form(Format.JSONL, columns), "poles")
    assert (operation.state, operation.total, finished(workspace, operation)) == (State.QUEUED, 3, None)
    done = worked(operation)
    assert (done.state, done.done, done.total, done.can_be_undone) == (State.DONE, 3, 3, False)
    kept = finished(workspace, done)
    assert kept.path.name == "poles.jsonl"
    assert kept.manifest.filter == "Country is Poland"
    assert kept.manifest.query == "f=default_country:is:Poland"
    assert kept.manifest.actor == "member:1"
    assert sorted(kept.path.read_text().split()) == [f'{{"userId":"u{n}"}}' for n in range(3)]
    assert finished(other_workspace, done) is None


def test_people_picked_by_hand_and_exceptions(workspace, poles):
    picked = Selection.of_ids([poles[0].id])
    assert finished(workspace, worked(queue_export(workspace, "m", picked, Form(), "x"))).manifest.people == 1
    but = Selection.of_filter(POLES.filter, [poles[0].id])
    kept = finished(workspace, worked(queue_export(workspace, "m", but, Form(), "x")))
    assert (kept.manifest.people, kept.manifest.filter) == (2, "Country is Poland, without 1 person")


def test_one_that_is_cancelled_in_the_middle_leaves_no_file(workspace, poles, monkeypatch):
    monkeypatch.setattr(exporting, "_LOOK", 0)
    operation = queue_export(workspace, "m", POLES, Form(), "x")
    real = query.batches

    def cancelling(*args, **kwargs):
        cancel(workspace, operation.id)
        yield from real(*args, **kwargs)

    monkeypatch.setattr(query, "batches", cancelling)
    assert worked(operation).state == State.CANCELLED
    assert finished(workspace, operation) is None
    assert not any(files.folder(workspace).glob("*/*"))


def test_one_whose_worker_has_to_leave_is_left_to_the_next(workspace, poles, monkeypatch):
    operation, stop, real = queue_export(workspace, "m", POLES, Form(), "x"), threading.Event(), query.batches

    def leaving(*args, **kwargs):
        stop.set()
        yield from real(*args, **kwargs)

    monkeypatch.setattr(query, "batches", leaving)
    rows(operation).update(state=State.RUNNING, worker="w")
    run(rows(operation).get(), "w", stop)
    assert rows(operation).get().state == State.QUEUED
    assert not any(files.folder(workspace).glob("*/*"))
    assert worked(operation).state == State.DONE


def test_one_whose_worker_was_killed_is_written_anew(workspace, poles):
    operation = queue_export(workspace, "m", POLES, Form(), "x")
    place = files.folder(workspace) / operation.public_id
    place.mkdir(parents=True)
    (place / ".x.csv.1.part").write_text("half")
    assert worked(operation).state == State.DONE
    assert sorted(path.name for path in place.iterdir()) == ["x.csv", "x.csv.manifest.json"]


def test_a_filter_that_broke_meanwhile_fails_it_with_the_reason(workspace, poles):
    operation = queue_export(workspace, "m", POLES, Form(), "x")
    details = {**operation.details, "selection": {"filter": {"attribute": "gone", "rule": "is", "values": ["x"]}}}
    Operation.objects.filter(workspace=workspace, id=operation.id).update(details=details)
    with pytest.raises(FilterError):
        queue_export(workspace, "m", Selection.from_json(details["selection"]), Form(), "x")
    failed = worked(operation)
    assert failed.state == State.FAILED
    assert "gone" in failed.reason


def test_a_full_disk_fails_it_with_the_reason_and_without_a_path(workspace, poles, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device", str(files.folder(workspace)))

    monkeypatch.setattr(files, "write", full)
    failed = worked(queue_export(workspace, "m", POLES, Form(), "x"))
    assert (failed.state, failed.reason) == (
        State.FAILED,
        "The file could not be written: No space left on device.",
    )
    assert not any(files.folder(workspace).glob("*"))


def test_progress_has_a_rate_while_it_is_written(workspace, poles, monkeypatch):
    monkeypatch.setattr(exporting, "_LOOK", 0)
    operation, seen, real = queue_export(workspace, "m", POLES, Form(), "x"), [], query.batches

    def one_by_one(reader, predicate, select, size):
        for batch in real(reader, predicate, select, 1):
            yield batch
            row = rows(operation).get()
            seen.append((row.done, row.rate, row.seconds_left))

    monkeypatch.setattr(query, "batches", one_by_one)
    done = worked(operation)
    assert [people for people, _, _ in seen] == [0, 1, 2]
    assert all(rate > 0 and left > 0 for _, rate, left in seen[1:])
    assert 0 < done.seconds < 60


def test_a_failed_one_is_left_to_a_worker_once_more_with_everything_that_was_asked(workspace, poles):
    columns = [audience_of(workspace).catalogue.by_key["userId"]]
    failed = queue_export(workspace, "m", Selection.of_ids([poles[1].id]), Form(Format.JSONL, columns), "poles")
    rows(failed).update(state=State.FAILED)
    once_more = exporting.again(workspace, "member:2", failed)
    assert (once_more.details, once_more.actor, once_more.total) == (failed.details, "member:2", 1)
    assert finished(workspace, worked(once_more)).path.read_text() == '{"userId":"u1"}\n'
