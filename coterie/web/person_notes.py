"""Notes about a person: written by members, changed by who wrote them, removed by them or by who may delete people."""

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from coterie.accounts.permissions import Verb, may
from coterie.core.ids import from_public, new_id, to_public
from coterie.people.attributes import Refused
from coterie.profile import notes
from coterie.profile.editing import Gone
from coterie.profile.models import Note
from coterie.web.members import MemberRequest, member
from coterie.web.person import basics
from coterie.web.person_said import done, gone, refused
from coterie.web.spot import Page, page_of


@require_http_methods(["GET", "HEAD", "POST"])
@member(Verb.EDIT_PEOPLE)
def note(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """A note, new or not: its page; with POST it is saved or, with `remove`, removed."""
    page = page_of(request, public_id)
    if isinstance(page, HttpResponse):
        return page
    fields = request.POST if request.method == "POST" else request.GET
    note_id = from_public(fields.get("note", ""))
    found = None if note_id is None else notes.find(request.workspace, page.row.id, note_id)
    if request.method != "POST":
        return _page(request, page, found, found.text if found else "")
    if "remove" in request.POST:
        return _remove(request, page, found)
    if found is None and "new" not in request.POST:
        return gone(request, page.spot)
    return _write(request, page, found, note_id or new_id())


def _write(request: MemberRequest, page: Page, found: Note | None, note_id: int) -> HttpResponse:
    text = request.POST.get("text", "")
    if found is not None and found.author != request.actor:
        return refused(request, page.spot, _("Only who wrote a note can change it."))
    try:
        if found is None:
            made = notes.add(request.workspace, request.actor, page.row.id, note_id, text)
        else:
            made = notes.edit(request.workspace, request.actor, found, text)
    except Refused as error:
        return _page(request, page, found, text, error.message, note_id)
    except Gone:
        return gone(request, page.spot)
    return done(request, page.spot.on("timeline"), _("Note saved."), made)


def _remove(request: MemberRequest, page: Page, found: Note | None) -> HttpResponse:
    if found is None:
        return gone(request, page.spot)
    if found.author != request.actor and not may(request.member, Verb.DELETE_PEOPLE):
        words = _("Only who wrote a note, or who may delete people, can remove it.")
        return refused(request, page.spot, words)
    try:
        made = notes.edit(request.workspace, request.actor, found, None)
    except Gone:
        return gone(request, page.spot)
    return done(request, page.spot.on("timeline"), _("Note removed."), made)


def _page(
    request: MemberRequest, page: Page, found: Note | None, text: str, error: str = "", note_id: int | None = None
) -> HttpResponse:
    context = {
        **basics(page),
        "note": found,
        "note_id": found.public_id if found else to_public(note_id or new_id()),
        "text": text,
        "error": error,
        "most": notes.MAX_NOTE,
    }
    return render(request, "web/person_note.html", context, status=422 if error else 200)
