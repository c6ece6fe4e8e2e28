"""Erasing one person for good: what would go is said first, then the member types who it is."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from coterie.accounts.permissions import Verb
from coterie.core.text import clean
from coterie.journal.models import State
from coterie.privacy.erasing import effect
from coterie.privacy.erasing import erase as erase_people
from coterie.web.fresh import is_fresh, refresh
from coterie.web.members import MemberRequest, member
from coterie.web.person import basics
from coterie.web.spot import Page, page_of
from coterie.web.unseen import seen


@require_http_methods(["GET", "HEAD", "POST"])
@member(Verb.DELETE_PEOPLE)
def erase(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """The page; as a post, the deed."""
    page = page_of(request, public_id, "user-erase")
    if isinstance(page, HttpResponse):
        return page
    if request.method != "POST":
        return _page(request, page)
    if clean(request.POST.get("typed", "")).casefold() not in _names(page):
        words = _("This is neither the name nor the user id of the person you are about to erase.")
        return _page(request, page, typed_error=words)
    if problem := refresh(request):
        return _page(request, page, password_error=problem)
    operation = erase_people(request.workspace, request.actor, [page.row.id])
    if operation.state == State.FAILED:
        messages.error(request, operation.reason)
    elif operation.is_over:
        messages.success(request, _("Erased for good. Nothing of the person is left."))
    else:
        messages.info(request, _("The person is being erased; Activity says when it is done."), extra_tags="/activity")
    # Not to the list one came from: its search may be the address of whoever is gone.
    return redirect("users")


def _names(page: Page) -> set[str]:
    """What confirms that this person is meant."""
    row = page.row
    known = (row.attributes.get("default_name"), row.user_id, row.public_id)
    return {clean(said).casefold() for text in known if text for said in (str(text), seen(text))}


def _page(request: MemberRequest, page: Page, typed_error: str = "", password_error: str = "") -> HttpResponse:
    context = basics(page) | {
        "effect": effect(request.workspace, page.row.id),
        "to_type": seen(page.row.attributes.get("default_name") or page.row.user_id),
        "typed": request.POST.get("typed", ""),
        "ask_password": not is_fresh(request),
        "typed_error": typed_error,
        "password_error": password_error,
    }
    return render(request, "web/user_erase.html", context, status=422 if typed_error or password_error else 200)
