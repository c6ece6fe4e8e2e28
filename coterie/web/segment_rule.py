"""Changing the rule of a live segment to what the list shows: who would enter and leave, then the deed."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from coterie.accounts.permissions import Verb
from coterie.audience.audience import audience_of
from coterie.audience.moving import Effect
from coterie.audience.sentence import sentence
from coterie.audience.tree import FilterError, Node
from coterie.audience.view import View
from coterie.core.ids import from_public
from coterie.core.text import clean
from coterie.segments.models import Segment
from coterie.segments.rules import change_rule, preview_rule, undo_rule
from coterie.web.links import users_url, with_query
from coterie.web.members import MemberRequest, member
from coterie.web.people import name_of
from coterie.web.segment_list import Words
from coterie.web.segments import find_segment
from coterie.web.users import understood


@require_http_methods(["GET", "HEAD", "POST"])
@member(Verb.EDIT_SEGMENTS)
def rule(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """What it would do if the filter of `view` were the rule; as a post, the change."""
    segment = find_segment(request, public_id)
    if not segment.is_rule:
        raise Http404
    audience = audience_of(request.workspace)
    sent = request.POST if request.method == "POST" else request.GET
    parsed = audience.parse(clean(sent.get("view", "")))
    predicate, broken = understood(audience, parsed)
    node = parsed.view.node
    if predicate is None:
        return _page(request, segment, parsed.view, error=capfirst(broken[0].message))
    if node is None:
        return _page(request, segment, parsed.view, error=_("The list shows everybody. Filter it first."))
    try:
        if request.method != "POST":
            return _page(request, segment, parsed.view, preview_rule(request.workspace, node, segment))
        operation = change_rule(request.workspace, segment, node, request.actor)
    except FilterError as error:
        return _page(request, segment, parsed.view, error=capfirst(error.message))
    except ValueError as error:
        return _page(request, segment, parsed.view, error=str(error))
    if operation is None:
        messages.info(request, _("Nothing was changed."))
    else:
        words = _("“%(name)s” has another rule now.") % {"name": segment.name}
        address = with_query(reverse("segment-rule-undo", args=[segment.public_id]), f"operation={operation.public_id}")
        messages.success(request, words, extra_tags=address)
    return redirect("segments")


@require_POST
@member(Verb.EDIT_SEGMENTS)
def undo(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Gives the segment back the rule that it had before `operation`, unless it was changed since."""
    segment = find_segment(request, public_id)
    try:
        undo_rule(request.workspace, segment, from_public(request.POST.get("operation", "")) or 0, request.actor)
    except FilterError as error:
        messages.error(request, capfirst(error.message))
    except ValueError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("“%(name)s” has its former rule again.") % {"name": segment.name})
    return redirect("activity" if request.GET.get("from") == "activity" else "segments")


def _page(
    request: MemberRequest, segment: Segment, view: View, effect: Effect | None = None, error: str = ""
) -> HttpResponse:
    words = Words.of(request.workspace)
    context: dict[str, Any] = {
        "segment": segment,
        "before": words.rule(segment),
        "after": _said(words, view.node),
        "effect": effect,
        "entering": [name_of(row) for row in effect.entering] if effect else [],
        "leaving": [name_of(row) for row in effect.leaving] if effect else [],
        "view_query": view.query,
        "back": users_url(view),
        "error": error,
    }
    return render(request, "web/segment_rule.html", context, status=422 if error else 200)


def _said(words: Words, node: Node | None) -> str:
    return "" if node is None else capfirst(sentence(node, words.audience.catalogue))
