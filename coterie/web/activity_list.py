"""One line of the Activity page: an operation in words, and what can be done about it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coterie.accounts.permissions import Verb, may
from coterie.bulk.actions import Act
from coterie.bulk.start import UNDO
from coterie.core.clock import now
from coterie.core.ids import from_public
from coterie.jobs.crowds import remembered
from coterie.jobs.queries import named
from coterie.journal.models import Operation, State
from coterie.segments.models import Kind as SegmentKind
from coterie.segments.models import Segment
from coterie.segments.rules import KIND as RULE
from coterie.transfers.downloading import KIND as DOWNLOAD
from coterie.transfers.export import Format
from coterie.transfers.exporting import KIND, finished
from coterie.transfers.files import Kept
from coterie.transfers.importer import KIND as IMPORT
from coterie.transfers.uploads import of_import
from coterie.web.actors import called
from coterie.web.members import MemberRequest
from coterie.web.small import written_day

_ICONS = {
    Act.JOIN.value: "segments",
    Act.LEAVE.value: "segments",
    Act.SET.value: "braces",
    Act.CLEAR.value: "braces",
    Act.BAN.value: "ban",
    Act.UNBAN.value: "ban",
    Act.DELETE.value: "trash",
    UNDO: "undo",
    IMPORT: "upload",
    KIND: "download",
    DOWNLOAD: "download",
    RULE: "segments",
    "erase": "trash",
    "merge": "users",
    "split": "users",
}
# Taking these back, or doing them, makes nobody come or go.
_MILD = {Act.JOIN, Act.LEAVE, Act.SET, Act.CLEAR, Act.BAN, Act.UNBAN}


@dataclass(frozen=True, slots=True)
class Line:
    """`who` began it, `undone_by` took it back. `left_alone` is the page of those whom an undo left alone.

    `undo_url` takes it back, where that is not what takes back the others. `more` is the page of the
    import, as long as its file or its rejected rows are kept.
    """

    operation: Operation
    who: str
    icon: str
    numbers: str
    undone_by: str = ""
    left_alone: str = ""
    more: str = ""
    can_control: bool = False
    can_undo: bool = False
    undo_url: str = ""
    can_try_again: bool = False
    file: Kept | None = None

    @property
    def percent(self) -> int:
        """How much is done."""
        total = self.operation.total
        return min(100 * self.operation.done // total, 100) if total else 0

    @property
    def has_manifest(self) -> bool:
        """Whether it says what its file is, or was."""
        return self.file is not None or "manifest" in self.operation.details

    @property
    def counts_people(self) -> bool:
        """Whether what is done is people, and not entries or bytes."""
        return self.operation.kind in {*Act, KIND, DOWNLOAD}


def lines(request: MemberRequest, operations: Sequence[Operation]) -> list[Line]:
    """The lines: five queries, however many operations there are."""
    ids = [other for row in operations for other in (row.undo_of, row.undone_by) if other is not None]
    others = named(request.workspace, ids)
    names = called(request, [row.actor for row in (*operations, *others.values())])
    failed = [row.id for row in operations if row.state == State.FAILED]
    known = remembered(request.workspace.pk, failed) if failed else set()
    former = _former_rules(request, operations)
    found = [_line(request, row, others, names, row.id in known) for row in operations]
    return [
        replace(line, can_undo=True, undo_url=former[key]) if (key := line.operation.id) in former else line
        for line in found
    ]


def _former_rules(request: MemberRequest, operations: Sequence[Operation]) -> dict[int, str]:
    """Of changes of rules that are still in effect: where the former rule comes back."""
    if not may(request.member, Verb.EDIT_SEGMENTS):
        return {}
    changes = {row.id: row.details for row in operations if row.kind == RULE and row.details.get("before") is not None}
    ids = {from_public(details["segments"][0]) or 0 for details in changes.values()}
    there = Segment.objects.filter(workspace=request.workspace, id__in=ids, kind=SegmentKind.RULE) if ids else []
    rules = {segment.public_id: segment.filter for segment in there}
    found: dict[str, int] = {}
    for row_id, details in changes.items():  # Newest first: an older one may have made the same rule.
        if rules.get(details["segments"][0]) == details["after"]:
            found.setdefault(details["segments"][0], row_id)
    return {
        row_id: f"{reverse('segment-rule-undo', args=[public_id])}?from=activity" for public_id, row_id in found.items()
    }


def may_take_back(request: MemberRequest, operation: Operation, target: Operation | None) -> bool:
    """Whether the member may undo it, or begin it again; `target` is what it undoes itself.

    Where people may go by it, that takes whoever may delete people.
    """
    kind = operation.kind if operation.undo_of is None else target.kind if target else ""
    if kind in (KIND, DOWNLOAD):
        return may(request.member, Verb.EXPORT)
    return may(request.member, Verb.EDIT_PEOPLE if kind in _MILD else Verb.DELETE_PEOPLE)


def may_control(request: MemberRequest, operation: Operation, target: Operation | None) -> bool:
    """Whether the member may pause, resume and cancel it: an import, whoever may begin one; a download, nobody."""
    if operation.kind == DOWNLOAD:
        return False
    mine = operation.kind == IMPORT and may(request.member, Verb.EDIT_PEOPLE)
    return mine or may_take_back(request, operation, target)


def can_try_again(operation: Operation, remembered: bool) -> bool:
    """Whether it failed, and it is known what it was about: `remembered` people, or a filter without exceptions."""
    if "forgotten" in operation.details or operation.forget:
        return False  # Somebody in what was asked for was erased.
    selection = operation.details.get("selection", {})
    by_filter = "filter" in selection and "except" not in selection
    known = remembered or operation.undo_of is not None or by_filter or operation.kind == KIND
    return operation.state == State.FAILED and known


def by_day(found: Sequence[Line]) -> list[tuple[str, list[Line]]]:
    """The lines under the day on which they began."""
    days: dict[dt.date, list[Line]] = {}
    for line in found:
        days.setdefault(timezone.localtime(line.operation.started_at).date(), []).append(line)
    today = timezone.localtime(now()).date()
    words = {today: _("Today"), today - dt.timedelta(days=1): _("Yesterday")}
    return [(words.get(day) or f"{day:%Y-%m-%d}", rows) for day, rows in days.items()]


def _line(
    request: MemberRequest, row: Operation, others: Mapping[int, Operation], names: Mapping[str, str], known: bool
) -> Line:
    allowed = may_take_back(request, row, others.get(row.undo_of or 0))
    taker = others.get(row.undone_by or 0)
    kept = finished(request.workspace, row) if row.kind == KIND and row.state == State.DONE else None
    return Line(
        row,
        names[row.actor],
        _ICONS.get(row.kind, "activity"),
        _file(row, kept) if row.kind in (KIND, DOWNLOAD) else _numbers(row),
        undone_by=names[taker.actor] if taker and row.state == State.UNDONE else "",
        more=_more(row),
        left_alone=reverse("left-alone", args=[row.public_id]) if row.result.get("skipped") else "",
        can_control=may_control(request, row, others.get(row.undo_of or 0)) and not row.is_over,
        can_undo=allowed and row.can_be_undone,
        can_try_again=allowed and can_try_again(row, known),
        file=kept,
    )


def _file(row: Operation, kept: Kept | None) -> str:
    """ "612 people, CSV, 88.0 KB. Kept until 30 Nov 2026"; of a download without the day, as it is not kept."""
    if row.state != State.DONE:
        return ""
    n = row.result.get("people", row.done)
    said = [
        ngettext("%(n)s person", "%(n)s people", n) % {"n": f"{n:,}"},
        Format(row.details["format"]).words,
        filesizeformat(row.result.get("bytes", 0)).replace("\xa0", " "),
    ]
    if row.kind == DOWNLOAD:
        return ", ".join(said)
    words = _("Kept until %(day)s") % {"day": written_day(kept.until)} if kept else _("The file is not kept any more")
    return f"{', '.join(said)}. {words}"


def _more(row: Operation) -> str:
    upload = of_import(row) if row.kind == IMPORT else None
    return reverse("import-file", args=[upload.id]) if upload else ""


def _numbers(row: Operation) -> str:
    """ "48 people changed, 2 were so already, 3 were gone"; of an import "5 new, 2 changed, 1 row rejected"."""
    if row.kind == IMPORT and row.people:
        return ", ".join(_counted(row))
    n = row.people
    return ", ".join([ngettext("%(n)s person changed", "%(n)s people changed", n) % {"n": f"{n:,}"}, *_counted(row)])


def _counted(row: Operation) -> list[str]:
    words = {
        "back": _("%(n)s came back meanwhile and stay"),
        "already": _("%(n)s were so already"),
        "gone": _("%(n)s were gone"),
        "new": _("%(n)s new"),
        **({"changed": _("%(n)s changed"), "joined": _("%(n)s put in a segment")} if row.kind == IMPORT else {}),
        "same": _("%(n)s the same"),
        "rejected": ngettext("%(n)s row rejected", "%(n)s rows rejected", row.result.get("rejected", 0)),
    }
    return [words[key] % {"n": f"{row.result[key]:,}"} for key in words if row.result.get(key)]
