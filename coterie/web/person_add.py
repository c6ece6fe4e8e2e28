"""Adding an attribute: one that there is and that the person has no value of, or a new one of a type."""

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from coterie.accounts.permissions import Verb
from coterie.audience.columns import Column, Group, Type
from coterie.audience.models import Attribute, AttributeType, Scope
from coterie.chats.models import Chat
from coterie.chats.queries import chat_of
from coterie.core.ids import from_public
from coterie.core.text import clean
from coterie.people.attributes import Refused, new_attribute
from coterie.profile.editing import Gone, Meanwhile
from coterie.web.dialogs import in_dialog
from coterie.web.members import MemberRequest, member
from coterie.web.person import basics
from coterie.web.person_data import Field, can_change, label_of, session_column
from coterie.web.person_edit import change, changed
from coterie.web.person_said import gone
from coterie.web.spot import Page, page_of
from coterie.web.values import value_from

# Attributes that are offered; others are found by their name.
_OFFERED = 500


@require_http_methods(["GET", "HEAD", "POST"])
@member(Verb.EDIT_PEOPLE)
def add(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """The dialog; with POST, the deed."""
    page = page_of(request, public_id)
    if isinstance(page, HttpResponse):
        return page
    fields = request.POST if request.method == "POST" else request.GET
    chat_id = from_public(fields.get("chat", ""))
    chat = None if chat_id is None else chat_of(request.workspace, page.row.id, chat_id)
    if chat_id is not None and chat is None:
        return gone(request, page.spot)
    return _save(request, page, chat) if request.method == "POST" else _dialog(request, page, chat)


def _save(request: MemberRequest, page: Page, chat: Chat | None) -> HttpResponse:
    columns = _columns(request, page, chat)
    try:
        field, is_new = _chosen(request, page, chat, columns)
        wish = value_from(field.column, request.POST.get("value", ""))
        if wish is None:
            raise Refused("value", _("Type a value."))
        if is_new:
            kind = AttributeType(field.column.type.value)
            new_attribute(request.workspace.pk, field.key, kind, field.scope)
        made = change(request, page, field, None, wish)
    except Refused as error:
        return _dialog(request, page, chat, error)
    except Meanwhile:
        words = _("There is a value of this attribute already. Change it where it stands.")
        return _dialog(request, page, chat, Refused("key", words))
    except Gone:
        return gone(request, page.spot)
    return changed(request, page, field, wish, made)


def _chosen(request: MemberRequest, page: Page, chat: Chat | None, columns: dict[str, Column]) -> tuple[Field, bool]:
    """The attribute, by its key or its label, and whether it is new. Raises Refused."""
    scope = Scope.PERSON if chat is None else Scope.SESSION
    name = clean(request.POST.get("key", ""))
    if not name:
        raise Refused("key", _("Choose an attribute, or name a new one."))
    if name in _hidden(request, page, scope):
        raise Refused("key", _("“%(name)s” is hidden in Settings.") % {"name": name[:60]})
    named = [column for column in columns.values() if label_of(column).casefold() == name.casefold()]
    column = columns.get(name) or (named[0] if len(named) == 1 else None)
    if column is not None:
        return Field(scope, column, None, chat), False
    kind = request.POST.get("type", "")
    if kind not in AttributeType.values:
        raise Refused("type", _("Choose the type of the new attribute."))
    return Field(scope, Column(name, name, Type(kind), Group.CUSTOM, "braces"), None, chat), True


def _columns(request: MemberRequest, page: Page, chat: Chat | None) -> dict[str, Column]:
    """What can be given a value, by key."""
    if chat is None:
        return {column.key: column for column in page.audience.catalogue.columns if can_change(column)}
    rows = Attribute.objects.filter(workspace=request.workspace, scope=Scope.SESSION, hidden=False)
    return {row.key: session_column(row.key, row) for row in rows.order_by("key")}


def _hidden(request: MemberRequest, page: Page, scope: Scope) -> set[str]:
    if scope == Scope.PERSON:
        return set(page.audience.catalogue.hidden)
    rows = Attribute.objects.filter(workspace=request.workspace, scope=scope, hidden=True)
    return set(rows.values_list("key", flat=True))


def _dialog(request: MemberRequest, page: Page, chat: Chat | None, error: Refused | None = None) -> HttpResponse:
    known = page.row.attributes if chat is None else chat.attributes
    columns = [column for key, column in _columns(request, page, chat).items() if key not in known]
    place = "" if error is None else error.field if error.field in ("key", "type") else "value"
    context: dict[str, Any] = {
        **basics(page),
        "chat": chat,
        "columns": sorted(columns, key=lambda column: label_of(column).casefold())[:_OFFERED],
        "types": AttributeType.choices,
        "key": request.POST.get("key", ""),
        "type": request.POST.get("type", "text"),
        "value": request.POST.get("value", ""),
        "errors": {} if error is None else {place: error.message},
        "hidden": page.spot.fields | ({} if chat is None else {"chat": chat.public_id}),
    }
    response = render(request, "web/person_add.html", context, status=200 if error is None else 422)
    return in_dialog(request, response, "#person-dialog", "#person-form") if error else response
