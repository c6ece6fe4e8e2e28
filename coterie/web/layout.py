"""How a member likes the list: columns, rows on a page, density. Kept with the member, and sent by small forms.

The columns of a view that names some in its URL are those; another view has the member's own.
"""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from coterie.accounts.models import Member
from coterie.accounts.permissions import Verb
from coterie.audience.audience import Audience, audience_of
from coterie.audience.columns import LEADS, Catalogue, Column
from coterie.audience.view import MAX_COLUMNS, View
from coterie.web.links import columns_url, go_to, users_url
from coterie.web.members import MemberRequest, member
from coterie.web.stale import explained

STANDARD = ("default_email", "lastSeen", "createdAt", "default_location", "chats", "segment")
SIZES = (25, 50, 100)
SIZE = 50
DENSITIES = ("comfortable", "compact")


@dataclass(frozen=True, slots=True)
class Layout:
    """What the list looks like to one member in one view."""

    columns: tuple[Column, ...]
    size: int
    density: str

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the columns."""
        return tuple(column.key for column in self.columns)


def layout_of(asking: Member, view: View, catalogue: Catalogue) -> Layout:
    """The columns of the view, or else the member's own; those that are gone are left out."""
    kept: dict[str, Any] = asking.preferences
    keys = view.columns if view.columns is not None else kept.get("columns", STANDARD)
    columns = (catalogue.get(key) for key in keys)
    size, density = kept.get("rows"), kept.get("density")
    return Layout(
        tuple(column for column in columns if column is not None),
        size if size in SIZES else SIZE,
        density if density in DENSITIES else DENSITIES[0],
    )


@require_safe
@member(Verb.VIEW)
def chooser(request: MemberRequest) -> HttpResponseBase:
    """Every column there is: the shown ones in their order, then the others."""
    audience = audience_of(request.workspace)
    asked = request.GET.get("view", "")
    return explained(request, audience, asked) or _chooser(request, audience, audience.parse(asked).view)


@require_POST
@member(Verb.VIEW)
def change(request: MemberRequest) -> HttpResponseBase:
    """Keeps what the form says about the list and leads back to it; `up`, `down` and `reset` lead to the chooser."""
    audience = audience_of(request.workspace)
    fields, asking = request.POST, request.member
    view = audience.parse(fields.get("view", "")).view
    if "reset" in fields:
        asking.preferences = {name: kept for name, kept in asking.preferences.items() if name != "columns"}
        view = view.showing(None)
    elif "columns" in fields:
        columns = _chosen(fields, audience.catalogue)
        asking.preferences = {**asking.preferences, "columns": list(columns)}
        view = view.showing(columns)
    size = asking.preferences.get("rows", SIZE)
    asking.preferences = asking.preferences | _looks(fields)
    asking.save(update_fields=["preferences"])
    if elsewhere := explained(request, audience, fields.get("view", "")):
        return elsewhere
    stays = fields.keys() & {"up", "down", "reset"} and not request.htmx
    if stays:
        return _chooser(request, audience, view)
    # Pages of another length begin elsewhere; the form sends the number of rows also when only the density changes.
    return go_to(view if asking.preferences.get("rows", SIZE) == size else view.first_page())


def _looks(fields: QueryDict) -> dict[str, Any]:
    rows, density = fields.get("rows", ""), fields.get("density")
    looks: dict[str, Any] = {"rows": int(rows)} if rows in map(str, SIZES) else {}
    return looks | ({"density": density} if density in DENSITIES else {})


def _chosen(fields: QueryDict, catalogue: Catalogue) -> tuple[str, ...]:
    """The ticked columns in the order of the form; without JavaScript a button says which one to move."""
    keys = [key for key in dict.fromkeys(fields.getlist("column")) if key != LEADS and catalogue.get(key) is not None]
    for name, by in (("up", -1), ("down", 1)):
        key = fields.get(name)
        if key in keys:
            at = keys.index(key)
            to = min(max(at + by, 0), len(keys) - 1)
            keys.insert(to, keys.pop(at))
    return tuple(keys[:MAX_COLUMNS])


def _chooser(request: MemberRequest, audience: Audience, view: View) -> HttpResponse:
    shown = layout_of(request.member, view, audience.catalogue).columns
    others = [column for column in audience.catalogue.columns if column not in shown and column.key != LEADS]
    context = {
        "shown": shown,
        "others": others,
        "count": len(shown) + 1,
        "of": len(shown) + len(others) + 1,
        "view_query": view.query,
        "again": columns_url(view),
        "back": users_url(view),
    }
    return render(request, "web/columns.html", context)
