"""Erasing one person for good: what would go is said first, then the member types who it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from coterie.accounts.permissions import Verb
from coterie.audience.columns import LEADS
from coterie.core.ids import to_public
from coterie.core.text import clean
from coterie.journal.models import State
from coterie.people.deletion import deletion_of
from coterie.privacy.erasing import effect
from coterie.privacy.erasing import erase as erase_people
from coterie.web.fresh import is_fresh, refresh
from coterie.web.members import MemberRequest, member
from coterie.web.person import basics
from coterie.web.spot import page_of
from coterie.web.unseen import seen


@dataclass(frozen=True, slots=True)
class _Who:
    """Who is to be erased, and the page that asks."""

    person_id: int
    attributes: Mapping[str, Any]
    user_id: str
    template: str
    context: dict[str, Any]

    @property
    def name(self) -> str:
        """What is to be typed."""
        return str(self.attributes.get(LEADS) or self.user_id)

    @property
    def names(self) -> set[str]:
        """What confirms that this person is meant."""
        known = (self.attributes.get(LEADS), self.user_id, to_public(self.person_id))
        return {clean(said).casefold() for text in known if text for said in (str(text), seen(text))}


@require_http_methods(["GET", "HEAD", "POST"])
@member(Verb.DELETE_PEOPLE)
def erase(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """The page; as a post, the deed. Also of whoever was deleted and could come back."""
    who = _who(request, public_id)
    if isinstance(who, HttpResponse):
        return who
    if request.method != "POST":
        return _page(request, who)
    if clean(request.POST.get("typed", "")).casefold() not in who.names:
        words = _("This is neither the name nor the user id of the person you are about to erase.")
        return _page(request, who, typed_error=words)
    if problem := refresh(request):
        return _page(request, who, password_error=problem)
    operation = erase_people(request.workspace, request.actor, [who.person_id])
    if operation.state == State.FAILED:
        messages.error(request, operation.reason)
    elif operation.is_over:
        messages.success(request, _("Erased for good. Nothing of the person is left."))
    else:
        messages.info(request, _("The person is being erased; Activity says when it is done."), extra_tags="/activity")
    # Not to the list one came from: its search may be the address of whoever is gone.
    return redirect("users")


def _who(request: MemberRequest, public_id: str) -> _Who | HttpResponse:
    page = page_of(request, public_id, "user-erase")
    if not isinstance(page, HttpResponse):
        row = page.row
        return _Who(row.id, row.attributes, row.user_id, "web/user_erase.html", basics(page))
    gone = deletion_of(request.workspace.pk, public_id)
    if page.status_code != HTTPStatus.NOT_FOUND or gone is None:
        return page
    attributes, user_id = gone.saved["attributes"], gone.saved["user_id"]
    context = {"public_id": to_public(gone.person_id), "name": seen(str(attributes.get(LEADS) or user_id))}
    return _Who(gone.person_id, attributes, user_id, "web/deleted_erase.html", context)


def _page(request: MemberRequest, who: _Who, typed_error: str = "", password_error: str = "") -> HttpResponse:
    context = who.context | {
        "effect": effect(request.workspace, who.person_id),
        "to_type": seen(who.name),
        "typed": request.POST.get("typed", ""),
        "ask_password": not is_fresh(request),
        "typed_error": typed_error,
        "password_error": password_error,
    }
    return render(request, who.template, context, status=422 if typed_error or password_error else 200)
