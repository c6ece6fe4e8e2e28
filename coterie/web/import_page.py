"""What the Import page shows: the file as it will be read, what the check found, how far the import is."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import ngettext

from coterie.audience.audience import audience_of
from coterie.audience.columns import Catalogue
from coterie.audience.models import AttributeType
from coterie.core.ids import to_public
from coterie.jobs.queries import named, operation
from coterie.journal.models import Operation, State
from coterie.segments.catalogue import manual_segments
from coterie.segments.models import Segment
from coterie.transfers import checking, importer, rejects
from coterie.transfers.first_rows import FirstRow, first_rows
from coterie.transfers.guard import unguard
from coterie.transfers.headings import attribute_of
from coterie.transfers.preview import Preview, preview
from coterie.transfers.reading import WrongFile
from coterie.transfers.uploads import Draft, Upload
from coterie.web.activity_list import may_take_back
from coterie.web.attribute_list import TYPES
from coterie.web.import_form import DELIMITERS, ENCODINGS, NEW, choices, headings_of, label_of, lines
from coterie.web.members import MemberRequest

# Rejected rows on the page; all of them are in the file.
_REJECTS = 5


@dataclass(frozen=True, slots=True)
class Rejected:
    """A rejected row: what was there, and why it is not read."""

    line: int
    column: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One of the first rows: its cells by column, and what becomes of it."""

    line: int
    cells: list[str]
    outcome: str
    problem: str


def draft_context(request: MemberRequest, upload: Upload, *, only_check: bool = False) -> dict[str, Any]:
    """Of the page on which the columns are mapped. Raises WrongFile or OSError when the file cannot be read."""
    draft = upload.draft
    found = operation(request.workspace, draft.check) if draft.check else None
    catalogue = audience_of(request.workspace).catalogue
    context: dict[str, Any] = {"upload": upload, "draft": draft, "check": found} | _check(request, draft, found)
    if found is not None:
        context["rejects"] = _rejects(checking.rejected_file(found), draft)
    if not only_check:
        context |= _form(request, upload, catalogue)
    return context


