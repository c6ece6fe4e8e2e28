"""The Segments page: lists of people, how many are in each, and a new one."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from coterie.accounts.permissions import Verb
from coterie.audience.audience import audience_of
from coterie.audience.tree import Condition
from coterie.audience.view import View
from coterie.segments.catalogue import MAX_NAME, create, segments_of
from coterie.web.dialogs import in_dialog
from coterie.web.links import users_url
from coterie.web.members import MemberRequest, member


@require_safe
@member(Verb.VIEW)
def segments(request: MemberRequest) -> HttpResponseBase:
    """All segments, newest first."""
    sizes = audience_of(request.workspace).segment_sizes()
    rows = [
        {
            "segment": segment,
            "people": sizes.get(segment.id, 0),
            "url": users_url(View(children=(Condition("segment", "in", (segment.public_id,)),))),
        }
        for segment in segments_of(request.workspace)
    ]
    return render(request, "web/segments.html", {"rows": rows, "segment_count": len(rows), "max_name": MAX_NAME})


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


def _form(request: MemberRequest, name: str = "", error: str = "", status: int = 200) -> HttpResponse:
    context = {"name": name, "error": error, "max_name": MAX_NAME}
    response = render(request, "web/segment_new.html", context, status=status)
    return in_dialog(request, response, "#create-dialog", "#create-form")
