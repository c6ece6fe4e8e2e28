"""The orders of the list: links in the table's head and the choices of the sort menu."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from coterie.audience.columns import Catalogue
from coterie.audience.view import View
from coterie.web.links import users_url


@dataclass(frozen=True, slots=True)
class Heading:
    """A column head that sorts. `state` is the value of aria-sort."""

    url: str
    state: str


@dataclass(frozen=True, slots=True)
class Option:
    """A choice of the sort menu."""

    sort: str
    words: str
    chosen: bool


# What a first click on the head of a column sorts by.
_FIRST = {"lastSeen": "-lastSeen", "createdAt": "-createdAt", "chats": "-chats", "default_name": "default_name"}


def headings(view: View) -> dict[str, Heading]:
    """Heads by column key. A click on the column in use turns its order around."""
    return {key: Heading(users_url(view.sorted_by(_next(view, key))), _state(view, key)) for key in _FIRST}


def _next(view: View, key: str) -> str:
    if view.sort_key != key:
        return _FIRST[key]
    return key if view.descending else f"-{key}"


def _state(view: View, key: str) -> str:
    if view.sort_key != key:
        return "none"
    return "descending" if view.descending else "ascending"


def sort_options(view: View, catalogue: Catalogue) -> list[Option]:
    """The usual orders, and the present one when it is another."""
    words = {
        "-lastSeen": _("Last seen, newest"),
        "lastSeen": _("Last seen, oldest"),
        "-createdAt": _("First seen, newest"),
        "createdAt": _("First seen, oldest"),
        "-chats": _("Most chats"),
        "default_name": _("Name, A to Z"),
    }
    if view.sort not in words:
        label = _(catalogue.by_key[view.sort_key].label)
        words[view.sort] = (_("%(label)s, descending") if view.descending else _("%(label)s, ascending")) % {
            "label": label
        }
    return [Option(sort, text, sort == view.sort) for sort, text in words.items()]