def done_context(request: MemberRequest, upload: Upload) -> dict[str, Any]:
    """Of the page of an import that began."""
    row = operation(request.workspace, upload.draft.operation or 0)
    if row is None:
        return {"upload": upload, "row": None}
    counts = row.result
    path = rejected_path(request, upload)
    undone = named(request.workspace, [row.undone_by]).get(row.undone_by) if row.undone_by else None
    rate = counts.get("rows", 0) / row.seconds if row.seconds else 0
    return {
        "upload": upload,
        "row": row,
        "undoing": undone if undone and not undone.is_over else None,
        "percent": min(100 * row.done // row.total, 100) if row.total else 0,
        "rate": rate,
        "rejects": _rejects(path, upload.draft) if path and counts.get("rejected") else [],
        "may_undo": may_take_back(request, row, None),
        "segments": list(Segment.objects.filter(workspace=request.workspace, id__in=row.details["wishes"]["segments"])),
    }


def rejected_path(request: MemberRequest, upload: Upload) -> Path | None:
    """Where the rejected rows are: of the import, or of the check before."""
    if upload.draft.operation is not None:
        row = operation(request.workspace, upload.draft.operation)
        return importer.summary(row).rejected_file if row else None
    found = operation(request.workspace, upload.draft.check or 0)
    return checking.rejected_file(found) if found else None


def _form(request: MemberRequest, upload: Upload, catalogue: Catalogue) -> dict[str, Any]:
    wishes = upload.draft.wishes
    found = preview(
        request.workspace, upload.file, encoding=wishes.encoding, delimiter=wishes.delimiter, raw=wishes.raw
    )
    sizes = audience_of(request.workspace).segment_sizes()
    listed = choices(catalogue, len(found.columns))
    rows = lines(upload.draft, found, catalogue, listed)
    return {
        "found": found,
        "headings": headings_of(found),
        "lines": rows,
        "dated": any(line.dates for line in rows),
        "choices": listed,
        "by_name": len(listed) == 1 and bool(catalogue.custom),
        "new": NEW,
        "types": [(kind.value, TYPES[kind]) for kind in TYPES if kind in AttributeType.values],
        "encodings": ENCODINGS.items(),
        "delimiters": DELIMITERS.items(),
        "is_csv": found.form.startswith("CSV"),
        "segments": [
            {
                "segment": segment,
                "people": sizes.get(segment.id, 0),
                "chosen": segment.id in wishes.segments,
            }
            for segment in manual_segments(request.workspace)
        ],
    } | _first(request, upload, found, catalogue)


def _first(request: MemberRequest, upload: Upload, found: Preview, catalogue: Catalogue) -> dict[str, Any]:
    """The first rows; none as long as it is not clear how to read them."""
    if upload.draft.problem:
        return {"first_columns": [], "first_rows": []}
    try:
        rows = first_rows(request.workspace, upload.file, upload.draft.wishes)
    except WrongFile:
        return {"first_columns": [], "first_rows": []}
    mapping = upload.draft.wishes.mapping
    keys = [attribute_of(mapping[c.heading]) for c in found.columns if mapping.get(c.heading)]
    return {
        "first_columns": [label_of(key, catalogue) for key in keys],
        "first_rows": [_shown(row, keys) for row in rows],
    }


def _shown(row: FirstRow, keys: Sequence[str]) -> Shown:
    return Shown(row.line, [_text(row.values.get(key)) for key in keys], row.outcome, _without_key(row.problem))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    return str(value)


def _check(request: MemberRequest, draft: Draft, found: Operation | None) -> dict[str, Any]:
    """What the check says, and whether the import may begin."""
    counts: Mapping[str, int] = found.result if found else {}
    percent = min(100 * found.done // found.total, 100) if found and found.total else 0
    state = "problem" if draft.problem else found.state if found else "none"
    effect = _effect(request, draft, counts) if state == State.DONE else []
    return {"state": state, "counts": counts, "percent": percent, "effect": effect, "ready": bool(effect)}


def _effect(request: MemberRequest, draft: Draft, counts: Mapping[str, int]) -> list[str]:
    """Sentences on what the import will do; none when it would do nothing."""
    new, changed = counts.get("new", 0), counts.get("changed", 0)
    said = []
    if new:
        said.append(ngettext("%(n)s new person", "%(n)s new people", new) % {"n": f"{new:,}"})
    if changed:
        said.append(ngettext("%(n)s person changes", "%(n)s people change", changed) % {"n": f"{changed:,}"})
    there = Segment.objects.filter(workspace=request.workspace, id__in=draft.wishes.segments)
    joining = [(segment.name, counts.get(f"joined:{to_public(segment.id)}", 0)) for segment in there]
    everybody = new + changed + counts.get("same", 0)
    joining += [(name, everybody) for name in draft.new_segments]
    for name, people in joining:
        if people:
            words = ngettext("%(n)s joins %(segment)s", "%(n)s join %(segment)s", people)
            said.append(words % {"n": f"{people:,}", "segment": name})
    return said


def _rejects(path: Path, draft: Draft) -> list[Rejected]:
    by_key = {attribute_of(to): heading for heading, to in draft.wishes.mapping.items() if to}
    found = []
    header, rows = rejects.first(path, _REJECTS)
    headings = [name if draft.wishes.raw else unguard(name) for name in header]
    for line, reason, cells in rows:
        heading = by_key.get(reason.partition(": ")[0], "")
        index = headings.index(heading) if heading in headings else -1
        if not 0 <= index < len(cells):  # What cannot be split into cells is none of them.
            heading, index = "", -1
        value = cells[index] if heading else ""
        found.append(Rejected(line, heading, value, _without_key(reason).removeprefix(f"“{value}” ")))
    return found


def _without_key(reason: str) -> str:
    """“default_email: the row has none” → “the row has none”; keys have no spaces."""
    key, colon, rest = reason.partition(": ")
    return rest if colon and " " not in key else reason
