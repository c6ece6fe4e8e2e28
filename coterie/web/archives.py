"""The Archives: the list of chats and, beside it, one of them."""

from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from coterie.accounts.permissions import Verb
from coterie.audience.audience import Audience, audience_of
from coterie.channels.models import Channel
from coterie.chats import archive as chats
from coterie.chats.models import Chat
from coterie.core.ids import from_public
from coterie.web.archive_list import lines
from coterie.web.archive_query import FIELDS, PRESETS, Asked, printed, read
from coterie.web.links import absolute
from coterie.web.members import MemberRequest, member
from coterie.web.reader import reader_of

SIZE = 25


@require_safe
@member(Verb.VIEW)
def archives(request: MemberRequest) -> HttpResponseBase:
    """All chats, newest first, or those that the address asks for."""
    return _page(request, None)


@require_safe
@member(Verb.VIEW)
def archive(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """One chat beside the list; `message`, or a place before or behind one, says which part of it."""
    return _page(request, find_chat(request, public_id))


def find_chat(request: MemberRequest, public_id: str) -> Chat:
    """The chat of that id in the member's workspace; otherwise the page does not exist."""
    found = chats.one(request.workspace, from_public(public_id) or 0)
    if found is None:
        raise Http404
    return found


def _page(request: MemberRequest, chat: Chat | None) -> HttpResponse:
    audience = audience_of(request.workspace)
    asked = read(request.workspace, audience, request.GET)
    context = {
        **_list(request, audience, asked),
        "chat": chat,
        "reader": None if chat is None else reader_of(request, audience, asked, chat),
        "link": "" if chat is None else absolute(request, reverse("archive", args=[chat.public_id])),
    }
    return render(request, "web/archives.html", context)


def _list(request: MemberRequest, audience: Audience, asked: Asked) -> dict[str, Any]:
    page = chats.page(request.workspace, asked.wanted, asked.after, SIZE)
    # A link of the list leads to a chat beside this very page of it; a new filter begins at its first page.
    filters = {name: asked.fields.get(name, "") for name in FIELDS}
    return {
        "lines": lines(request.workspace, audience, asked, page.found),
        "notices": asked.notices,
        "filters": filters,
        "filtered": any(filters.values()),
        "kept": {name: {k: v for k, v in filters.items() if v and k not in _ONE.get(name, (name,))} for name in _CHIPS},
        "words": asked.words,
        "remove": {name: asked.url(after="", **dict.fromkeys(_ONE.get(name, (name,)), "")) for name in _CHIPS},
        "presets": [
            (asked.url(after="", **{"from": "", "to": "", "date": key}), key, said[0]) for key, said in PRESETS.items()
        ],
        "stories": chats.stories(request.workspace),
        "channels": Channel.objects.filter(workspace=request.workspace).order_by("name", "id"),
        "segment_count": len(audience.catalogue.segment_names),
        "newest": asked.url(after="") if asked.after else "",
        "older": asked.url(after=printed(page.next)) if page.next else "",
        "back": asked.url(),
    }


_CHIPS = ("q", "date", "user", "session", "story", "channel")
# The fields of a chip that has several.
_ONE = {"date": ("date", "from", "to")}
