"""Exports that are downloaded while they are made: an operation each, which is over when the download is.

Whether a browser got all of it says nobody but the server that sent it: done, with a manifest, is what was sent to the
end; everything else failed.
"""

import logging
import threading
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial

from django.db import DatabaseError, InterfaceError, connection, transaction

from coterie.accounts.models import Workspace
from coterie.audience.audience import audience_of
from coterie.bulk.selection import Selection
from coterie.core.clock import now
from coterie.jobs.ending import end
from coterie.jobs.running import LEASE, rows
from coterie.jobs.worker import heartbeat, worker_name
from coterie.journal.models import Operation, State
from coterie.transfers.export import Form
from coterie.transfers.exporting import label_of, reason_of
from coterie.transfers.files import streamed
from coterie.transfers.manifest import Manifest

# No worker knows it: whoever asked for it does it.
KIND = "download"
BROKE_OFF = "The download broke off, so the file is not complete. Export these people again."
log = logging.getLogger(__name__)


def download_of(workspace: Workspace, actor: str, selection: Selection, form: Form, name: str) -> Iterator[bytes]:
    """The file, piece by piece. `name` is without its ending. Raises FilterError."""
    audience = audience_of(workspace)
    people = selection.count(audience)
    reason = reason_of(audience, actor, selection)
    operation = Operation.objects.create(
        workspace=workspace,
        kind=KIND,
        label=label_of(people, form, reason),
        actor=actor,
        total=people,
        state=State.RUNNING,
        worker=worker_name(),
        leased_until=now() + LEASE,
        undo_until=None,
        details={"format": form.format.value},
    )
    file = f"{name}.{form.format.value}"
    pieces = streamed(file, audience, selection.predicate(audience), form, reason, partial(_over, operation))
    return _beating(operation, pieces)


def sweep() -> int:
    """Those whose server was killed have failed; returns how many."""
    lost = Operation.objects.filter(kind=KIND, state=State.RUNNING, leased_until__lt=now())
    found = list(lost)
    for operation in found:
        _note(operation, None)
    return len(found)


def _beating(operation: Operation, pieces: Iterator[bytes]) -> Iterator[bytes]:
    with heartbeat(operation, operation.worker):
        yield from pieces


def _over(operation: Operation, manifest: Manifest | None) -> None:
    """In a thread of its own: a download ends in whatever thread, or loop, had its last piece."""

    def note() -> None:
        try:
            _note(operation, manifest)
        except (DatabaseError, InterfaceError):
            log.exception("the end of the download %s was not noted", operation.public_id)
        finally:
            connection.close()

    thread = threading.Thread(target=note, name="download")
    thread.start()
    thread.join()


def _note(operation: Operation, manifest: Manifest | None) -> None:
    with transaction.atomic():
        row = rows(operation).select_for_update().get()
        if manifest is None:
            end(row, State.FAILED, BROKE_OFF)
            return
        row.result = {"people": manifest.people, "bytes": manifest.bytes}
        details = {**row.details, "manifest": asdict(manifest)}
        rows(row).update(done=manifest.people, total=manifest.people, details=details)
        end(row, State.DONE)
