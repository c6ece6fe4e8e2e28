"""The orders of the list: links in the table's head and the choices of the sort menu."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from coterie.audience.columns import LEADS, Catalogue, Column, Group, Type
from coterie.audience.view import View
from coterie.web.cells import PLACES
from coterie.web.links import users_url
from coterie.web.unseen import seen


@dataclass(frozen=True, slots=True)
class Heading:
    """A column head that sorts. `state` is the value of aria-sort, `place` the class of the column's cells."""

    key: str
    label: str
    url: str
    state: str
    place: str
    is_number: bool


@dataclass(frozen=True, slots=True)
class Option:
    """A choice of the sort menu."""

    sort: str
    words: str
    chosen: bool


# A first click on these sorts from the greatest, the newest, the most.
_FROM_THE_TOP = (Type.TIME, Type.NUMBER, Type.SEGMENT)


def headings(view: View, columns: Sequence[Column], catalogue: Catalogue) -> list[Heading]:
    """The name and the columns. A click on the one in use turns its order around."""
    return [
        Heading(
            column.key,
            _heading(column),
            users_url(view.sorted_by(_next(view, column))),
            _state(view, column.key),
            PLACES.get(column.key, "more"),
            column.type == Type.NUMBER,
        )
        for column in (catalogue.by_key[LEADS], *columns)
    ]


def _heading(column: Column) -> str:
    if column.key == "chats":
        return _("Chats, 12 weeks")
    if column.type == Type.SEGMENT:
        return _("Segments")
    return seen(column.label) if column.group == Group.CUSTOM else _(column.label)


def _next(view: View, column: Column) -> str:
    if view.sort_key != column.key:
        return f"-{column.key}" if column.type in _FROM_THE_TOP else column.key
    return column.key if view.descending else f"-{column.key}"


def _state(view: View, key: str) -> str:
    if view.sort_key != key:
        return "none"
    return "descending" if view.descending else "ascending"


def sort_options(view: View, columns: Sequence[Column], catalogue: Catalogue) -> list[Option]:
    """The usual orders, one of each other column that is shown, and the present one."""
    words = {
        "-lastSeen": _("Last seen, newest"),
        "lastSeen": _("Last seen, oldest"),
        "-createdAt": _("First seen, newest"),
        "createdAt": _("First seen, oldest"),
        "-chats": _("Most chats"),
        "default_name": _("Name, A to Z"),
        "-default_name": _("Name, Z to A"),
    }
    there = {sort.removeprefix("-") for sort in words}
    words |= {column.key: _in_words(column, False) for column in columns if column.key not in there}
    if view.sort not in words:
        words[view.sort] = _in_words(catalogue.by_key[view.sort_key], view.descending)
    return [Option(sort, text, sort == view.sort) for sort, text in words.items()]


def _in_words(column: Column, descending: bool) -> str:
    words = _("%(label)s, descending") if descending else _("%(label)s, ascending")
    return words % {"label": _heading(column)}
