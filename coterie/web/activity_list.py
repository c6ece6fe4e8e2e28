"""One line of the Activity page: an operation in words, and what can be done about it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coterie.accounts.permissions import Verb, may
from coterie.bulk.actions import Act
from coterie.bulk.start import UNDO
from coterie.core.clock import now
from coterie.jobs.queries import named
from coterie.journal.models import Operation, State
from coterie.web.actors import called
from coterie.web.members import MemberRequest

_ICONS = {
    Act.JOIN.value: "segments",
    Act.LEAVE.value: "segments",
    Act.SET.value: "braces",
    Act.CLEAR.value: "braces",
    Act.BAN.value: "ban",
    Act.UNBAN.value: "ban",
    Act.DELETE.value: "trash",
    UNDO: "undo",
    "import": "upload",
    "erase": "trash",
    "merge": "users",
    "split": "users",
}
# Taking these back, or doing them, makes nobody come or go.
_MILD = {Act.JOIN, Act.LEAVE, Act.SET, Act.CLEAR, Act.BAN, Act.UNBAN}


@dataclass(frozen=True, slots=True)
class Line:
    """`who` began it, `undone_by` took it back. `left_alone` is the page of those whom an undo left alone."""

    operation: Operation
    who: str
    icon: str
    numbers: str
    undone_by: str = ""
    left_alone: str = ""
    can_control: bool = False
    can_undo: bool = False
    can_try_again: bool = False

    @property
    def percent(self) -> int:
        """How much is done."""
        total = self.operation.total
        return min(100 * self.operation.done // total, 100) if total else 0

    @property
    def counts_people(self) -> bool:
        """Whether what is done is people, and not entries or bytes."""
        return self.operation.kind in set(Act)


def lines(request: MemberRequest, operations: Sequence[Operation]) -> list[Line]:
    """The lines: three queries, however many operations there are."""
    ids = [other for row in operations for other in (row.undo_of, row.undone_by) if other is not None]
    others = named(request.workspace, ids)
    names = called(request, [row.actor for row in (*operations, *others.values())])
    return [_line(request, row, others, names) for row in operations]


def may_take_back(request: MemberRequest, operation: Operation, target: Operation | None) -> bool:
    """Whether the member may undo it, or begin it again; `target` is what it undoes itself.

    Where people may go by it, that takes whoever may delete people.
    """
    kind = operation.kind if operation.undo_of is None else target.kind if target else ""
    return may(request.member, Verb.EDIT_PEOPLE if kind in _MILD else Verb.DELETE_PEOPLE)


def can_try_again(operation: Operation) -> bool:
    """Whether it is known what a failed one was about: people picked by hand are not kept."""
    selection = operation.details.get("selection", {})
    known = operation.undo_of is not None or ("filter" in selection and "except" not in selection)
    return operation.state == State.FAILED and known


def by_day(found: Sequence[Line]) -> list[tuple[str, list[Line]]]:
    """The lines under the day on which they began."""
    days: dict[dt.date, list[Line]] = {}
    for line in found:
        days.setdefault(timezone.localtime(line.operation.started_at).date(), []).append(line)
    today = timezone.localtime(now()).date()
    words = {today: _("Today"), today - dt.timedelta(days=1): _("Yesterday")}
    return [(words.get(day) or f"{day:%Y-%m-%d}", rows) for day, rows in days.items()]


def _line(request: MemberRequest, row: Operation, others: Mapping[int, Operation], names: Mapping[str, str]) -> Line:
    allowed = may_take_back(request, row, others.get(row.undo_of or 0))
    taker = others.get(row.undone_by or 0)
    return Line(
        row,
        names[row.actor],
        _ICONS.get(row.kind, "activity"),
        _numbers(row),
        undone_by=names[taker.actor] if taker and row.state == State.UNDONE else "",
        left_alone=reverse("left-alone", args=[row.public_id]) if row.result.get("skipped") else "",
        can_control=allowed and not row.is_over,
        can_undo=allowed and row.can_be_undone,
        can_try_again=allowed and can_try_again(row),
    )


def _numbers(row: Operation) -> str:
    """ "48 people changed, 2 were so already, 3 left alone"."""
    n = row.people
    said = [ngettext("%(n)s person changed", "%(n)s people changed", n) % {"n": f"{n:,}"}]
    words = {
        "back": _("%(n)s came back meanwhile and stay"),
        "already": _("%(n)s were so already"),
        "gone": _("%(n)s were gone"),
        "new": _("%(n)s new"),
        "same": _("%(n)s the same"),
        "rejected": _("%(n)s rows rejected"),
    }
    said += [words[key] % {"n": f"{row.result[key]:,}"} for key in words if row.result.get(key)]
    return ", ".join(said)
