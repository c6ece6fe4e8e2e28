"""What happened to a person, in words: the lines of the timeline and of the chats."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from django.utils import timezone
from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from coterie.audience.columns import Column
from coterie.audience.segments import ListedSegment
from coterie.chats.models import Chat
from coterie.core.clock import now
from coterie.core.ids import from_public, to_public
from coterie.jobs.queries import named
from coterie.journal.models import JournalEntry, Kind
from coterie.people.attributes import Value
from coterie.people.many import same
from coterie.profile.models import Note
from coterie.profile.notes import notes_of
from coterie.profile.timeline import Event, changed_keys
from coterie.profile.undoing import UNDOABLE
from coterie.segments.settle import ACTOR as RULES
from coterie.web.actors import called
from coterie.web.kin import Kin, kin
from coterie.web.members import MemberRequest
from coterie.web.person_data import label_of, shown
from coterie.web.spot import Page

T = TypeVar("T")
_ICONS = {
    Kind.SET: "pencil",
    Kind.UNSET: "x",
    Kind.SESSION: "braces",
    Kind.JOINED: "segments",
    Kind.LEFT: "segments",
    Kind.BANNED: "ban",
    Kind.UNBANNED: "check",
    Kind.NOTED: "file",
    Kind.MERGED: "users",
    Kind.SPLIT: "users",
    Kind.ERASED: "trash",
    Kind.RESTORED: "undo",
    Kind.CREATED: "plus",
}
_WITH_VALUES = (Kind.SET, Kind.UNSET, Kind.SESSION, Kind.CREATED)


@dataclass(frozen=True, slots=True)
class Diff:
    """One value before and after; None: there was, or is, none."""

    label: str
    before: SafeString | None
    after: SafeString | None


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened, `kind` as in the journal or "chat". `undo` is the revision that can be taken back.

    `others` is how many more people the same operation changed. `note` is one that is still there; `own` that the
    member wrote it. `kin` is the other of a merge; `cause` is "merged" or "split" where that put them in a segment, or
    took them out. `whose` names somebody who was merged into the person, when it happened to them before.
    """

    kind: str
    at: dt.datetime
    icon: str
    who: str = ""
    by_rule: bool = False
    diffs: list[Diff] = field(default_factory=list)
    segment: ListedSegment | None = None
    segment_id: str = ""
    others: int = 0
    chat: Chat | None = None
    note: Note | None = None
    words: str = ""
    own: bool = False
    undo: int | None = None
    kin: Kin | None = None
    cause: str = ""
    whose: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What the lines are told with: attributes and values that may be shown, segments, notes, names, kin."""

    columns: Mapping[str, Column]
    session_columns: Mapping[str, Column]
    sessions: Mapping[str, Mapping[str, Value]]
    segments: Mapping[int, ListedSegment]
    notes: Mapping[int, Note]
    names: Mapping[str, str]
    others: Mapping[int, int]
    kin: Mapping[str, Kin]


def lines(
    request: MemberRequest,
    page: Page,
    events: Sequence[Event],
    session_columns: Mapping[str, Column],
    sessions: Sequence[Chat],
) -> list[Line]:
    """The lines of these events; those about hidden attributes alone are left out. Seven queries, however many."""
    entries = [event.entry for event in events if event.entry is not None]
    operations = named(request.workspace, {entry.operation_id for entry in entries if entry.operation_id is not None})
    known = Known(
        page.audience.catalogue.by_key,
        session_columns,
        {chat.public_id: chat.attributes for chat in sessions},
        page.audience.catalogue.segments or {},
        notes_of(request.workspace.pk, _ids(_text(entry, "note") for entry in entries)),
        called(request, {entry.actor for entry in entries}),
        {row_id: row.people for row_id, row in operations.items()},
        kin(page.audience, {*_others(page, entries), *filter(None, map(_partner, entries))}),
    )
    found = (_line(request, page, event, known) for event in events)
    return [line for line in found if line is not None]


def by_day(found: Iterable[T], moment_of: Callable[[T], dt.datetime]) -> list[tuple[str, list[T]]]:
    """Things under the day on which they were, in the order in which they come."""
    days: dict[dt.date, list[T]] = {}
    for one in found:
        days.setdefault(timezone.localtime(moment_of(one)).date(), []).append(one)
    return [(day_words(day), group) for day, group in days.items()]


def by_week(chats: Iterable[Chat]) -> list[tuple[str, list[Chat]]]:
    """Chats under "This week", "Last week", or their month."""
    groups: dict[str, list[Chat]] = {}
    for chat in chats:
        groups.setdefault(_week_words(timezone.localtime(chat.started_at).date()), []).append(chat)
    return list(groups.items())


def day_words(day: dt.date) -> str:
    """Today, Yesterday, Friday 20 November, 18 March 2025."""
    today = timezone.localtime(now()).date()
    if day == today:
        return _("Today")
    if day == today - dt.timedelta(days=1):
        return _("Yesterday")
    if day.year == today.year:
        return f"{WEEKDAYS[day.weekday()]} {day.day} {MONTHS[day.month]}"
    return f"{day.day} {MONTHS[day.month]} {day.year}"


def _week_words(day: dt.date) -> str:
    today = timezone.localtime(now()).date()
    monday = today - dt.timedelta(days=today.weekday())
    if day >= monday:
        return _("This week")
    if day >= monday - dt.timedelta(weeks=1):
        return _("Last week")
    month = str(MONTHS[day.month])
    if (day.year, day.month) == (today.year, today.month):
        return _("Earlier in %(month)s") % {"month": month}
    return month if day.year == today.year else f"{month} {day.year}"


def _line(request: MemberRequest, page: Page, event: Event, known: Known) -> Line | None:
    entry = event.entry
    if entry is None:
        return Line("chat", event.at, "", chat=event.chat)
    kind = Kind(entry.kind)
    columns = known.session_columns if kind == Kind.SESSION else known.columns
    changes = changed_keys(entry) if kind in _WITH_VALUES else {}
    shown_ones = {key: change for key, change in changes.items() if key in columns}
    if changes and not shown_ones and kind != Kind.CREATED:
        return None
    mine, cause = entry.person_id == page.row.id, _cause(entry)
    if cause and not mine:
        return None  # They left their segments when they became a part of the person, who joined them.
    note = known.notes.get(from_public(_text(entry, "note")) or 0)
    return Line(
        kind.value,
        entry.at,
        _ICONS[kind],
        who=capfirst(known.names[entry.actor]) if entry.actor == request.actor else known.names[entry.actor],
        by_rule=entry.actor == RULES,
        diffs=[_diff(columns[key], before, after) for key, (before, after) in shown_ones.items()],
        segment=_segment(entry, known),
        segment_id=_text(entry, "segment"),
        others=0 if cause else max(known.others.get(entry.operation_id or 0, 1) - 1, 0),
        note=note if kind == Kind.NOTED and not entry.before else None,
        words=_note_words(entry),
        own=note is not None and note.author == request.actor,
        undo=entry.revision if mine and len(shown_ones) == len(changes) and _can_undo(page, entry, known) else None,
        kin=known.kin.get(_partner(entry)),
        cause=cause,
        whose="" if mine or (one := known.kin.get(to_public(entry.person_id))) is None else one.name,
    )


def _partner(entry: JournalEntry) -> str:
    """The public id of the other of a merge."""
    if entry.kind not in (Kind.MERGED, Kind.SPLIT):
        return ""
    return next((found for name in ("person", "into", "from") if (found := _text(entry, name))), "")


def _cause(entry: JournalEntry) -> str:
    """Which of the two moved the person between segments, if any."""
    if entry.kind not in (Kind.JOINED, Kind.LEFT):
        return ""
    return next((name for name in ("merged", "split") if _text(entry, name)), "")


def _others(page: Page, entries: Iterable[JournalEntry]) -> set[str]:
    return {to_public(entry.person_id) for entry in entries if entry.person_id != page.row.id}


def _note_words(entry: JournalEntry) -> str:
    if entry.kind != Kind.NOTED:
        return ""
    if entry.before is None:
        return "added"
    return "removed" if entry.after is None else "edited"


def _diff(column: Column, before: Value | None, after: Value | None) -> Diff:
    one, other = (None if value is None else shown(column, value) for value in (before, after))
    return Diff(label_of(column), one, other)


def _can_undo(page: Page, entry: JournalEntry, known: Known) -> bool:
    """Whether everything is still as the entry left it, as far as the page knows."""
    if entry.kind not in UNDOABLE:
        return False
    match entry.kind:
        case Kind.SET | Kind.UNSET:
            return _as_left(entry, page.row.attributes)
        case Kind.SESSION:
            attributes = known.sessions.get(_text(entry, "chat"))
            return attributes is not None and _as_left(entry, attributes)
        case Kind.BANNED | Kind.UNBANNED:
            return page.row.banned == (entry.kind == Kind.BANNED)
        case Kind.JOINED | Kind.LEFT:
            segment = _segment(entry, known)
            if segment is None or segment.rule is not None or segment.removed:
                return False
            return (from_public(_text(entry, "segment")) in page.row.segments) == (entry.kind == Kind.JOINED)
        case _:
            return entry.after is None and _text(entry, "note") not in {to_public(row_id) for row_id in known.notes}


def _as_left(entry: JournalEntry, current: Mapping[str, Value]) -> bool:
    return all(same(current.get(key), after) for key, (_before, after) in changed_keys(entry).items())


def _segment(entry: JournalEntry, known: Known) -> ListedSegment | None:
    return known.segments.get(from_public(_text(entry, "segment")) or 0)


def _text(entry: JournalEntry, name: str) -> str:
    """What an entry names: a segment, a chat or a note, by its public id; empty when nothing."""
    value = (entry.after or entry.before or {}).get(name, "")
    return value if isinstance(value, str) else ""


def _ids(public_ids: Iterable[str]) -> list[int]:
    return [row_id for row_id in map(from_public, public_ids) if row_id is not None]
