"""People from a CSV file, in journal transactions of 5,000 rows.

A row is about the person with its User ID or, without one, with its e-mail address; if there is nobody, it makes a new
person. What happens to somebody who is there already is the policy:

- merge: cells that are not empty become the person's values;
- replace: the same, and an empty cell removes the value; attributes without a column stay;
- skip: nothing (but a segment, if one is given, gets them too).

First Seen and Last Seen count for new people only. Importing one's own export changes nothing.
"""

import csv
import os
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TextIO

from django.db.models import F, QuerySet

from coterie.accounts.audit import record as audit
from coterie.accounts.models import Workspace
from coterie.audience import query
from coterie.audience.audience import audience_of
from coterie.audience.columns import RESERVED_KEYS, Catalogue
from coterie.core.clock import now
from coterie.core.ids import new_id
from coterie.journal.commit import Transaction, commit
from coterie.journal.models import Operation
from coterie.people.attributes import Refused, catalogue_keys
from coterie.people.changes import People
from coterie.people.models import Person
from coterie.segments.membership import join
from coterie.segments.models import Segment
from coterie.transfers.cells import Record, differing, record
from coterie.transfers.mapping import mapped
from coterie.transfers.reading import CsvFile, Line

BATCH = 5_000
Policy = Literal["merge", "skip", "replace"]
POLICIES: tuple[Policy, ...] = ("merge", "skip", "replace")


