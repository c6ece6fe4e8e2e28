"""Save as segment: the people whom the list shows become a segment, one that follows the filter or a fixed list."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from coterie.accounts.permissions import Verb
from coterie.audience.audience import Audience, audience_of
from coterie.audience.sentence import sentence
from coterie.audience.tree import FilterError, Node
from coterie.bulk.actions import Action
from coterie.bulk.start import start
from coterie.core.text import clean
from coterie.segments.catalogue import MAX_NAME, create, segments_of
from coterie.segments.rules import create_rule
from coterie.web.dialogs import in_dialog
from coterie.web.links import go_to, users_url, with_query
from coterie.web.members import MemberRequest, member
from coterie.web.outcomes import say
from coterie.web.selection import NotSelected, Selection

LIVE, FIXED = "live", "fixed"


@require_http_methods(["GET", "HEAD", "POST"])
@member(Verb.EDIT_SEGMENTS)
def save_as_segment(request: MemberRequest) -> HttpResponseBase:
    """The form that names it, with the exact number of people; as a post, the deed. `view` is the list's."""
    audience = audience_of(request.workspace)
    try:
        selection = _shown(request, audience)
    except NotSelected as error:
        return _not_a_filter(request, str(error))
    node = selection.view.node
    if node is None:
        return _not_a_filter(request, _("The list shows everybody. Filter it first, then save what it shows."))
    if request.method != "POST":
        return _form(request, audience, selection, node)
    if request.POST.get("kind") == FIXED and selection.moved:
        return _form(request, audience, selection, node, selection.moved, 409)
    try:
        _save(request, selection, node)
    except FilterError as error:
        return _form(request, audience, selection, node, capfirst(error.message), 422)
    except ValueError as error:
        return _form(request, audience, selection, node, str(error), 422)
    return go_to(selection.view)


def _shown(request: MemberRequest, audience: Audience) -> Selection:
    """Everybody in the list; raises NotSelected when its filter is not understood."""
    sent = request.POST if request.method == "POST" else request.GET
    fields = QueryDict(mutable=True)
    fields.update({"all": "1", "view": clean(sent.get("view", "")), "seen": sent.get("seen", "")})
    return Selection.read(fields, audience)


def _save(request: MemberRequest, selection: Selection, node: Node) -> None:
    """Makes the segment and says so. Raises ValueError, before anything is made, with what is wrong."""
    name = request.POST.get("name", "")
    if request.POST.get("kind") != FIXED:
        segment = create_rule(request.workspace, name, node, request.actor)
        words = ngettext(
            "Segment “%(name)s” created. It keeps itself up to date; %(n)s person matches now.",
            "Segment “%(name)s” created. It keeps itself up to date; %(n)s people match now.",
            selection.people,
        )
        messages.success(request, words % {"name": segment.name, "n": f"{selection.people:,}"})
        return
    if not selection.people:
        raise ValueError(_("Nobody matches now, so a fixed list would be empty."))
    segment = create(request.workspace, name, request.actor)
    say(request, start(request.workspace, request.actor, Action.join([segment.id]), selection.who), selection.view)


def _form(
    request: MemberRequest, audience: Audience, selection: Selection, node: Node, error: str = "", status: int = 200
) -> HttpResponse:
    """With a suggested name or, after a post that was not saved, with what was sent."""
    words = capfirst(sentence(node, audience.catalogue))
    suggested = words if len(words) <= MAX_NAME else words[: MAX_NAME - 1] + "…"
    query = urlencode({"view": selection.view.query})
    context: dict[str, Any] = {
        "name": request.POST.get("name", suggested),
        "kind": FIXED if request.POST.get("kind") == FIXED else LIVE,
        "words": words,
        "people": selection.people,
        "view_query": selection.view.query,
        "live_segments": [
            (segment, with_query(reverse("segment-rule", args=[segment.public_id]), query))
            for segment in segments_of(request.workspace)
            if segment.is_rule
        ],
        "back": users_url(selection.view),
        "max_name": MAX_NAME,
        "error": error,
    }
    response = render(request, "web/view_segment.html", context, status=status)
    return in_dialog(request, response, "#segment-dialog", "#segment-form")


def _not_a_filter(request: MemberRequest, message: str) -> HttpResponse:
    response = render(request, "web/nobody_selected.html", {"message": message, "dialog": "segment"}, status=422)
    return in_dialog(request, response, "#segment-dialog", "#segment-form")
