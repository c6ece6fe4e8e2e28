"""The page of one person: whose it is, from which list one came, and what of it is open. It travels in the address."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import wraps
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django_htmx.http import push_url

from coterie.audience.audience import Audience, audience_of
from coterie.audience.rows import Row, rows
from coterie.audience.view import View
from coterie.core.ids import from_public, to_public
from coterie.people.finding import survivor_of
from coterie.profile.timeline import Show
from coterie.web.links import with_query
from coterie.web.members import MemberRequest

_LONGEST = 8_000


@dataclass(frozen=True, slots=True)
class Spot:
    """`view` is the query string of the list one came from, empty for everybody; `tab` is "chats" or "timeline"."""

    public_id: str
    view: str = ""
    tab: str = "chats"
    show: Show = Show.EVERYTHING

    @classmethod
    def read(cls, public_id: str, fields: Mapping[str, str]) -> "Spot":
        """From the fields of an address or a form. What is not understood is left out."""
        view = fields.get("view", "")
        show = fields.get("show", "")
        return cls(
            public_id,
            view if len(view) <= _LONGEST and view != View().query else "",
            "timeline" if fields.get("tab") == "timeline" else "chats",
            Show(show) if show in set(Show) else Show.EVERYTHING,
        )

    @property
    def fields(self) -> dict[str, str]:
        """What forms and addresses carry of it."""
        found = {"view": self.view} if self.view else {}
        if self.tab == "timeline":
            found["tab"] = self.tab
            if self.show != Show.EVERYTHING:
                found["show"] = self.show.value
        return found

    def url(self, name: str = "user", **fields: str) -> str:
        """The person's page, or another page about them."""
        return with_query(reverse(name, args=[self.public_id]), urlencode(self.fields | fields))

    def of(self, person_id: int) -> "Spot":
        """The same about somebody else."""
        return replace(self, public_id=to_public(person_id))

    def on(self, tab: str, show: Show = Show.EVERYTHING) -> "Spot":
        """With another tab open."""
        return replace(self, tab=tab, show=show)


@dataclass(frozen=True, slots=True)
class Page:
    """What every page about a person knows of them."""

    spot: Spot
    audience: Audience
    row: Row


def page_of(request: MemberRequest, public_id: str, name: str = "user") -> Page | HttpResponse:
    """The page, or the answer that leads elsewhere: to who the person lives on as (there to the page `name`, for an
    address that was only looked at), or to nobody.
    """
    fields = request.POST if request.method == "POST" else request.GET
    spot = Spot.read(public_id, fields.dict())
    audience = audience_of(request.workspace)
    row = _row(audience, from_public(public_id))
    if row is None:
        return nobody(request)
    if row.public_id != public_id.lower():
        if request.method == "POST":
            messages.error(request, _("They were merged into this person meanwhile, so nothing was changed."))
            name = "user"
        return redirect(spot.of(row.id).url(name))
    return Page(replace(spot, public_id=row.public_id), audience, row)


def _row(audience: Audience, person_id: int | None) -> Row | None:
    """The person, or who they live on as: hardly any address is of somebody who was merged, so that is asked last."""
    if person_id is None:
        return None
    found = rows(audience.catalogue, [person_id])
    if not found and (survivor := survivor_of(audience.workspace.pk, person_id)) != person_id:
        found = rows(audience.catalogue, [survivor])
    return found[0] if found else None


def nobody(request: MemberRequest) -> HttpResponse:
    """What is said when the person is not, or not any more, in this workspace."""
    response = render(request, "web/person_gone.html", status=404)
    # The address of a deed is no page that one could come back to.
    return push_url(response, False) if request.method == "POST" else response


Deed = Callable[[MemberRequest, str], HttpResponseBase]


def post_only(deed: Deed) -> Deed:
    """For what is done to a person: whoever only looks at such an address, by reloading it, is led to their page."""

    @wraps(deed)
    def checked(request: MemberRequest, public_id: str) -> HttpResponseBase:
        if request.method == "POST":
            return deed(request, public_id)
        if request.method in ("GET", "HEAD"):
            return redirect(Spot.read(public_id, request.GET.dict()).url())
        return HttpResponseNotAllowed(["POST"])

    return checked
