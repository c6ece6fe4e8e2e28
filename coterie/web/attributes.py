"""Settings, Attributes: every attribute there is, what it is called, how it compares, who has it, who may see it."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from coterie.accounts.permissions import Verb
from coterie.audience import catalogue
from coterie.audience.audience import audience_of
from coterie.audience.catalogue import MAX_LABEL, Entry
from coterie.audience.columns import Column, Type
from coterie.audience.models import AttributeType
from coterie.core.text import clean
from coterie.web.attribute_list import TYPES, Shown, listed, tabs
from coterie.web.dialogs import in_dialog
from coterie.web.links import with_query
from coterie.web.members import MemberRequest, member

_SWITCHES = ("hidden", "personal")


@require_safe
@member(Verb.VIEW)
def settings(_request: MemberRequest) -> HttpResponseBase:
    """The first page of the settings."""
    return redirect("attributes")


@require_safe
@member(Verb.VIEW)
def attributes(request: MemberRequest) -> HttpResponseBase:
    """The catalogue. Counts come with it: nobody is looked at."""
    shown = Shown.read(request.GET)
    everything = catalogue.entries(request.workspace)
    found = shown.of(everything)
    page = shown.on_page(len(found))
    context = {
        "rows": [listed(entry, page) for entry in page.part(found)],
        "shown": page,
        "tabs": tabs(page, everything),
        "total": len(everything),
        "found": len(found),
        "first": page.start + 1,
        "last": min(page.start + page.SIZE, len(found)),
        "previous": page.at(page.page - 1).url if page.page > 1 else "",
        "next": page.at(page.page + 1).url if page.start + page.SIZE < len(found) else "",
    }
    return render(request, "web/attributes.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@member(Verb.EDIT_ATTRIBUTES)
def edit(request: MemberRequest) -> HttpResponseBase:
    """The form of one attribute; as a post, the change. Fields that are not sent stay as they are.

    The switches of the list and Undo send the same fields, the switches packed into one (`change`).
    """
    fields = request.GET if request.method != "POST" else _fields(request)
    entry = _entry(request, fields)
    back = Shown.read(QueryDict(clean(fields.get("back", ""))))
    if request.method != "POST":
        return _form(request, entry, back)
    wanted = _wanted(fields)
    try:
        if (doubt := _doubt(request, entry, wanted.get("type"), fields.get("checked", ""))) is not None:
            return _form(request, entry, back, fields, doubt=doubt, status=409)
        former = catalogue.change(request.workspace, request.actor, entry, wanted)
    except ValueError as error:
        return _form(request, entry, back, fields, error=str(error), status=422)
    _say(request, entry, former, back)
    return redirect(back.url)


@require_safe
@member(Verb.EDIT_ATTRIBUTES)
def fit(request: MemberRequest) -> HttpResponseBase:
    """How many people have a value that would not fit another type: for the form, before it is saved."""
    entry = _entry(request, request.GET)
    try:
        context = {"doubt": _doubt(request, entry, request.GET.get("type"), "")}
    except ValueError:
        raise Http404 from None
    return render(request, "web/parts/attribute_fit.html", context)


def _fields(request: MemberRequest) -> QueryDict:
    packed = request.POST.get("change")
    return request.POST if packed is None else QueryDict(clean(packed))


def _entry(request: MemberRequest, fields: QueryDict) -> Entry:
    entry = catalogue.find(request.workspace, clean(fields.get("scope", "")), clean(fields.get("key", "")))
    if entry is None:
        raise Http404
    return entry


def _wanted(fields: QueryDict) -> dict[str, Any]:
    """A checkbox that is not ticked sends nothing, so a field of the same name in front of it says 0."""
    wanted: dict[str, Any] = {name: fields[name] for name in ("label", "type") if name in fields}
    return wanted | {name: fields[name] == "1" for name in _SWITCHES if name in fields}


def _doubt(request: MemberRequest, entry: Entry, kind: str | None, checked: str) -> dict[str, Any] | None:
    """What to say before the type is changed; None when it stays, everything fits, or it was said (`checked`)."""
    if kind is None or kind in (entry.column.type, checked):
        return None
    column = catalogue.as_type(entry, kind)
    wrong, having = audience_of(request.workspace).misfits(column)
    return {"wrong": wrong, "having": having, "type": column.type, "words": _no_value_of(column)} if wrong else None


def _no_value_of(column: Column) -> str:
    match column.type:
        case Type.NUMBER:
            return _("not a number")
        case Type.TIME:
            return _("not a date or a time")
        case _:
            return _("neither true nor false")


def _form(
    request: MemberRequest,
    entry: Entry,
    back: Shown,
    fields: QueryDict | None = None,
    *,
    error: str = "",
    doubt: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    """With what is said about the attribute or, after a post that was not saved, with what was sent."""
    column = entry.column
    said: dict[str, Any] = {"label": "" if column.label == entry.given else column.label, "type": column.type.value}
    said |= {"hidden": entry.hidden, "personal": column.personal}
    context = {
        "entry": entry,
        "values": said | _wanted(fields or QueryDict()),
        "types": [(kind.value, TYPES[Type(kind)]) for kind in AttributeType],
        "max_label": MAX_LABEL,
        "back": back,
        "error": error,
        "doubt": doubt,
    }
    response = render(request, "web/attribute_edit.html", context, status=status)
    return in_dialog(request, response, "#attribute-dialog", "#attribute-form")


def _say(request: MemberRequest, entry: Entry, former: dict[str, Any], back: Shown) -> None:
    """What was changed, with the way back: the former values, as a form."""
    if not former:
        messages.info(request, _("Nothing was changed."))
        return
    now = catalogue.find(request.workspace, entry.scope, entry.column.key) or entry
    values = {name: int(value) if name in _SWITCHES else value for name, value in former.items()}
    # The member has seen that type before: nothing to ask.
    values |= {"checked": former["type"]} if "type" in former else {}
    undo = {"scope": entry.scope.value, "key": entry.column.key, **values, "back": back.query}
    url = with_query(reverse("attribute-edit"), urlencode(undo))
    messages.success(request, _words(entry, now, set(former)), extra_tags=url)


def _words(before: Entry, now: Entry, changed: set[str]) -> str:
    label = now.column.label
    match sorted(changed):
        case ["label"]:
            return _("“%(old)s” is called “%(label)s” now.") % {"old": before.column.label, "label": label}
        case ["type"]:
            return _("“%(label)s” is a %(type)s now.") % {"label": label, "type": TYPES[now.column.type].lower()}
        case ["hidden"]:
            words = _("“%(label)s” is hidden now.") if now.hidden else _("“%(label)s” is shown again.")
        case ["personal"]:
            marked = _("“%(label)s” is marked as personal data now.")
            words = marked if now.column.personal else _("“%(label)s” no longer counts as personal data.")
        case _:
            words = _("“%(label)s” was changed.")
    return words % {"label": label}
