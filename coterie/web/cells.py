"""Rows of the list as HTML.

Written here and not as a template, because a page has up to 100 rows of 40 cells, and Django's templates take ten
times as long for them. Everything that strangers wrote goes through `escape`.
"""

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coterie.audience.columns import Column, Type
from coterie.audience.rows import Row
from coterie.core.ids import to_public
from coterie.web.people import face, glyph_of, hue, name_of
from coterie.web.small import ago, day
from coterie.web.sparks import Weeks, spark
from coterie.web.unseen import seen

# Classes of the columns that have a place of their own on a card, and on the wide page a width.
PLACES = {
    "default_email": "email",
    "lastSeen": "seen",
    "createdAt": "first",
    "default_location": "place",
    "chats": "chats",
    "segment": "segments",
}
_CHATTING = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What all rows of a page share.

    `segments` maps public ids to names, `live` are those of the segments that keep themselves up to date, `weeks` maps
    people to their chats by week. `came_from` is the query string that tells a profile from which list one came.
    """

    columns: Sequence[Column]
    segments: Mapping[str, str]
    live: Collection[str]
    weeks: Mapping[int, Weeks]
    moment: dt.datetime
    pick: bool
    came_from: str = ""


def row_html(row: Row, sheet: Sheet) -> SafeString:
    """The `<tr>` of one person."""
    name = name_of(row)
    cells = "".join(_cell(row, column, sheet) for column in sheet.columns)
    return mark_safe(f"<tr>{_pick(row, name, sheet)}{_who(row, name, sheet)}{cells}<td></td></tr>\n")  # noqa: S308


def _pick(row: Row, name: str, sheet: Sheet) -> str:
    if not sheet.pick:
        return '<td class="pick"></td>'
    label = escape(_("Select %(name)s") % {"name": name})
    return (
        f'<td class="pick"><label><input type="checkbox" name="person" value="{row.public_id}" form="selection"'
        f' autocomplete="off" aria-label="{label}"></label></td>'
    )


def _who(row: Row, name: str, sheet: Sheet) -> str:
    here = row.last_seen is not None and sheet.moment - row.last_seen < _CHATTING
    dot = f'<span class="here" role="img" aria-label="{escape(_("chatting now"))}"></span>' if here else ""
    banned = f'<span class="badge" data-tone="bad">{escape(_("banned"))}</span>' if row.banned else ""
    return (
        f'<th class="who" scope="row"><a class="line" href="{reverse("user", args=[row.public_id])}{sheet.came_from}">'
        f"{face(row)}<bdi>{escape(name)}</bdi>{dot}{banned}</a></th>"
    )


def _cell(row: Row, column: Column, sheet: Sheet) -> str:
    special = _SPECIAL.get(column.key)
    if special is not None:
        return special(row, sheet)
    kind = " n" if column.type == Type.NUMBER else ""
    return f'<td class="at-more{kind}" data-label="{escape(seen(_(column.label)))}">{value_html(row, column)}</td>'


def value_html(row: Row, column: Column) -> SafeString:
    """A value as it reads; a dash when there is none."""
    value = row.value(column)
    return mark_safe(_none()) if value is None else value_as(column, value)  # noqa: S308


def value_as(column: Column, value: object) -> SafeString:
    """The same for a value that is not, or no longer, the person's."""
    via = glyph_of(str(value)) if column.key == "default_source" else ""
    return mark_safe(via + _BY_TYPE.get(column.type, _text)(value))  # noqa: S308


def _none(words: str = "–") -> str:
    return f'<span class="none">{escape(words)}</span>'


def _text(value: object) -> str:
    text = ("true" if value else "false") if isinstance(value, bool) else seen(value)
    shown = escape(text)
    return f'<bdi title="{shown}">{shown}</bdi>' if len(text) > _WIDE else f"<bdi>{shown}</bdi>"


# Longer texts may not fit their cell, and get a tooltip.
_WIDE = 16


def _yes_or_no(value: object) -> str:
    known = {"true": _("yes"), "false": _("no")}.get(str(value).lower())
    return escape(known) if known else _text(value)


def _moment(value: object) -> str:
    """A time of ours, or a text of a stranger's that may be one."""
    if isinstance(value, dt.datetime):
        return day(value)
    try:
        found = dt.datetime.fromisoformat(str(value))
        return day(found) if found.tzinfo is not None and "T" in str(value) else _text(value)
    except (ValueError, OverflowError):  # No time, or one that is before the year 1 or after 9999 where we are.
        return _text(value)


_BY_TYPE: dict[Type, Callable[[object], str]] = {Type.BOOLEAN: _yes_or_no, Type.TIME: _moment}


def _email(row: Row, _sheet: Sheet) -> str:
    email = row.attributes.get("default_email")
    if not email:
        return f'<td class="at-email">{_none(_("none yet"))}</td>'
    shown = escape(seen(email))
    return f'<td class="at-email"><a class="email" href="mailto:{quote(str(email), safe="@")}">{shown}</a></td>'


def _seen(row: Row, _sheet: Sheet) -> str:
    inner = ago(row.last_seen) if row.last_seen else _none(_("not yet"))
    return f'<td class="at-seen">{inner}</td>'


def _first(row: Row, _sheet: Sheet) -> str:
    return f'<td class="at-first">{day(row.created_at)}</td>'


def _place(row: Row, _sheet: Sheet) -> str:
    inner = f"<bdi>{escape(seen(row.location))}</bdi>" if row.location else _none(_("not known"))
    return f'<td class="at-place">{inner}</td>'


def _chats(row: Row, sheet: Sheet) -> str:
    word = escape(ngettext("chat", "chats", row.chats))
    return (
        f'<td class="at-chats n"><span class="chats">{row.chats:,}<span class="only-card"> {word}</span>'
        f"{spark(sheet.weeks.get(row.id))}</span></td>"
    )


def _segments(row: Row, sheet: Sheet) -> str:
    names = {public_id: sheet.segments.get(public_id) for public_id in map(to_public, row.segments)}
    known = [(public_id, name) for public_id, name in names.items() if name is not None]
    if not known:
        return f'<td class="at-segments">{_none(_("none"))}</td>'
    public_id, name = known[0]
    kind = "rule" if public_id in sheet.live else "manual"
    pill = (
        f'<a class="pill" data-hue="{hue(public_id)}" data-kind="{kind}"'
        f' href="{reverse("users")}?f=segment:in:{public_id}"><span class="clip">{escape(name)}</span></a>'
    )
    rest = escape(", ".join(name for _id, name in known[1:]))
    more = f'<span class="pill more" title="{rest}">+{len(known) - 1}<span class="quiet">: {rest}</span></span>'
    return f'<td class="at-segments"><span class="pills">{pill}{more if rest else ""}</span></td>'


def _banned(row: Row, _sheet: Sheet) -> str:
    inner = f'<span class="badge" data-tone="bad">{escape(_("banned"))}</span>' if row.banned else _none(_("no"))
    return f'<td class="at-more" data-label="{escape(_("Banned"))}">{inner}</td>'


_SPECIAL: dict[str, Callable[[Row, Sheet], str]] = {
    "default_email": _email,
    "lastSeen": _seen,
    "createdAt": _first,
    "default_location": _place,
    "chats": _chats,
    "segment": _segments,
    "banned": _banned,
}
