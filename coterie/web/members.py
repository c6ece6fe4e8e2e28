"""Who is asking: every page belongs to a member of one workspace and needs one verb of the permission table."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast
from zoneinfo import ZoneInfo

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from coterie.accounts.models import Member, User, Workspace
from coterie.accounts.permissions import LEAST_ROLE, Verb, may
from coterie.web.links import raw_query, with_query

P = ParamSpec("P")
# Where the session keeps the chosen workspace.
CHOSEN = "workspace"


class MemberRequest(HttpRequest):
    """A request of a member.

    `workspace` comes from the session and the memberships, never from a field of the request. `actor` is how the
    journal and the audit trail name the member; `memberships` are their places in all workspaces, for the switcher.
    """

    htmx: HtmxDetails
    member: Member
    memberships: list[Member]
    workspace: Workspace
    actor: str


View = Callable[Concatenate[MemberRequest, P], HttpResponseBase]
Checked = Callable[..., HttpResponseBase]


def member(verb: Verb) -> Callable[[View[P]], Checked]:
    """Lets only members through whose role allows `verb`; others get a login or a page that says why not."""

    def decorate(view: View[P]) -> Checked:
        @wraps(view)
        def checked(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _login(request)
            if not _admit(cast(MemberRequest, request), request.user):
                return render(request, "web/no_workspace.html", status=403)
            asking = cast(MemberRequest, request)
            if not may(asking.member, verb):
                return _denied(asking, verb)
            with timezone.override(ZoneInfo(asking.workspace.time_zone)):
                response = view(asking, *args, **kwargs)
            # Names of people belong neither in a shared cache nor behind the back button after logging out.
            response.headers.setdefault("Cache-Control", "private, no-store")
            return response

        checked.verb = verb  # type: ignore[attr-defined]
        return checked

    return decorate


def allowed(request: HttpRequest, user: User, verb: Verb) -> bool:
    """Whether the member may, for a request that goes to no view."""
    return _admit(cast(MemberRequest, request), user) and may(cast(MemberRequest, request).member, verb)


def _admit(request: MemberRequest, user: User) -> bool:
    """Puts the member on the request; False when the login has no workspace."""
    memberships = list(Member.objects.filter(user=user).select_related("workspace").order_by("pk"))
    if not memberships:
        return False
    for place in memberships:
        place.user = user
    chosen = request.session.get(CHOSEN)
    request.memberships = memberships
    request.member = next((place for place in memberships if place.workspace_id == chosen), memberships[0])
    request.workspace = request.member.workspace
    request.actor = f"member:{request.member.pk}"
    return True


def _denied(request: MemberRequest, verb: Verb) -> HttpResponseBase:
    context = {"least": LEAST_ROLE[verb].label, "role": request.member.get_role_display()}
    return render(request, "web/denied.html", context, status=403)


def _login(request: HttpRequest) -> HttpResponseBase:
    """The login page, which leads back here; for a part of a page: back to that page."""
    htmx = cast(MemberRequest, request).htmx
    if htmx:
        back = htmx.current_url_abs_path or "/users"
        return HttpResponseClientRedirect(redirect_to_login(back).url)
    # Not get_full_path(): it would encode the `|` between values, and an encoded one is part of a value.
    return redirect_to_login(with_query(request.path, raw_query(request)) if request.method == "GET" else "/users")
