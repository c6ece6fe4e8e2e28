"""What the Import page's form says, as a draft of an import; and what it shows of one."""

import hashlib
import re
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace

from django.http import QueryDict
from django.utils.dates import MONTHS_3
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from coterie.accounts.models import Workspace
from coterie.accounts.permissions import Verb, may
from coterie.audience.audience import audience_of
from coterie.audience.columns import Catalogue, Column, Group
from coterie.audience.models import AttributeType
from coterie.core.ids import from_public
from coterie.core.text import clean
from coterie.segments.catalogue import find as find_segment
from coterie.segments.catalogue import manual_segments
from coterie.transfers.headings import attribute_of, spelled
from coterie.transfers.mapping import NOT_READ
from coterie.transfers.preview import ColumnPreview, Preview, guess_dates
from coterie.transfers.uploads import Draft
from coterie.transfers.wishes import DATES, MATCHES, POLICIES, Wishes
from coterie.web.members import MemberRequest

NEW = "+"
ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "windows-1252": "Windows-1252, Western Europe",
    "windows-1250": "Windows-1250, Central Europe",
    "windows-1251": "Windows-1251, Cyrillic",
    "iso-8859-1": "ISO 8859-1",
    "iso-8859-2": "ISO 8859-2",
    "shift_jis": "Shift JIS",
    "gb18030": "GB 18030",
    "euc-kr": "EUC-KR",
}
DELIMITERS = {",": ",", ";": ";", "\t": "TAB", "|": "|", "^": "^", "~": "~"}
_DATE = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-]\d{4}\b")
_MONTHS = 12
_MOST_OPTIONS = 10_000
Choices = list[tuple[str, list[tuple[str, str]]]]


@dataclass(frozen=True, slots=True)
class Line:
    """A column of the file. `choice` is the attribute it fills as the select knows it: "" none, `NEW` a new one.

    `extra` names the attribute where the select does not list it. `state`: why it is so (key, new, out, guessed,
    remembered, chosen). `dates`: what day-first and month-first would
    mean for a value of it, where that is a question.
    """

    index: int
    heading: str
    samples: list[str]
    choice: str
    extra: str
    name: str
    type: str
    state: str
    dates: tuple[str, str] | None


def begun(actor: str, file: str, found: Preview, catalogue: Catalogue) -> Draft:
    """The draft of somebody who has said nothing yet: what was guessed, or done the last time."""
    types = {
        attribute_of(column.attribute): column.type.value
        for column in found.columns
        if column.attribute and not _known(attribute_of(column.attribute), catalogue)
    }
    return Draft(file, actor, Wishes(mapping=found.mapping, types=types, dates=found.dates))


def headings_of(found: Preview) -> str:
    """A mark of which columns the form was made for."""
    return hashlib.sha256("\n".join(column.heading for column in found.columns).encode()).hexdigest()[:16]


def read_layout(fields: QueryDict) -> tuple[str | None, str | None, bool]:
    """Encoding, delimiter, raw: how the file is to be read at all."""
    encoding, delimiter = fields.get("encoding", ""), fields.get("delimiter", "")
    return (
        encoding if encoding in ENCODINGS else None,
        delimiter if delimiter in DELIMITERS else None,
        fields.get("raw") == "1",
    )


def read_form(request: MemberRequest, draft: Draft, found: Preview) -> Draft:
    """The draft as the form says it. `found` is the file, read as the form says."""
    fields = request.POST
    encoding, delimiter, raw = read_layout(fields)
    if fields.get("headings") == headings_of(found):
        mapping, types = _mapping(fields, found, audience_of(request.workspace).catalogue)
        dates = next((order for order in DATES if order == fields.get("dates")), found.dates)
    else:  # They are other columns now.
        fresh = begun(draft.actor, draft.file, found, audience_of(request.workspace).catalogue).wishes
        mapping, types, dates = dict(fresh.mapping), dict(fresh.types), fresh.dates
    segments, new_segments = _segments(request)
    wishes = Wishes(
        policy=next((policy for policy in POLICIES if policy == fields.get("policy")), "merge"),
        match=next((match for match in MATCHES if match == fields.get("match")), "user_id"),
        mapping=mapping,
        segments=segments,
        types=types,
        dates=dates,
        encoding=encoding,
        delimiter=delimiter,
        raw=raw,
    )
    return replace(draft, wishes=wishes, new_segments=new_segments)


def twice(draft: Draft) -> str:
    """What to say when two columns go to one attribute."""
    seen: dict[str, str] = {}
    for heading, attribute in draft.wishes.mapping.items():
        if not attribute:
            continue
        if attribute in seen:
            words = _("“%(a)s” and “%(b)s” go to the same attribute. Choose another for one of them, or leave it out.")
            return words % {"a": seen[attribute], "b": heading}
        seen[attribute] = heading
    return ""


def lines(draft: Draft, found: Preview, catalogue: Catalogue, listed: Choices) -> list[Line]:
    """The rows of the form, each with a select of what is `listed`."""
    values = {value for _group, options in listed for value, _words in options}
    return [_line(index, column, draft, found, catalogue, values) for index, column in enumerate(found.columns)]


