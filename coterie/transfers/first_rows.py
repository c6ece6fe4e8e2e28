"""The first rows of a file as an import would read them, and what would become of each."""

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from coterie.accounts.models import Workspace
from coterie.core.clock import UTC
from coterie.transfers.incoming import Incoming
from coterie.transfers.wishes import Wishes
from coterie.transfers.writing import people

ROWS = 5
Outcome = Literal["new", "changed", "same", "rejected"]


@dataclass(frozen=True, slots=True)
class FirstRow:
    """A row: its line in the file, `values` by attribute: a text, a number, true/false, a time. Empty ones are missing.

    `problem` says why it is rejected.
    """

    line: int
    outcome: Outcome
    values: dict[str, Any]
    problem: str = ""


def first_rows(workspace: Workspace, path: Path, wishes: Wishes, count: int = ROWS) -> list[FirstRow]:
    """Changes nothing. Raises WrongFile or OSError."""
    incoming = Incoming(workspace, path, wishes, few=count)
    try:
        if not incoming.next() or incoming.chunk is None:
            return []
        judge = incoming.judge
        judged = judge.judge(people(workspace.pk, judge, locked=False))
        changed = {row[0] for row in judged.changed}
        found = [_row(row, judge.values_read, changed) for row in judge.read()]
        broken = [FirstRow(row.number, "rejected", {}, row.problem) for row in incoming.chunk.broken]
        return sorted([*found, *broken], key=lambda row: row.line)
    finally:
        incoming.close()


def _row(row: tuple[Any, ...], keys: list[str], changed: set[int]) -> FirstRow:
    line, problem, person, user_id, first_seen, last_seen, *values = row
    read = {key: json.loads(text) for key, text in zip(keys, values, strict=True) if text is not None}
    read |= {"userId": user_id, "createdAt": _utc(first_seen), "lastSeen": _utc(last_seen)}
    outcome: Outcome = "new" if person is None else "changed" if person in changed else "same"
    values_there = {key: value for key, value in read.items() if value is not None}
    return FirstRow(line, "rejected" if problem else outcome, values_there, problem or "")


def _utc(moment: dt.datetime | None) -> dt.datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)
