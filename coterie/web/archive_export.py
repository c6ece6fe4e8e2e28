"""Chats as downloads: one of them, or everything that the list's filters find."""

from zoneinfo import ZoneInfo

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from coterie.accounts.audit import record
from coterie.accounts.permissions import Verb
from coterie.audience.audience import audience_of
from coterie.audience.columns import hidden_keys
from coterie.chats.archive import MANY, Extent, extent
from coterie.chats.exporting import as_json, as_text, json_lines
from coterie.core.clock import now
from coterie.people.models import Person
from coterie.web.archive_query import Asked, read
from coterie.web.archives import find_chat
from coterie.web.downloads import download
from coterie.web.fresh import is_fresh, refresh
from coterie.web.members import MemberRequest, member


@require_POST
@member(Verb.EXPORT)
def export(request: MemberRequest) -> HttpResponseBase:
    """Everything that is found, as JSON Lines. All chats, or very many, have to be confirmed, with a fresh login."""
    asked = read(request.workspace, audience_of(request.workspace), request.POST)
    if asked.notices:  # Without what was not understood the file would hold more than was asked for.
        return _ask(request, asked, " ".join(asked.notices))
    much = extent(request.workspace, asked.wanted)
    if much != Extent.SOME:
        if "confirm" not in request.POST:
            return _ask(request, asked, much=much)
        if problem := refresh(request):
            return _ask(request, asked, problem, much)
    record(request.workspace, request.actor, "chats.export", {"filter": asked.fields or "all chats"})
    name = f"chats-{timezone.localtime(now()):%Y-%m-%d}.jsonl"
    return download(request, json_lines(request.workspace, asked.wanted), name, "application/x-ndjson; charset=utf-8")


def _ask(request: MemberRequest, asked: Asked, error: str = "", much: Extent | None = None) -> HttpResponse:
    context = {
        "much": much,
        "everything": much == Extent.ALL,
        "many": MANY,
        "fields": asked.fields,
        "ask_password": not is_fresh(request),
        "error": error,
        "back": asked.url(),
    }
    return render(request, "web/archive_export.html", context, status=422 if error else 200)


@require_POST
@member(Verb.EXPORT)
def chat(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """One chat: `format` is text or json."""
    found = find_chat(request, public_id)
    person = Person.objects.filter(workspace=request.workspace, id=found.person_id).first()
    hidden = hidden_keys(request.workspace.pk)
    as_object = request.POST.get("format") == "json"
    details = {"chat": found.public_id, "format": "json" if as_object else "text"}
    record(request.workspace, request.actor, "chat.export", details)
    if as_object:
        return download(request, as_json(found, person, hidden), f"chat-{found.public_id}.json", "application/json")
    pieces = as_text(found, person, hidden, ZoneInfo(request.workspace.time_zone))
    return download(request, pieces, f"chat-{found.public_id}.txt", "text/plain; charset=utf-8")
