"""The menu behind the Views button: everybody, saved views, recent filters; save, update, manage."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from coterie.accounts.permissions import Verb
from coterie.audience.audience import audience_of
from coterie.audience.models import SavedView
from coterie.audience.recent import recent
from coterie.audience.saved import digest_of, find, may_change, what_is_listed
from coterie.audience.view import View
from coterie.core.text import clean
from coterie.web.links import users_url, views_url
from coterie.web.members import MemberRequest, member
from coterie.web.saved_list import Words, listed

# From so many on they are easier found by typing than by looking.
MANY = 8


@require_safe
@member(Verb.VIEW)
def menu(request: MemberRequest) -> HttpResponse:
    """For the list in `view`; `opened` is the saved view that this window showed last, if any."""
    query = clean(request.GET.get("view", ""))
    words = Words(audience_of(request.workspace))
    rows = listed(request, words, query)
    shown = words.say(query)
    used = [said for said in map(words.say, recent(request.member)) if said.is_understood]
    context = {
        "groups": [
            ("mine", [row for row in rows if not row.saved.shared]),
            ("team", [row for row in rows if row.saved.shared]),
        ],
        "recent": [(said.words, users_url(said.view)) for said in used],
        "many": len(rows) + len(used) > MANY,
        "everybody_url": users_url(View()),
        "is_everybody": what_is_listed(query) == View().query,
        "save_url": views_url("view-new", query) if shown.is_understood else "",
        "manage_url": views_url("views", query),
        "query": query,
        "changed": _changed(request, query) if shown.is_understood else None,
    }
    return render(request, "web/parts/views_menu.html", context)


def _changed(request: MemberRequest, query: str) -> SavedView | None:
    """The view that was opened, if the list no longer shows what it lists and the member may change it."""
    opened = find(request.member, request.GET.get("opened", ""))
    if opened is None or opened.digest == digest_of(query) or not may_change(request.member, opened):
        return None
    return opened
