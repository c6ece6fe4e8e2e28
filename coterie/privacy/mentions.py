"""Where people are named in what the team did: operations, the audit trail, filters used last.

Strangers choose their names, so a name may be any word. It is taken out of what people read only. What programs go by
(the values, filters and files of operations) stays as it is or goes as a whole, and only once its operation is over:
until then it is noted in `Operation.forget`, and a sweep takes it out afterwards.
"""

import logging
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from django.db.models import QuerySet

from coterie.accounts.models import AuditEntry
from coterie.audience.models import RecentFilters
from coterie.jobs.running import Failed
from coterie.journal.models import UNFINISHED, Operation
from coterie.privacy.copies import rewrite

log = logging.getLogger(__name__)
# What stands in place of a name.
GONE = "…"
# Shorter texts, and shorter numbers, are too common to tell who somebody is.
_LEAST, _LEAST_DIGITS = 5, 9
# Details of operations that may name somebody.
_ASKED = ("file", "name", "path", "value", "selection", "before", "after", "manifest")
# Details of audit entries that people wrote, or that say a filter; and within these.
_AUDITED = frozenset({"filter", "label", "what", "file", "name", "before", "after", "from", "to"})
_WITHIN = frozenset(
    {"filter", "query", "file", "label", "values", "search", "all", "any", "not", "q", "user", "session", "story"}
)


def tells(text: str) -> bool:
    """Whether a text is long enough to tell who somebody is."""
    return len(text) >= (_LEAST_DIGITS if text.isdecimal() else _LEAST)


def scrub(workspace_id: int, texts: Iterable[str]) -> None:
    """Takes these texts, where they are whole words, out of what the team did."""
    operations = Operation.objects.filter(workspace_id=workspace_id)
    audit = AuditEntry.objects.filter(workspace_id=workspace_id)
    recent = RecentFilters.objects.filter(workspace_id=workspace_id)
    asked, audited, used = list(operations), list(audit), list(recent)
    said = [text for row in asked for text in (row.label, row.reason, *_asked(row.details, _ASKED))]
    said += [text for entry in audited for text in _words(entry.details, _AUDITED)]
    said += [text for filters in used for query in filters.queries for text in _values(query)]
    everything = "\n".join(said).lower()
    named = sorted((text for text in texts if tells(text) and text.lower() in everything), key=len, reverse=True)
    if not named:
        return
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, named))})(?!\w)", re.IGNORECASE)
    for row in asked:
        _scrub_operation(row, pattern)
    for entry in audited:
        details = _without(entry.details, pattern, _AUDITED)
        if details != entry.details:
            audit.filter(pk=entry.pk).update(details=details)
    for filters in used:
        left = [query for query in filters.queries if not any(map(pattern.search, _values(query)))]
        if left != filters.queries:
            recent.filter(id=filters.id).update(queries=left)


def _scrub_operation(row: Operation, pattern: re.Pattern[str]) -> None:
    read = {"label": pattern.sub(GONE, row.label), "reason": pattern.sub(GONE, row.reason)}
    named = [name for name in _ASKED if any(map(pattern.search, _asked(row.details, (name,))))]
    if not named and read == {"label": row.label, "reason": row.reason}:
        return
    mine = Operation.objects.filter(workspace_id=row.workspace_id, id=row.id)
    if row.is_over:
        mine.update(**read, details=_forgotten(row.details, named))
    else:  # A download says only in the end who was in its file.
        mine.update(**read, forget=sorted({*row.forget, *named, "manifest"}))


def forget_over(operations: "QuerySet[Operation]") -> int:
    """Takes out what is to be forgotten of those of the operations that are over by now; returns of how many."""
    found = list(operations.exclude(forget=[]).exclude(state__in=UNFINISHED))
    for row in found:
        mine = operations.filter(workspace_id=row.workspace_id, id=row.id)
        mine.update(details=_forgotten(row.details, row.forget), forget=[])
    return len(found)


def sweep() -> None:
    """The same in all workspaces, and in what SQLite's file still holds of it."""
    if forget_over(Operation.objects.all()):
        try:
            rewrite()
        except Failed as failure:
            log.warning("%s", failure)


def _forgotten(details: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Without these, and marked so that nobody does it again with half of what was asked for."""
    left = dict(details)
    for name in names:
        match name:
            case "file" | "name" if name in left:
                left[name] = GONE
            case "path" if name in left:
                left[name] = str(Path(left[name]).with_name(GONE))
            case "before" | "after" if name in left:
                left[name] = None
            case _:
                left.pop(name, None)
    return left if left == details else {**left, "forgotten": True}


def _asked(details: dict[str, Any], names: Iterable[str]) -> Iterator[str]:
    for name in names:
        if name == "path":
            yield Path(details.get(name, "")).name
        elif name in details:
            yield from _words(details[name], _WITHIN)


def _values(query: str) -> list[str]:
    """What a query string asks for: without the names of its fields, attributes and rules."""
    return [value.split(":", 2)[-1] for _name, value in parse_qsl(query)]


def _words(value: Any, names: frozenset[str]) -> Iterator[str]:
    """Every text that people wrote; of an object only in the values of these names."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, one in value.items():
            if key in names:
                yield from _words(one, _WITHIN)
    elif isinstance(value, list):
        for one in value:
            yield from _words(one, _WITHIN)


def _without(value: Any, pattern: re.Pattern[str], names: frozenset[str]) -> Any:
    """The same value without the names of people in these texts."""
    if isinstance(value, str):
        return pattern.sub(GONE, value)
    if isinstance(value, dict):
        return {key: _without(one, pattern, _WITHIN) if key in names else one for key, one in value.items()}
    return [_without(one, pattern, _WITHIN) for one in value] if isinstance(value, list) else value
