"""The Segments page: all segments, a new one, another name, removing and bringing back."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coterie.accounts.permissions import Verb
from coterie.core.ids import from_public
from coterie.core.text import clean
from coterie.segments.catalogue import MAX_NAME, NameTaken, create, rename, segments_of
from coterie.segments.models import RESTORABLE, Segment
from coterie.segments.trash import remove as throw_away
from coterie.segments.trash import removed_segments
from coterie.segments.trash import restore as bring_back
from coterie.web.dialogs import in_dialog
from coterie.web.links import with_query
from coterie.web.members import MemberRequest, member
from coterie.web.segment_list import Words, listed


@require_safe
@member(Verb.VIEW)
def segments(request: MemberRequest) -> HttpResponseBase:
    """All segments, newest first, or those that `q` finds; and the removed ones."""
    search = clean(request.GET.get("q", ""))[:MAX_NAME]
    context = {
        "rows": listed(request.workspace, search),
        "segment_count": len(segments_of(request.workspace)),
        "search": search,
        "max_name": MAX_NAME,
        "removed": removed_segments(request.workspace),
        "days": RESTORABLE.days,
    }
    return render(request, "web/segments.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@member(Verb.EDIT_SEGMENTS)
def new(request: MemberRequest) -> HttpResponseBase:
    """Name a segment, have it made."""
    if request.method != "POST":
        return _form(request)
    name = request.POST.get("name", "")
    try:
        segment = create(request.workspace, name, request.actor)
    except ValueError as error:
        return _form(request, name, str(error), status=422)
    messages.success(request, _("Segment %(name)s created.") % {"name": segment.name})
    return redirect("segments")


@require_http_methods(["GET", "HEAD", "POST"])
@member(Verb.EDIT_SEGMENTS)
def edit(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """The form of one segment; as a post, its new name. With `was`, only if that is still its name: so Undo says it."""
    segment = find_segment(request, public_id)
    if request.method != "POST":
        return _edit_form(request, segment, segment.name)
    before, name = segment.name, request.POST.get("name", "")
    if request.POST.get("was", before) != before:
        words = _("Meanwhile it is called “%(name)s”, so it was left as it is.")
        messages.error(request, words % {"name": before})
        return redirect("segments")
    try:
        rename(request.workspace, segment, name, request.actor)
    except ValueError as error:
        return _edit_form(request, find_segment(request, public_id), name, str(error), status=422)
    if before == segment.name:
        messages.info(request, _("Nothing was changed."))
    else:
        words = _("“%(before)s” is called “%(name)s” now.") % {"before": before, "name": segment.name}
        undo = with_query(
            reverse("segment-edit", args=[segment.public_id]), urlencode({"name": before, "was": segment.name})
        )
        messages.success(request, words, extra_tags=undo)
    return redirect("segments")


@require_POST
@member(Verb.EDIT_SEGMENTS)
def remove(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Removes a segment, with its people in it; Undo brings it back as the same one."""
    segment = find_segment(request, public_id)
    throw_away(request.workspace, segment, request.actor)
    undo = reverse("segment-restore", args=[segment.public_id])
    messages.success(request, _("Segment “%(name)s” removed.") % {"name": segment.name}, extra_tags=undo)
    return redirect("segments")


@require_POST
@member(Verb.EDIT_SEGMENTS)
def restore(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Brings back a removed segment."""
    segment = Segment.with_removed.filter(workspace=request.workspace, id=from_public(public_id) or 0).first()
    if segment is None:
        raise Http404
    try:
        bring_back(request.workspace, segment, request.actor)
    except NameTaken as error:
        messages.error(request, _("%(problem)s Rename that one first.") % {"problem": error})
    except ValueError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Segment “%(name)s” is back.") % {"name": segment.name})
    return redirect("segments")


def find_segment(request: MemberRequest, public_id: str) -> Segment:
    """The segment of that id, in the member's workspace and not removed; otherwise the page does not exist."""
    found = Segment.objects.filter(workspace=request.workspace, id=from_public(public_id) or 0).first()
    if found is None:
        raise Http404
    return found


def _form(request: MemberRequest, name: str = "", error: str = "", status: int = 200) -> HttpResponse:
    context = {"name": name, "error": error, "max_name": MAX_NAME}
    response = render(request, "web/segment_new.html", context, status=status)
    return in_dialog(request, response, "#create-dialog", "#create-form")


def _edit_form(request: MemberRequest, segment: Segment, name: str, error: str = "", status: int = 200) -> HttpResponse:
    words = Words.of(request.workspace)
    context: dict[str, Any] = {
        "segment": segment,
        "name": name,
        "rule": words.rule(segment),
        "rule_url": words.rule_url(segment),
        "error": error,
        "max_name": MAX_NAME,
    }
    response = render(request, "web/segment_edit.html", context, status=status)
    return in_dialog(request, response, "#edit-dialog", "#edit-form")