@dataclass(slots=True)
class Summary:
    """What an import did. `rejected_file` has the rows that were rejected, each with the reason."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    joined: int = 0
    columns: dict[str, str | None] = field(default_factory=dict)
    rejected_file: Path | None = None


@dataclass(frozen=True, slots=True)
class _Job:
    """What every batch needs to know."""

    workspace: Workspace
    actor: str
    policy: Policy
    segment: Segment | None
    operation: Operation


def import_csv(
    workspace: Workspace,
    path: Path,
    actor: str,
    *,
    policy: Policy = "merge",
    mapping: Mapping[str, str] | None = None,
    segment: Segment | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Summary:
    """Imports the file; `progress` is told the bytes read and their total. Raises WrongFile before any change."""
    total = path.stat().st_size
    summary = Summary()
    with path.open("rb") as raw:
        source = CsvFile(raw)
        keys = mapped(source.header, mapping or {})
        summary.columns = dict(zip(source.header, keys, strict=True))
        job = _Job(workspace, actor, policy, segment, _begin(workspace, path, actor))
        lines = iter(source)
        with Rejects(path.with_name(f"{path.stem}.rejected.csv"), source) as rejects:
            while batch := list(islice(lines, BATCH)):
                summary.rows += len(batch)
                records = list(_records(batch, keys, audience_of(workspace).catalogue, rejects))
                _store(job, records, summary, rejects)
                progress(min(source.position, total), total)
            summary.rejected = rejects.count
            summary.rejected_file = rejects.path if rejects.count else None
    _end(job, summary)
    return summary


class Rejects:
    """The file of rejected rows: made with the first one, in the form of the source, with line and reason in front."""

    def __init__(self, path: Path, source: CsvFile) -> None:
        self.path = path
        self.count = 0
        self._source = source
        self._file: TextIO | None = None
        self._writer: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, number: int, cells: Sequence[str], reason: str) -> None:
        """One more."""
        if self._file is None:
            # For nobody else's eyes: these rows are people, too.
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            self._file = os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape", newline="")
            self._writer = csv.writer(self._file, delimiter=self._source.delimiter)
            self._writer.writerow(["line", "reason", *self._source.header])
        self._writer.writerow([number, reason, *cells])
        self.count += 1


def _begin(workspace: Workspace, path: Path, actor: str) -> Operation:
    label = f"Import {path.name}"[:300]
    return Operation.objects.create(workspace=workspace, kind="import", label=label, actor=actor)


def _end(job: _Job, summary: Summary) -> None:
    counts = {name: getattr(summary, name) for name in ("rows", "created", "updated", "rejected", "joined")}
    _operations(job).update(finished_at=now(), details=counts)
    audit(job.workspace, job.actor, "people.import", {"label": job.operation.label, **counts})


def _operations(job: _Job) -> "QuerySet[Operation]":
    return Operation.objects.filter(workspace=job.workspace, id=job.operation.id)


def _records(
    lines: Sequence[Line], keys: Sequence[str | None], catalogue: Catalogue, rejects: Rejects
) -> Iterator[Record]:
    for line in lines:
        if line.problem:
            rejects.add(line.number, line.cells, line.problem)
            continue
        try:
            yield record(line.number, line.cells, keys, catalogue)
        except Refused as refused:
            rejects.add(line.number, line.cells, str(refused))


def _store(job: _Job, records: list[Record], summary: Summary, rejects: Rejects) -> None:
    """One transaction. A row that names somebody by an e-mail address of several people is rejected."""
    by_email = _people_by_email(job.workspace, records)
    ambiguous = {email for email, ids in by_email.items() if len(ids) > 1}
    clear = []
    for one in records:
        if not one.user_id and one.email in ambiguous:
            rejects.add(one.number, one.cells, f"{len(by_email[one.email])} people have this e-mail; give the user id")
        else:
            clear.append(one)
    if not clear:
        return
    new_values = ({k: v for k, v in one.values.items() if k not in RESERVED_KEYS} for one in clear)
    catalogue_keys(job.workspace.pk, new_values)
    known = {email: ids[0] for email, ids in by_email.items()}
    work = partial(_write, job, clear, known)
    created, updated, joined = commit(job.workspace.pk, job.actor, work, operation_id=job.operation.id)
    summary.created += created
    summary.updated += updated
    summary.unchanged += len(clear) - created - updated
    summary.joined += joined


def _people_by_email(workspace: Workspace, records: Sequence[Record]) -> dict[str, list[int]]:
    emails = list({one.email for one in records if not one.user_id})
    if not emails:
        return {}
    return audience_of(workspace).ask(lambda reader: query.ids_by_email(reader, emails))


def _write(job: _Job, records: Sequence[Record], by_email: Mapping[str, int], tx: Transaction) -> tuple[int, int, int]:
    """Rows created and updated, and people who joined the segment."""
    named = {one.user_id for one in records if one.user_id}
    there = Person.objects.filter(workspace=job.workspace, user_id__in=named).values_list("user_id", "id")
    by_user_id = dict(there)
    people = People.lock(tx, {*by_user_id.values(), *by_email.values()})
    mine = {email.lower(): row_id for email, row_id in by_email.items()}
    created = updated = 0
    everybody = set()
    for one in records:
        person_id = by_user_id.get(one.user_id) if one.user_id else mine.get(one.email.lower())
        if person_id is None or person_id not in people:
            person = _new(people, one, tx)
            created += 1
            by_user_id[person.user_id] = person.id
            if one.email:
                mine.setdefault(one.email.lower(), person.id)
        else:
            person = people[person_id]
            updated += _change(people, person, one, job.policy, tx)
        everybody.add(person.id)
    people.save()
    joined = join(tx, job.segment.id, sorted(everybody), tx.at) if job.segment else []
    if created or updated or joined:
        _operations(job).update(people=F("people") + max(created + updated, len(joined)))
    return created, updated, len(joined)


def _new(people: People, one: Record, tx: Transaction) -> Person:
    first_seen = one.first_seen or one.last_seen or tx.at
    person = Person(id=new_id(), user_id=one.user_id or str(uuid.uuid4()), created_at=first_seen)
    person.last_seen = one.last_seen
    people.add(person)
    people.set(person, one.values, tx.at)
    return person


def _change(people: People, person: Person, one: Record, policy: Policy, tx: Transaction) -> bool:
    """Whether the row changed anything about somebody who was there."""
    if policy == "skip":
        return False
    fresh = differing(person.attributes, one.values)
    gone = [key for key in one.empty if key in person.attributes] if policy == "replace" else []
    if fresh:
        people.set(person, fresh, tx.at)
    if gone:
        people.unset(person, gone)
    return bool(fresh or gone)