def choices(catalogue: Catalogue, columns: int) -> Choices:
    """What each of so many columns may go to, in groups: (value, words).

    A page of hundreds of columns and of attributes is one that no browser shows: then attributes go by their name.
    """
    own = [column for column in (*catalogue.columns, *catalogue.hidden.values()) if column.key not in NOT_READ]
    first = ("userId", "default_email", "default_name")
    default = [column for column in own if column.group != Group.CUSTOM]
    default.sort(key=lambda column: (first.index(column.key) if column.key in first else len(first), _label(column)))
    custom = sorted((column for column in own if column.group == Group.CUSTOM), key=lambda c: c.key.lower())
    if len(custom) * columns > _MOST_OPTIONS:
        custom = []
    groups = [(_("Known attributes"), default), (_("Your attributes"), custom)]
    return [(name, [(spelled(c.key), _label(c)) for c in columns]) for name, columns in groups if columns]


def label_of(key: str, catalogue: Catalogue) -> str:
    """What an attribute is called."""
    column = _known(key, catalogue)
    return _label(column) if column else key


def _label(column: Column) -> str:
    return column.label if column.group == Group.CUSTOM else _(column.label)


def _known(key: str, catalogue: Catalogue) -> Column | None:
    return catalogue.by_key.get(key) or catalogue.hidden.get(key)


def _mapping(fields: QueryDict, found: Preview, catalogue: Catalogue) -> tuple[dict[str, str], dict[str, str]]:
    """Heading → attribute, and the types of new attributes."""
    mapping: dict[str, str] = {}
    types: dict[str, str] = {}
    for index, column in enumerate(found.columns):
        if not column.heading:
            continue
        choice = fields.get(f"to-{index}", "")
        if choice == NEW:
            name = clean(fields.get(f"new-{index}", "")) or _unused(column.heading, catalogue)
            choice = spelled(name)
            kind = fields.get(f"type-{index}", "")
            if not _known(name, catalogue):
                types[name] = kind if kind in AttributeType.values else column.type.value
        mapping[column.heading] = choice
    return mapping, types


def _unused(name: str, catalogue: Catalogue) -> str:
    """This name, or one like it that no attribute has yet."""
    free, number = name, 1
    while _known(attribute_of(free), catalogue):
        number += 1
        free = f"{name} {number}"
    return free


def _line(
    index: int, column: ColumnPreview, draft: Draft, found: Preview, catalogue: Catalogue, values: Container[str]
) -> Line:
    attribute = draft.wishes.mapping.get(column.heading, "")
    key = attribute_of(attribute) if attribute else ""
    new = bool(key) and _known(key, catalogue) is None
    choice = NEW if new else spelled(key) if key else ""
    dates = _orders(column.samples) if key in ("createdAt", "lastSeen") else None
    return Line(
        index,
        column.heading,
        column.samples,
        choice,
        label_of(key, catalogue) if key and not new and choice not in values else "",
        key if new else column.heading,
        draft.wishes.types.get(key, column.type.value) if new else column.type.value,
        _state(key, new, column, draft, found),
        dates,
    )


def _state(key: str, new: bool, column: ColumnPreview, draft: Draft, found: Preview) -> str:
    keys = {attribute_of(attribute) for attribute in draft.wishes.mapping.values() if attribute}
    by_email = draft.wishes.match == "email" or "userId" not in keys
    if key == ("default_email" if by_email else "userId"):
        return "key"
    if not key:
        return "out"
    if new:
        return "new"
    if draft.wishes.mapping.get(column.heading) != column.attribute:
        return "chosen"
    return "remembered" if found.remembered else "guessed"


def _orders(samples: Sequence[str]) -> tuple[str, str] | None:
    """What the orders of day and month mean for one of these; None when it is no question."""
    order, ambiguous = guess_dates(samples)
    if order is None and not ambiguous:
        return None
    pairs = [(int(match[1]), int(match[2])) for text in samples if (match := _DATE.match(text.strip()))]
    # One that could be either, if there is one, and that is not the same either way.
    both = [(a, b) for a, b in pairs if 1 <= a <= _MONTHS and 1 <= b <= _MONTHS]
    a, b = next((pair for pair in both if pair[0] != pair[1]), (0, 0))
    if not a:
        return _("Day first"), _("Month first")
    return (
        _("%(date)s: day first") % {"date": f"{a} {capfirst(str(MONTHS_3[b]))}"},
        _("%(date)s: month first") % {"date": f"{b} {capfirst(str(MONTHS_3[a]))}"},
    )


def _segments(request: MemberRequest) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Ids of segments that are there, and names of those to be made. A name that is there already means that one."""
    if not may(request.member, Verb.EDIT_SEGMENTS):
        return (), ()
    known = {segment.id for segment in manual_segments(request.workspace)}
    chosen = [row_id for text in request.POST.getlist("segment") if (row_id := from_public(text)) in known and row_id]
    names = dict.fromkeys(name for text in request.POST.getlist("new") if (name := clean(text)))
    new: list[str] = []
    for name in names:
        there = _called(request.workspace, name)
        if there in known and there is not None:
            chosen.append(there)
        else:  # One that keeps itself up to date has the name: making it will say so.
            new.append(name)
    return tuple(dict.fromkeys(chosen)), tuple(new)


def _called(workspace: Workspace, name: str) -> int | None:
    segment = find_segment(workspace, name)
    return segment.id if segment else None
