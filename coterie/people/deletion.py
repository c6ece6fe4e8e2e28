"""Who was deleted and can still come back: what the journal keeps of them until then."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from coterie.journal.models import JournalEntry, Kind
from coterie.people.finding import find_person


@dataclass(frozen=True, slots=True)
class Deletion:
    """Somebody who was deleted: by whom, when, in which operation; `saved` is what `people.many.take_out` saved."""

    person_id: int
    actor: str
    at: dt.datetime
    operation_id: int | None
    saved: dict[str, Any]


def deletion_of(workspace_id: int, public_id: str) -> Deletion | None:
    """Of whoever has this public id; None when they are there, were never there, or are forgotten."""
    person_id = find_person(workspace_id, public_id)
    return None if person_id is None else deletions(workspace_id, [person_id]).get(person_id)


def deletions(workspace_id: int, person_ids: Iterable[int]) -> dict[int, Deletion]:
    """Of those of these people who are deleted now: one query."""
    entries = JournalEntry.objects.filter(
        workspace_id=workspace_id, person_id__in=list(person_ids), kind__in=(Kind.ERASED, Kind.RESTORED)
    )
    newest = {entry.person_id: entry for entry in sorted(entries, key=lambda one: one.revision)}
    return {
        entry.person_id: Deletion(entry.person_id, entry.actor, entry.at, entry.operation_id, entry.before)
        for entry in newest.values()
        if entry.kind == Kind.ERASED and entry.before
    }
