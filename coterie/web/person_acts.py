"""What can be done to one person beside editing: ban, segments, notes, and undo."""

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from coterie.accounts.permissions import Verb, may
from coterie.audience.sentence import sentence
from coterie.audience.tree import FilterError
from coterie.core.ids import from_public
from coterie.profile import editing
from coterie.profile.editing import Gone
from coterie.profile.reasons import reasons
from coterie.profile.undoing import Changed, NotYours, undo
from coterie.segments.catalogue import manual_segments
from coterie.segments.membership import ByRule
from coterie.segments.models import Segment
from coterie.segments.rules import rule_of
from coterie.web.dialogs import in_dialog
from coterie.web.links import whole
from coterie.web.members import MemberRequest, member
from coterie.web.people import name_of
from coterie.web.person import basics
from coterie.web.person_said import done, gone, refused, short
from coterie.web.reasons_html import told
from coterie.web.saving import chosen_segments, new_names
from coterie.web.spot import Page, page_of, post_only

# Changes that one Undo may take back.
_MOST = 200


@member(Verb.EDIT_PEOPLE)
@post_only
def ban(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Bans, or with `lift` unbans."""
    page = page_of(request, public_id)
    if isinstance(page, HttpResponse):
        return page
    banned = "lift" not in request.POST
    try:
        made = editing.set_banned(request.workspace, request.actor, page.row.id, banned)
    except Gone:
        return gone(request, page.spot)
    words = _("%(name)s is banned.") if banned else _("%(name)s is no longer banned.")
    return done(request, page.spot, words % {"name": short(name_of(page.row))}, made)


@member(Verb.EDIT_PEOPLE)
@post_only
def take_back(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Undo of the changes with these `revision`s of the journal, joined by commas."""
    page = page_of(request, public_id)
    if isinstance(page, HttpResponse):
        return page
    given = request.POST.get("revision", "").split(",")[:_MOST]
    revisions = [number for number in map(whole, given) if number is not None]
    try:
        any_note = may(request.member, Verb.DELETE_PEOPLE)
        made = undo(request.workspace, request.actor, page.row.id, revisions, any_note=any_note)
    except Changed:
        words = _("That was changed again since, or cannot be as it was any more. Nothing was undone.")
        return refused(request, page.spot, words)
    except NotYours:
        return refused(request, page.spot, _("That is about a note of somebody else. Nothing was undone."))
    except Gone:
        return gone(request, page.spot)
    return done(request, page.spot, _("Undone."), made)


@member(Verb.EDIT_SEGMENTS)
@post_only
def leave(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Takes the person out of the segment `segment`."""
    page = page_of(request, public_id)
    if isinstance(page, HttpResponse):
        return page
    segment = _segment(request, request.POST.get("segment", ""))
    if segment is None:
        return gone(request, page.spot)
    try:
        made = editing.leave(request.workspace, request.actor, page.row.id, segment.id)
    except ByRule as error:
        return refused(request, page.spot, str(error))
    except Gone:
        return gone(request, page.spot)
    words = _("%(name)s removed from %(segment)s.")
    return done(request, page.spot, words % {"name": short(name_of(page.row)), "segment": segment.name}, made)


@require_http_methods(["GET", "HEAD", "POST"])
@member(Verb.EDIT_SEGMENTS)
def segments(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Adding the person to segments, new ones too: the dialog; with POST, the deed."""
    page = page_of(request, public_id)
    if isinstance(page, HttpResponse):
        return page
    if request.method != "POST":
        return _choose(request, page)
    try:
        ids = chosen_segments(request)
        made = editing.join(request.workspace, request.actor, page.row.id, ids)
    except ValueError as error:
        return _choose(request, page, str(error))
    except Gone:
        return gone(request, page.spot)
    joined = [segment.name for segment in manual_segments(request.workspace) if segment.id in ids]
    words = ngettext("%(name)s added to %(segments)s.", "%(name)s added to %(segments)s.", len(ids))
    return done(
        request,
        page.spot,
        words % {"name": short(name_of(page.row)), "segments": short(", ".join(sorted(joined, key=str.casefold)))},
        made,
    )


@require_safe
@member(Verb.VIEW)
def why(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Why the person is in the rule segment `segment`, or is not."""
    page = page_of(request, public_id)
    if isinstance(page, HttpResponse):
        return page
    segment = _segment(request, request.GET.get("segment", ""))
    if segment is None or not segment.is_rule:
        return gone(request, page.spot)
    catalogue, context = page.audience.catalogue, {**basics(page), "segment": segment, "name": name_of(page.row)}
    try:
        rule = rule_of(segment)
        inside, found = reasons(page.audience, rule, page.row.id)
    except FilterError as error:
        context |= {"problem": error.message}
    else:
        context |= {
            "inside": inside,
            "rule": sentence(rule, catalogue),
            "reasons": [told(reason, page.row, catalogue) for reason in found],
            "deciding": sum(1 for reason in found if reason.decides),
        }
    return render(request, "web/person_why.html", context)


def _segment(request: MemberRequest, public_id: str) -> Segment | None:
    return Segment.objects.filter(workspace=request.workspace, id=from_public(public_id) or 0).first()


def _choose(request: MemberRequest, page: Page, error: str = "") -> HttpResponse:
    chosen, sizes = set(request.POST.getlist("segment")), page.audience.segment_sizes()
    offered = [segment for segment in manual_segments(request.workspace) if segment.id not in page.row.segments]
    context = {
        **basics(page),
        "name": name_of(page.row),
        "segments": [
            {"segment": one, "people": sizes.get(one.id, 0), "chosen": one.public_id in chosen} for one in offered
        ],
        "new_names": new_names(request.POST),
        "error": error,
    }
    response = render(request, "web/person_segments.html", context, status=422 if error else 200)
    return in_dialog(request, response, "#person-dialog", "#person-form") if error else response
