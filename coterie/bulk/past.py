"""What the journal says about an operation that is to be undone, and about what happened since."""

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Count, Max, Q

from coterie.core.bulk import among
from coterie.journal.models import JournalEntry, Kind, Operation, State

# What a change is about: ("attribute", key), ("segment", public id), ("banned", "") or ("row", "").
Thing = tuple[str, str]
ROW: Thing = ("row", "")
BANNED: Thing = ("banned", "")


class Entry(NamedTuple):
    """One change that an operation made. The values are shared between entries: for reading only."""

    revision: int
    person_id: int
    kind: Kind
    before: dict[str, Any]
    after: dict[str, Any]

    def things(self) -> Iterator[Thing]:
        """What it is about."""
        match self.kind:
            case Kind.SET | Kind.UNSET:
                yield from (("attribute", key) for key in self.before.keys() | self.after.keys())
            case Kind.JOINED | Kind.LEFT if self.after or self.before:  # There is nothing left of whoever is forgotten.
                yield "segment", (self.after or self.before)["segment"]
            case Kind.BANNED | Kind.UNBANNED:
                yield BANNED


def extent(workspace_id: int, operation_id: int) -> tuple[int, int]:
    """How many entries an operation has, and a revision above all of them."""
    found = JournalEntry.objects.filter(workspace_id=workspace_id, operation_id=operation_id)
    numbers = found.aggregate(entries=Count("revision"), last=Max("revision"))
    return numbers["entries"], (numbers["last"] or 0) + 1


def entries(workspace_id: int, operation_id: int, below: int, limit: int) -> list[Entry]:
    """The next entries of an operation, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT revision, person_id, kind, before, after FROM journal_journalentry"
            " WHERE workspace_id = %s AND operation_id = %s AND revision < %s ORDER BY revision DESC LIMIT %s",
            [workspace_id, operation_id, below, limit],
        )
        return [_entry(*row) for row in cursor.fetchall()]


def made_by(workspace_id: int, operation_id: int, person_ids: Iterable[int]) -> set[int]:
    """Those of the people who are here because of the operation: it created them, or brought them back."""
    made = f" AND kind IN ('{Kind.CREATED.value}', '{Kind.RESTORED.value}')"
    return changed_by(workspace_id, operation_id, person_ids, made)


def changed_by(workspace_id: int, operation_id: int, person_ids: Iterable[int], also: str = "") -> set[int]:
    """Those of the people whom the operation has changed; `also` is a further condition."""
    clause, values = among(sorted(set(person_ids)))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT person_id FROM journal_journalentry WHERE workspace_id = %s AND person_id {clause}"
            f" AND operation_id = %s{also}",
            [workspace_id, values, operation_id],
        )
        return {row[0] for row in cursor.fetchall()}


def touched_since(workspace_id: int, batch: Sequence[Entry], operation_id: int) -> dict[tuple[int, Thing], int]:
    """(person, thing) → the revision of its newest change by another operation, for the people of these entries.

    Every change of a person, also a chat, is one of `ROW`. What was undone itself does not count, nor its undo, nor
    the undo that is going on.
    """
    clause, values = among(sorted({entry.person_id for entry in batch}))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT operation_id, revision, person_id, kind, before, after FROM journal_journalentry"
            f" WHERE workspace_id = %s AND person_id {clause} AND revision > %s"
            " AND (operation_id IS NULL OR operation_id <> %s)",
            [workspace_id, values, min(entry.revision for entry in batch), operation_id],
        )
        rows = cursor.fetchall()
    void = _without_effect(workspace_id, {row[0] for row in rows if row[0] is not None}, operation_id)
    found: dict[tuple[int, Thing], int] = {}
    for operation_id, *columns in rows:
        if operation_id not in void:
            entry = _entry(*columns)
            for thing in (ROW, *entry.things()):
                place = entry.person_id, thing
                found[place] = max(found.get(place, 0), entry.revision)
    return found


def _without_effect(workspace_id: int, operation_ids: set[int], target: int) -> set[int]:
    """Those of the operations that were undone, that undid one which is undone still, or that undo the target."""
    if not operation_ids:
        return set()
    mine = Operation.objects.filter(workspace_id=workspace_id)
    undone = mine.filter(Q(id__in=operation_ids) | Q(undone_by__in=operation_ids), state=State.UNDONE)
    pairs = undone.values_list("id", "undone_by")
    undoing = mine.filter(id__in=operation_ids, undo_of=target).values_list("id", flat=True)
    return {operation_id for pair in pairs for operation_id in pair if operation_id is not None} | set(undoing)


def _entry(revision: int, person_id: int, kind: str, before: str | None, after: str | None) -> Entry:
    return Entry(revision, person_id, Kind(kind), _decoded(before), _decoded(after))


@lru_cache(maxsize=4096)
def _decoded(text: str | None) -> dict[str, Any]:
    """The values of an entry. Thousands of entries of an operation say the same."""
    values: dict[str, Any] = json.loads(text) if text else {}
    return values
