"""Save to Segment: choose segments, see what it would do, confirm."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from coterie.accounts.permissions import Verb
from coterie.audience.audience import Audience, audience_of
from coterie.bulk.actions import Action
from coterie.bulk.preview import preview as foresee
from coterie.bulk.selection import Moved
from coterie.bulk.start import start
from coterie.core.ids import from_public, to_public
from coterie.core.text import clean
from coterie.people.attributes import Refused
from coterie.segments.catalogue import create, manual_segments
from coterie.segments.models import Segment
from coterie.web.dialogs import in_dialog
from coterie.web.links import go_to, users_url
from coterie.web.members import MemberRequest, member
from coterie.web.outcomes import say
from coterie.web.selection import NotSelected, Selection


@dataclass(frozen=True, slots=True)
class Effect:
    """What saving would do to one segment."""

    name: str
    public_id: str
    adds: int
    already: int


@require_POST
@member(Verb.EDIT_SEGMENTS)
def save(request: MemberRequest) -> HttpResponseBase:
    """The dialog; with `confirm`, the deed."""
    audience = audience_of(request.workspace)
    try:
        selection = Selection.read(request.POST, audience)
    except NotSelected as error:
        return _nobody(request, str(error))
    if not selection.people:
        return _nobody(request, _("Nobody is selected."))
    if "confirm" not in request.POST:
        return _dialog(request, audience, selection, selection.moved)
    if selection.moved:
        return _dialog(request, audience, selection, selection.moved, status=409)
    seen, chosen = selection.seen if selection.by_filter else None, []
    try:
        chosen = chosen_segments(request)
        operation = start(request.workspace, request.actor, Action.join(chosen), selection.who, seen)
    except Moved:
        return _again(request, audience, chosen)
    except Refused as error:
        return _dialog(request, audience, selection, error.message, status=422)
    except ValueError as error:
        return _dialog(request, audience, selection, str(error), status=422)
    say(request, operation, selection.view)
    return go_to(selection.view)


def _again(request: MemberRequest, audience: Audience, chosen: list[int]) -> HttpResponseBase:
    """The dialog with the number of now. Segments that were new are there by now, and chosen."""
    fields = request.POST.copy()
    fields.setlist("new", [])
    fields.setlist("segment", [to_public(row_id) for row_id in chosen])
    selection = Selection.read(fields, audience)
    return _dialog(request, audience, selection, selection.moved, 409, fields)


@require_POST
@member(Verb.EDIT_SEGMENTS)
def preview(request: MemberRequest) -> HttpResponseBase:
    """What Confirm would do, segment by segment."""
    audience = audience_of(request.workspace)
    try:
        selection = Selection.read(request.POST, audience)
    except NotSelected:
        return HttpResponse(status=204)
    return render(request, "web/parts/save_preview.html", {"effects": _effects(request, request.POST, selection)})


def _effects(request: MemberRequest, fields: QueryDict, selection: Selection) -> list[Effect]:
    known = {segment.public_id: segment for segment in manual_segments(request.workspace)}
    chosen = [known[key] for key in dict.fromkeys(fields.getlist("segment")) if key in known]
    action = Action.join([segment.id for segment in chosen])
    found = foresee(request.workspace, action, selection.who) if chosen else []
    effects = [
        Effect(segment.name, segment.public_id, effect.changes, effect.already)
        for segment, effect in zip(chosen, found, strict=True)
    ]
    return effects + [Effect(name, "", selection.people, 0) for name in new_names(fields)]


def new_names(fields: QueryDict) -> list[str]:
    """The names that new segments were given, each once."""
    names = (clean(name) for name in fields.getlist("new"))
    return [name for name in dict.fromkeys(names) if name]


def chosen_segments(request: MemberRequest) -> list[int]:
    """Ids of the chosen segments, new ones made; raises ValueError with what to say about it."""
    known = {segment.id for segment in manual_segments(request.workspace)}
    ids = [from_public(public_id) for public_id in request.POST.getlist("segment")]
    chosen = [row_id for row_id in ids if row_id in known]
    if len(chosen) < len(ids):
        raise ValueError(
            _("One of the segments is gone, or keeps itself up to date. Look at the list again, then confirm.")
        )
    new = new_names(request.POST)
    if not chosen and not new:
        raise ValueError(_("Choose at least one segment, or name a new one."))
    with transaction.atomic():  # All of the new ones or none.
        return [*chosen, *(create(request.workspace, name, request.actor).id for name in new)]


def _dialog(
    request: MemberRequest,
    audience: Audience,
    selection: Selection,
    error: str = "",
    status: int = 200,
    fields: QueryDict | None = None,
) -> HttpResponse:
    """With what the form sent, or else what `fields` has."""
    fields = request.POST if fields is None else fields
    sizes, chosen = audience.segment_sizes(), set(fields.getlist("segment"))
    context: dict[str, Any] = {
        "selection": selection,
        "view_query": selection.view.query,
        "back": users_url(selection.view),
        "segments": [
            _choice(segment, sizes.get(segment.id, 0), chosen) for segment in manual_segments(request.workspace)
        ],
        "new_names": new_names(fields),
        "effects": _effects(request, fields, selection),
        "error": error,
    }
    response = render(request, "web/save.html", context, status=status)
    return in_dialog(request, response, "#save-dialog", "#save-form")


def _choice(segment: Segment, people: int, chosen: set[str]) -> dict[str, Any]:
    return {"segment": segment, "people": people, "chosen": segment.public_id in chosen}


def _nobody(request: MemberRequest, message: str) -> HttpResponse:
    response = render(request, "web/nobody_selected.html", {"message": message}, status=422)
    return in_dialog(request, response, "#save-dialog", "#save-form")
