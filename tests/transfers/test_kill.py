"""`kill -9` of workers in the middle of imports and exports: everybody once, no half file."""

import os
import random
import secrets
import time
from pathlib import Path

from coterie.audience.audience import audience_of
from coterie.audience.models import Attribute
from coterie.bulk.selection import Selection
from coterie.bulk.start import undo
from coterie.core.clock import now
from coterie.core.ids import new_ids
from coterie.jobs.running import rows
from coterie.journal.commit import commit
from coterie.journal.models import JournalEntry, State
from coterie.people.changes import create_people
from coterie.people.models import Person
from coterie.segments.catalogue import create
from coterie.segments.models import Membership
from coterie.transfers.export import Form, Format
from coterie.transfers.exporting import finished, queue_export
from coterie.transfers.importer import queue, summary
from coterie.transfers.wishes import Wishes
from tests.forking import coterie

ROWS, BROKEN, EXPORTED = 1_800, 9, 3_000
KILLS = 3
CONSTANTS = {
    # The steps of an import, of its undo, and the parts of an export, which is one step.
    "coterie.transfers.incoming.CHUNK": 100,
    "coterie.jobs.crowds.CHUNK": 100,
    "coterie.transfers.as_xlsx._ROWS": 10,
    # So many workers may be lost in one step.
    "coterie.jobs.worker.LOST": KILLS + 1,
}
LOG = Path(os.environ["COTERIE_DATA"]).parent / "killed-transfers.log"


def finish_in_spite_of_kills(operation, pause=0.1):
    """Kills worker after worker, up to `pause` seconds after it began to work; the last one may finish.

    Returns the operation as it is then.
    """
    chance, caught = random.Random(secrets.randbits(32)), 0
    for _ in range(KILLS):
        before, companion = rows(operation).get(), worker()
        try:
            companion.wait_until(lambda before=before: working(operation, before))
            time.sleep(chance.uniform(0, pause))
        finally:
            companion.kill()
        caught += rows(operation).get().state == State.RUNNING
        # As if the lease had run out; that it does is told elsewhere.
        rows(operation).filter(state=State.RUNNING).update(leased_until=now())
    assert caught
    companion = worker()
    try:
        companion.wait_until(lambda: rows(operation).get().is_over)
    finally:
        companion.stop()
    return rows(operation).get()


def worker():
    return coterie("worker", log=LOG, constants=CONSTANTS)


def working(operation, before):
    """Whether a new worker is at it and, unless the whole is one step, has done a step."""
    found = rows(operation).get()
    begun = found.worker not in ("", before.worker)
    return found.is_over or (begun and (found.kind == "export" or found.position != before.position))


def test_an_import_goes_on_after_kills_and_makes_everybody_once(workspace, tmp_path, monkeypatch):
    monkeypatch.setattr("coterie.bulk.start.AT_ONCE", 0)
    segment = create(workspace, "News", "test")
    path = tmp_path / "people.csv"
    lines = [f"u{n},u{n}@b.c,pro" for n in range(ROWS)]
    for place in range(BROKEN):
        lines.insert(place * ROWS // BROKEN + 17, f"broken {place}")
    path.write_text("User ID,Email,plan\n" + "\n".join(lines) + "\n")
    operation = finish_in_spite_of_kills(queue(workspace, path, "member:1", Wishes(segments=(segment.id,))))
    found = summary(operation)
    assert (operation.state, operation.done, operation.people) == (State.DONE, operation.total, ROWS)
    assert (found.rows, found.new, found.rejected, found.joined) == (ROWS + BROKEN, ROWS, BROKEN, ROWS)
    assert found.rejected_file.read_text().count("\n") == BROKEN + 1
    assert Person.objects.filter(workspace=workspace).count() == ROWS
    assert Membership.objects.filter(workspace=workspace).count() == ROWS
    assert Attribute.objects.get(workspace=workspace, key="plan").count == ROWS
    workspace.refresh_from_db()
    assert JournalEntry.objects.filter(workspace=workspace).count() == workspace.revision == 2 * ROWS
    assert audience_of(workspace).count(None) == ROWS
    operation = undo(workspace, "test", operation.id)
    assert finish_in_spite_of_kills(operation).state == State.DONE
    assert not Person.objects.filter(workspace=workspace).exists()
    assert not Attribute.objects.filter(workspace=workspace, key="plan").exists()


def test_an_export_whose_workers_were_killed_is_whole(workspace):
    people = [Person(id=i, user_id=f"user {i}", attributes={"plan": "pro"}) for i in new_ids(EXPORTED)]
    commit(workspace.pk, "test", lambda tx: create_people(tx, people))
    queued = queue_export(workspace, "m", Selection.of_filter(None), Form(Format.XLSX), "all")
    operation = finish_in_spite_of_kills(queued, 0.2)
    assert (operation.state, operation.done) == (State.DONE, EXPORTED)
    kept = finished(workspace, operation)
    assert kept.manifest.people == EXPORTED
    assert sorted(each.name for each in kept.path.parent.iterdir()) == ["all.xlsx", "all.xlsx.manifest.json"]
