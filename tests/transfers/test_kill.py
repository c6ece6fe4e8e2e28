"""`kill -9` of workers in the middle of imports and exports: everybody once, no half file."""

import os
import random
import signal
import time
from pathlib import Path

from coterie.audience.audience import audience_of
from coterie.audience.models import Attribute
from coterie.bulk.selection import Selection
from coterie.bulk.start import undo
from coterie.core.clock import now
from coterie.jobs.running import rows
from coterie.journal.models import JournalEntry, State
from coterie.people.models import Person
from coterie.segments.catalogue import create
from coterie.segments.models import Membership
from coterie.transfers.export import Form, Format
from coterie.transfers.exporting import finished, queue_export
from coterie.transfers.importer import queue, summary
from coterie.transfers.wishes import Wishes
from tests.forking import coterie

ROWS, BROKEN = 45_000, 9
KILLS = 3
LOG = Path(os.environ["COTERIE_DATA"]).parent / "killed-transfers.log"


def worker():
    return coterie("worker", log=LOG)


def finish_in_spite_of_kills(operation):
    """Kills worker after worker; the last one may finish. Returns the operation as it is then."""
    chance = random.Random(7)
    for last in [False] * KILLS + [True]:
        companion = worker()
        try:
            if last:
                companion.wait_until(lambda: rows(operation).get().is_over)
            else:
                before = rows(operation).get().position
                companion.wait_until(lambda before=before: working(operation, before))
                time.sleep(chance.uniform(0, 0.3))
                os.kill(companion.process.pid, signal.SIGKILL)
                companion.process.wait()
        finally:
            companion.stop()
        # As if the lease had run out; that it does is told elsewhere.
        rows(operation).filter(state=State.RUNNING).update(leased_until=now())
    return rows(operation).get()


def working(operation, before):
    found = rows(operation).get()
    return found.is_over or found.position > before or (found.kind == "export" and found.state == State.RUNNING)


def test_an_import_goes_on_after_kills_and_makes_everybody_once(workspace, tmp_path):
    segment = create(workspace, "News", "test")
    path = tmp_path / "people.csv"
    lines = [f"u{n},u{n}@b.c,pro" for n in range(ROWS)]
    for place in range(BROKEN):
        lines.insert(place * 5_000 + 17, f"broken {place}")
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


def test_an_export_whose_workers_were_killed_is_whole(workspace, tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("User ID,plan\n" + "".join(f"u{n},pro\n" for n in range(20_000)))
    finish_in_spite_of_kills(queue(workspace, path, "member:1", Wishes()))
    form = Form(Format.XLSX)
    operation = finish_in_spite_of_kills(queue_export(workspace, "m", Selection.of_filter(None), form, "all"))
    assert (operation.state, operation.done) == (State.DONE, 20_000)
    kept = finished(workspace, operation)
    assert kept.manifest.people == 20_000
    assert sorted(each.name for each in kept.path.parent.iterdir()) == ["all.xlsx", "all.xlsx.manifest.json"]
