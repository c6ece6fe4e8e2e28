"""Settings: how long people are kept, and what banned people are answered."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from coterie.accounts.audit import record
from coterie.accounts.permissions import Verb
from coterie.audience.audience import audience_of
from coterie.audience.tree import Condition
from coterie.audience.view import View
from coterie.core.text import clean
from coterie.people.policy import change, default_refusal, policy_of
from coterie.privacy import retention as keeping
from coterie.privacy.retention import LEAST_DAYS, MOST_DAYS, WrongDays
from coterie.web.fresh import is_fresh, refresh
from coterie.web.links import users_url, whole
from coterie.web.members import MemberRequest, member

MAX_REFUSAL = 500


@require_http_methods(["GET", "HEAD", "POST"])
@member(Verb.EDIT_POLICIES)
def retention(request: MemberRequest) -> HttpResponseBase:
    """The rule, and (`days`) its rehearsal. As a post it is saved, if the rehearsal of exactly this was shown."""
    fields = request.POST if request.method == "POST" else request.GET
    now = policy_of(request.workspace.pk).keep_days
    typed = clean(fields.get("days", "" if now is None else str(now)))
    try:
        days = keeping.checked(_days(typed))
    except WrongDays as problem:
        return _retention(request, now, typed, None, error=str(problem))
    if request.method != "POST":
        return _retention(request, now, typed, days)
    if days is not None and fields.get("rehearsed") != str(days):
        return _retention(request, now, typed, days)
    if days is not None and (wrong := refresh(request)):
        return _retention(request, now, typed, days, password_error=wrong)
    keeping.decide(request.workspace, request.actor, days)
    if days is None:
        messages.success(request, _("Nobody is erased by itself any more."))
    else:
        words = ngettext(
            "From tonight on, whoever was not seen for %(days)s day is erased.",
            "From tonight on, whoever was not seen for %(days)s days is erased.",
            days,
        )
        messages.success(request, words % {"days": f"{days:,}"})
    return redirect("retention")


def _days(typed: str) -> int | None:
    """None for nothing; raises WrongDays for what is no number."""
    if not typed:
        return None
    days = whole(typed)
    if days is None:
        raise WrongDays(_("Give a whole number of days, or nothing to keep everybody."))
    return days


def _retention(
    request: MemberRequest,
    now: int | None,
    typed: str,
    days: int | None,
    *,
    error: str = "",
    password_error: str = "",
) -> HttpResponse:
    people = None if days is None else keeping.rehearse(request.workspace, days)
    context: dict[str, Any] = {
        "now": now,
        "typed": typed,
        "days": days,
        "people": people,
        "list_url": "" if days is None else users_url(keeping.view_of(days)),
        "least": LEAST_DAYS,
        "most": MOST_DAYS,
        "changed": days != now,
        "ask_password": not is_fresh(request),
        "error": error,
        "password_error": password_error,
    }
    return render(request, "web/retention.html", context, status=422 if error or password_error else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@member(Verb.EDIT_POLICIES)
def banned(request: MemberRequest) -> HttpResponseBase:
    """What banned people are answered; as a post, the change."""
    present = policy_of(request.workspace.pk).refusal
    if request.method != "POST":
        return _banned(request, present)
    refusal = clean(request.POST.get("refusal", "").replace("\r\n", "\n"))
    if len(refusal) > MAX_REFUSAL:
        words = _("%(n)s characters; at most %(most)s.") % {"n": f"{len(refusal):,}", "most": MAX_REFUSAL}
        return _banned(request, refusal, words)
    if refusal != present:
        change(request.workspace, refusal=refusal)
        record(request.workspace, request.actor, "refusal.change", {"from": present, "to": refusal})
    messages.success(request, _("Saved. Banned people get this answer from now on."))
    return redirect("banned")


def _banned(request: MemberRequest, refusal: str, error: str = "") -> HttpResponse:
    node = Condition("banned", "is_true")
    context = {
        "refusal": refusal,
        "default": default_refusal(),
        "most": MAX_REFUSAL,
        "people": audience_of(request.workspace).count(node),
        "list_url": users_url(View("all", (node,))),
        "error": error,
    }
    return render(request, "web/banned.html", context, status=422 if error else 200)
