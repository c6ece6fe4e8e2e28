"""Logging in and out."""

import time
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.encoding import iri_to_uri
from django.utils.translation import gettext_lazy as _

from coterie.accounts.audit import record
from coterie.accounts.models import Member, User
from coterie.audience.columns import DEFAULT_COLUMNS, Catalogue, Type
from coterie.audience.moments import Moments
from coterie.audience.sentence import sentence
from coterie.audience.tree import conditions
from coterie.audience.view import parse
from coterie.core.clock import now
from coterie.web.fresh import LOGGED_IN_AT

# A longer address is not read to somebody who has not even logged in.
_LONGEST = 4_000


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Logins are made by the team (`coterie member add`), never by visitors."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("E-mail and password don’t match."),
        "too_many_login_attempts": _("Too many tries. Wait a few minutes, then try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """No."""
        return False

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Says nothing: whoever logs in or out sees that it worked."""

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponseBase:
        """Writes the login to the audit trail of each workspace it opens, and its time to the session."""
        request.session[LOGGED_IN_AT] = time.time()
        for member in Member.objects.filter(user=user).select_related("workspace"):
            record(member.workspace, f"member:{member.pk}", "member.login")
        response: HttpResponseBase = super().post_login(request, user, **kwargs)
        return response

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponseBase:
        """A login that was switched off."""
        return render(request, "web/inactive.html", status=403)


class Login(LoginView):  # type: ignore[misc]
    """The door. Somebody who followed a link to a view reads what they get to see after logging in."""

    template_name = "web/login.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Leads on to the very address that was asked for."""
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        wanted = request.POST.get("next") or request.GET.get("next") or ""
        # Django has encoded the `|` between values of a filter, and an encoded one is part of a value.
        if response.headers.get("Location") == iri_to_uri(wanted):
            response.headers["Location"] = "|".join(iri_to_uri(part) or "" for part in wanted.split("|"))
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the link's view in words."""
        return {**super().get_context_data(**kwargs), **_destination(self.get_next_url())}


class Logout(LogoutView):  # type: ignore[misc]
    """Asks when it was opened as a link; logs out when it was pressed as a button."""

    template_name = "web/logout.html"


def _destination(url: str | None) -> dict[str, Any]:
    """What the page says about the address behind the login.

    Nobody is logged in yet, so it only repeats what the address itself says, and knows no custom attribute or segment.
    """
    path, query = (urlsplit(url).path, urlsplit(url).query) if url else ("", "")
    if path != "/users" or not query or len(query) > _LONGEST:
        return {"next_url": url or ""}
    parsed = parse(query, Catalogue(DEFAULT_COLUMNS), Moments(now(), ZoneInfo("UTC")))
    node = parsed.view.node
    known = node is not None and not parsed.problems
    if node is None or not known or any(_is_segment(one.attribute) for one in conditions(node)):
        return {"next_url": url, "shared": True}
    return {"next_url": url, "shared": True, "sentence": sentence(node, Catalogue(DEFAULT_COLUMNS))}


def _is_segment(key: str) -> bool:
    return any(column.key == key and column.type == Type.SEGMENT for column in DEFAULT_COLUMNS)
