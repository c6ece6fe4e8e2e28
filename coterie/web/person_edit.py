"""Changing what is known about a person: a page for each value, which the profile shows in the value's place."""

import json
from dataclasses import replace
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django_htmx.http import push_url, reselect, retarget

from coterie.accounts.permissions import Verb, may
from coterie.audience.models import Attribute, Scope
from coterie.chats.queries import chat_of
from coterie.core.ids import from_public
from coterie.people.attributes import Refused, Value
from coterie.profile.editing import Gone, Made, Meanwhile, change_session_value, change_value
from coterie.profile.history import Former, message_behind, past, session_past
from coterie.web.actors import called
from coterie.web.members import MemberRequest, member
from coterie.web.person import basics
from coterie.web.person_data import Field, can_change, session_column, shown
from coterie.web.person_said import done, gone, refused, short
from coterie.web.spot import Page, page_of, post_only
from coterie.web.values import value_from

# Earlier values that the page of a value lists.
_SHOWN = 100


@require_safe
@member(Verb.VIEW)
def value(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """One value: where it comes from, what it was before and, for whoever may, the form that changes it."""
    page = page_of(request, public_id)
    if isinstance(page, HttpResponse):
        return page
    field = _field(request, page, request.GET.dict())
    return _no_such(request, page) if field is None else _value_page(request, page, field)


@member(Verb.EDIT_PEOPLE)
@post_only
def save(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Another value; with `remove`, or an empty one, none. `seen` is what the form showed, as JSON."""
    page = page_of(request, public_id)
    if isinstance(page, HttpResponse):
        return page
    field = _field(request, page, request.POST.dict())
    if field is None:
        return _no_such(request, page)
    typed = "" if "remove" in request.POST else request.POST.get("value", "")
    try:
        wish = value_from(field.column, typed)
        made = change(request, page, field, _seen(request.POST.get("seen", "")), wish)
    except Refused as error:
        return _value_page(request, page, field, typed, error.message, status=422)
    except Meanwhile as error:
        now_on = replace(field, value=error.current)
        return _value_page(request, page, now_on, typed, meanwhile=True, status=409)
    except Gone:
        return gone(request, page.spot)
    return changed(request, page, field, wish, made)


def _no_such(request: MemberRequest, page: Page) -> HttpResponse:
    words = _("There is no such value. It may be hidden, or its chat is gone.")
    return refused(request, page.spot, words)


def change(request: MemberRequest, page: Page, field: Field, seen: Value | None, wish: Value | None) -> Made:
    """Writes a value. Raises Gone and Meanwhile."""
    about = request.workspace, request.actor, page.row.id
    if field.chat is not None:
        return change_session_value(*about, field.chat.id, field.key, seen, wish)
    return change_value(*about, field.key, seen, wish)


def changed(request: MemberRequest, page: Page, field: Field, wish: Value | None, made: Made) -> HttpResponse:
    """Back to the profile, with "Email changed from … to …"."""
    said = {"label": field.label, "old": short(text_of(field.value)), "new": short(text_of(wish))}
    if wish is None:
        words = _("%(label)s removed; it was %(old)s.")
    elif field.value is None:
        words = _("%(label)s set to %(new)s.")
    else:
        words = _("%(label)s changed from %(old)s to %(new)s.")
    return done(request, page.spot, words % said, made)


def text_of(value: Value | None) -> str:
    """A value as somebody would type it."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _field(request: MemberRequest, page: Page, fields: dict[str, str]) -> Field | None:
    """The value that the fields name, if there is such an attribute and it is not hidden."""
    key = fields.get("key", "")
    if fields.get("scope") != Scope.SESSION:
        column = page.audience.catalogue.get(key)
        if column is None or not can_change(column):
            return None
        return Field(Scope.PERSON, column, page.row.attributes.get(key))
    chat = chat_of(request.workspace, page.row.id, from_public(fields.get("chat", "")) or 0)
    attribute = Attribute.objects.filter(workspace=request.workspace, scope=Scope.SESSION, key=key).first()
    if chat is None or (attribute.hidden if attribute else key not in chat.attributes):
        return None
    return Field(Scope.SESSION, session_column(key, attribute), chat.attributes.get(key), chat)


def _seen(text: str) -> Value | None:
    """What the form showed. Whatever is no value of ours is like none: then only a missing value can be as it was."""
    try:
        found = json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, Value) else None


def _value_page(
    request: MemberRequest,
    page: Page,
    field: Field,
    typed: str | None = None,
    error: str = "",
    meanwhile: bool = False,
    status: int = 200,
) -> HttpResponse:
    """The page. As the answer to a form on the profile it takes the place of that form alone."""
    kept = request.htmx and request.method == "POST"
    history = [] if kept else _history(request, page, field)
    text = text_of(field.value) if typed is None else typed
    context: dict[str, Any] = {
        **basics(page),
        "field": field,
        "typed": text,
        "long": "\n" in text or len(text) > 80,
        "seen": "" if field.value is None else json.dumps(field.value),
        "current": None if field.value is None else shown(field.column, field.value),
        "meanwhile": meanwhile,
        "changer": _changer(request, page, field) if meanwhile else None,
        "error": error,
        "hidden": page.spot.fields | field.fields,
        "may_save": may(request.member, Verb.EDIT_PEOPLE),
        "history": history,
    }
    response = render(request, "web/person_value.html", context, status=status)
    if not kept:
        return response
    response["HX-Reswap"] = "outerHTML ignoreTitle:true"
    place = f"#{field.anchor}"
    return push_url(reselect(retarget(response, place), place), False)


def _past(request: MemberRequest, page: Page, field: Field) -> list[Former]:
    if field.chat is not None:
        return session_past(request.workspace, page.row.id, field.chat, field.key)
    return past(request.workspace, page.row.id, field.key)


def _changer(request: MemberRequest, page: Page, field: Field) -> dict[str, Any] | None:
    """Who changed it meanwhile, and when."""
    found = _past(request, page, field)
    if not found:
        return None
    origin = found[0].origin
    return {"who": called(request, [origin.actor])[origin.actor], "at": origin.at}


def _history(request: MemberRequest, page: Page, field: Field) -> list[dict[str, Any]]:
    """Every value there was: what, who, when, with which message, and what restoring it would send."""
    found = _past(request, page, field)[:_SHOWN]
    names = called(request, {former.origin.actor for former in found})
    rows = []
    for number, former in enumerate(found):
        value = former.value
        message = message_behind(request.workspace, page.row.id, former.origin) if number < _WITH_MESSAGES else None
        rows.append(
            {
                "value": None if value is None else shown(field.column, value),
                "who": names[former.origin.actor],
                "at": former.origin.at,
                "message": message,
                "restore": text_of(value) if number and value is not None and value != field.value else "",
            }
        )
    return rows


# A message is looked up for each of so many.
_WITH_MESSAGES = 10
