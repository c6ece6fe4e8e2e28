"""Bulk actions from the list: a dialog that shows the exact effect, then the deed."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from coterie.accounts.permissions import Verb
from coterie.audience.audience import Audience, audience_of
from coterie.bulk.actions import Act, Action
from coterie.bulk.preview import Effect, preview
from coterie.bulk.selection import Moved
from coterie.bulk.start import Nobody, start
from coterie.core.ids import to_public
from coterie.people.attributes import Refused
from coterie.segments.catalogue import segments_of
from coterie.web.choices import action_of, attributes_of, printed
from coterie.web.dialogs import in_dialog
from coterie.web.links import go_to, users_url
from coterie.web.members import MemberRequest, member
from coterie.web.outcomes import say
from coterie.web.selection import NotSelected, Selection

CHANGES = (Act.LEAVE, Act.SET, Act.CLEAR, Act.BAN, Act.UNBAN)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request about a selection: what was chosen so far, what that would do, what is wrong with it."""

    act: Act
    audience: Audience
    selection: Selection
    action: Action | None = None
    effects: tuple[Effect, ...] = ()
    error: str = ""


@require_POST
@member(Verb.EDIT_PEOPLE)
def change(request: MemberRequest, act: Act) -> HttpResponseBase:
    """Leaving segments, setting and clearing an attribute, banning, unbanning."""
    return _answer(request, act)


@require_POST
@member(Verb.DELETE_PEOPLE)
def delete(request: MemberRequest) -> HttpResponseBase:
    """Deleting. The member types how many."""
    return _answer(request, Act.DELETE)


def _answer(request: MemberRequest, act: Act) -> HttpResponseBase:
    """The dialog. With `confirm` the deed, if the dialog showed the effect of exactly this (`shown`).

    `look` in the address only asks what the effect would be.
    """
    audience = audience_of(request.workspace)
    try:
        selection = Selection.read(request.POST, audience)
    except NotSelected as error:
        return _nobody(request, str(error))
    if not selection.people:
        return _nobody(request, _("Nobody is selected."))
    asked = _foresee(request, act, audience, selection)
    if "confirm" not in request.POST or "look" in request.GET:
        return _dialog(request, asked, asked.error or selection.moved)
    if selection.moved:
        return _dialog(request, asked, selection.moved, status=409)
    if asked.action is None:
        return _dialog(request, asked, asked.error or _missing(act), status=422)
    if request.POST.get("shown") != printed(asked.action):
        return _dialog(request, asked)
    if act == Act.DELETE and _typed(request) != str(selection.people):
        words = _("To delete %(n)s people, type that number.")
        return _dialog(request, asked, words % {"n": f"{selection.people:,}"}, status=422)
    return _do(request, asked, asked.action)


def _do(request: MemberRequest, asked: _Asked, action: Action) -> HttpResponseBase:
    selection = asked.selection
    seen = selection.seen if selection.by_filter else None
    try:
        operation = start(request.workspace, request.actor, action, selection.who, seen)
    except Moved as error:
        return _dialog(request, asked, str(error), status=409)
    except Nobody:
        return _nobody(request, _("Nobody is selected."))
    except Refused as error:
        return _dialog(request, asked, error.message, status=422)
    say(request, operation, selection.view)
    return go_to(selection.view)


def _foresee(request: MemberRequest, act: Act, audience: Audience, selection: Selection) -> _Asked:
    try:
        action = action_of(request.POST, act, audience)
        effects = preview(request.workspace, action, selection.who) if action else []
    except Refused as error:
        return _Asked(act, audience, selection, error=error.message)
    return _Asked(act, audience, selection, action, tuple(effects))


def _typed(request: MemberRequest) -> str:
    return "".join(sign for sign in request.POST.get("typed", "") if sign not in ",.' \u00a0\u202f’")


def _missing(act: Act) -> str:
    match act:
        case Act.LEAVE:
            return _("Choose at least one segment.")
        case Act.SET:
            return _("Choose an attribute and give its value.")
        case _:
            return _("Choose an attribute.")


def _dialog(request: MemberRequest, asked: _Asked, error: str = "", status: int = 200) -> HttpResponse:
    """A look replaces the effect alone, so it is no dialog of its own."""
    selection, act, chosen = asked.selection, asked.act, set(request.POST.getlist("segment"))
    segments = segments_of(request.workspace)
    called = {segment.public_id: segment.name for segment in segments}
    context: dict[str, Any] = {
        "act": act.value,
        "url": reverse(f"bulk-{act.value}"),
        "selection": selection,
        "view_query": selection.view.query,
        "back": users_url(selection.view),
        "segments": [(one, one.public_id in chosen) for one in segments] if act == Act.LEAVE else [],
        "attributes": attributes_of(asked.audience) if act in (Act.SET, Act.CLEAR) else [],
        "key": request.POST.get("key", ""),
        "value": request.POST.get("value", ""),
        "effects": [(effect, _segment(effect, called)) for effect in asked.effects],
        "shown": printed(asked.action),
        "ready": asked.action is not None and "confirm" in request.POST and not error,
        "error": error,
    }
    response = render(request, "web/bulk.html", context, status=status)
    return response if "look" in request.GET else in_dialog(request, response, "#bulk-dialog", "#bulk-form")


def _segment(effect: Effect, called: dict[str, str]) -> dict[str, str]:
    public_id = "" if effect.segment_id is None else to_public(effect.segment_id)
    return {"public_id": public_id, "name": called.get(public_id, "")}


def _nobody(request: MemberRequest, message: str) -> HttpResponse:
    context = {"message": message, "dialog": "bulk"}
    response = render(request, "web/nobody_selected.html", context, status=422)
    return in_dialog(request, response, "#bulk-dialog", "#bulk-form")
