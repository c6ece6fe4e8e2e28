"""Saved views: a page with all of them, and the forms that save, change, remove and bring back one.

`view` is, on all of these pages, the query string of the list one came from.
"""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coterie.accounts.permissions import Verb, may
from coterie.audience import saved as kept
from coterie.audience.audience import audience_of
from coterie.audience.models import SavedView
from coterie.audience.recent import recent
from coterie.audience.view import View
from coterie.core.text import clean
from coterie.web.dialogs import in_dialog
from coterie.web.layout import layout_of
from coterie.web.links import go_to_query, users_url, views_url, with_query
from coterie.web.members import MemberRequest, member
from coterie.web.saved_list import Said, Words, listed, suggested_name
from coterie.web.users import understood


@require_safe
@member(Verb.VIEW)
def views(request: MemberRequest) -> HttpResponseBase:
    """All views that the member sees, and the filters they used last."""
    query = _query(request.GET)
    words = Words(audience_of(request.workspace))
    used = [said for said in map(words.say, recent(request.member)) if said.is_understood]
    context = {
        "rows": listed(request, words, query),
        "recent": [(said.words, users_url(said.view)) for said in used],
        "query": query,
        "back": with_query(reverse("users"), query),
        "shown": words.say(query) if query else None,
        "save_url": views_url("view-new", query),
        "everybody_url": users_url(View()),
    }
    return render(request, "web/views.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@member(Verb.VIEW)
def new(request: MemberRequest) -> HttpResponseBase:
    """The form that gives the list's view a name; as a post, the deed."""
    if request.method != "POST":
        return _form(request, None)
    try:
        view = _view(request, _query(request.POST))
        saved = kept.save(request.member, request.POST.get("name", ""), view, shared=_is_shared(request.POST))
    except ValueError as error:
        return _form(request, None, str(error), status=422)
    except kept.NotAllowed:
        raise PermissionDenied from None
    _open_with(request, saved)
    messages.success(request, _("View “%(name)s” saved.") % {"name": saved.name})
    return go_to_query(saved.query)


@require_http_methods(["GET", "HEAD", "POST"])
@member(Verb.VIEW)
def edit(request: MemberRequest) -> HttpResponseBase:
    """The form of one view; as a post, the change. Fields that are not sent stay as they are.

    `query` is what it lists from now on. With `to=list` the list follows, otherwise the page of all views.
    """
    fields = request.POST if request.method == "POST" else request.GET
    saved = _find(request, fields)
    if not kept.may_change(request.member, saved):
        raise PermissionDenied
    if request.method != "POST":
        return _form(request, saved)
    before = saved.name
    try:
        former = kept.change(request.member, saved, _wanted(request))
    except ValueError as error:
        return _form(request, saved, str(error), status=422)
    except kept.NotAllowed:
        raise PermissionDenied from None
    opened = _open_with(request, saved)
    if former or not opened:
        _say(request, before, saved, former)
    return go_to_query(saved.query) if fields.get("to") == "list" else _to_all(request)


@require_POST
@member(Verb.VIEW)
def default(request: MemberRequest) -> HttpResponseBase:
    """Has the member's list open with a view; without an id, with everybody."""
    former = kept.opens_with(request.member)
    saved = _find(request, request.POST) if request.POST.get("id") else None
    kept.open_with(request.member, saved)
    words = _("Users opens with “%(name)s” now.") if saved else _("Users opens with everybody now.")
    undo = {"id": former.public_id if former else "", "view": _query(request.POST)}
    messages.success(request, words % {"name": saved.name if saved else ""}, extra_tags=_undo("view-default", undo))
    return _to_all(request)


@require_POST
@member(Verb.VIEW)
def remove(request: MemberRequest) -> HttpResponseBase:
    """Removes a view; Undo brings it back as the same one."""
    saved = _find(request, request.POST)
    try:
        token = kept.remove(request.member, saved)
    except kept.NotAllowed:
        raise PermissionDenied from None
    undo = _undo("view-restore", {"removed": token, "view": _query(request.POST)})
    messages.success(request, _("View “%(name)s” removed.") % {"name": saved.name}, extra_tags=undo)
    return _to_all(request)


@require_POST
@member(Verb.VIEW)
def restore(request: MemberRequest) -> HttpResponseBase:
    """Brings back a removed view."""
    try:
        saved = kept.restore(request.member, request.POST.get("removed", ""))
    except ValueError as error:
        messages.error(request, str(error))
    except kept.NotAllowed:
        raise PermissionDenied from None
    else:
        messages.success(request, _("View “%(name)s” is back.") % {"name": saved.name})
    return _to_all(request)


def _query(fields: QueryDict) -> str:
    return clean(fields.get("view", ""))


def _find(request: MemberRequest, fields: QueryDict) -> SavedView:
    saved = kept.find(request.member, fields.get("id", ""))
    if saved is None:
        raise Http404
    return saved


def _view(request: MemberRequest, query: str) -> View:
    """The view of a query string with the columns that the member sees in it; ValueError when it has broken parts."""
    audience = audience_of(request.workspace)
    parsed = audience.parse(query)
    if understood(audience, parsed)[0] is None:
        raise ValueError(_("This view has a part that is not understood, so it cannot be saved."))
    return parsed.view.showing(layout_of(request.member, parsed.view, audience.catalogue).keys)


def _is_shared(fields: QueryDict) -> bool:
    return fields.get("sharing") == "team"


def _wanted(request: MemberRequest) -> dict[str, Any]:
    fields = request.POST
    wanted: dict[str, Any] = {"name": fields["name"]} if "name" in fields else {}
    wanted |= {"shared": _is_shared(fields)} if "sharing" in fields else {}
    return wanted | ({"view": _view(request, clean(fields["query"]))} if fields.get("query") else {})


def _open_with(request: MemberRequest, saved: SavedView) -> bool:
    """Does what the checkbox says, if there is one: whether that changed something."""
    first = kept.opens_with(request.member)
    opens, wanted = first is not None and first.id == saved.id, request.POST.getlist("opens")[-1:]
    if not wanted or opens == (wanted == ["1"]):
        return False
    kept.open_with(request.member, saved if wanted == ["1"] else None)
    return True


def _form(request: MemberRequest, saved: SavedView | None, error: str = "", status: int = 200) -> HttpResponse:
    """With what is known of the view or, after a post that was not saved, with what was sent."""
    fields = request.POST if request.method == "POST" else QueryDict()
    query = _query(request.POST or request.GET)
    words = Words(audience_of(request.workspace))
    shown = words.say(query)
    sent = fields.getlist("opens")[-1:]
    first = kept.opens_with(request.member)
    context = {
        "saved": saved,
        "shown": shown if saved is None or _differs(saved, query, shown) else None,
        "name": fields.get("name", saved.name if saved else suggested_name(shown)),
        "shared": _is_shared(fields) if "sharing" in fields else saved is not None and saved.shared,
        "opens": sent == ["1"] if sent else bool(saved and first and first.id == saved.id),
        "may_share": kept.may_give_or_take(request.member, saved) if saved else may(request.member, Verb.SHARE_VIEWS),
        "query": query,
        "max_name": kept.MAX_NAME,
        "error": error,
        "back": views_url("views", query) if saved else with_query(reverse("users"), query),
        "action": reverse("view-edit" if saved else "view-new"),
    }
    response = render(request, "web/view_edit.html", context, status=status)
    return in_dialog(request, response, "#view-dialog", "#view-form")


def _differs(saved: SavedView, query: str, shown: Said) -> bool:
    return bool(query) and shown.is_understood and kept.digest_of(query) != saved.digest


def _undo(name: str, fields: dict[str, str]) -> str:
    return with_query(reverse(name), urlencode(fields))


def _to_all(request: MemberRequest) -> HttpResponse:
    return redirect(views_url("views", _query(request.POST)))


def _say(request: MemberRequest, before: str, saved: SavedView, former: dict[str, Any]) -> None:
    """What was changed, with the way back: the former values, as a form."""
    if not former:
        messages.info(request, _("Nothing was changed."))
        return
    back = {"id": saved.public_id, "view": _query(request.POST), "to": request.POST.get("to", "")}
    back |= {key: former[key] for key in ("name", "query") if key in former}
    back |= {"sharing": "team" if former["shared"] else "me"} if "shared" in former else {}
    match sorted(former):
        case ["name"]:
            words = _("“%(before)s” is called “%(name)s” now.")
        case ["query"]:
            words = _("“%(name)s” lists what you see now.")
        case ["shared"]:
            words = _("The whole team sees “%(name)s” now.") if saved.shared else _("Only you see “%(name)s” now.")
        case _:
            words = _("“%(name)s” was changed.")
    undo = _undo("view-edit", back)
    messages.success(request, words % {"before": before, "name": saved.name}, extra_tags=undo)
