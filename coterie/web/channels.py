"""The Channels pages: how each channel is doing, a new one, one channel with what to paste, test, try again, off."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coterie.accounts.permissions import Verb, may
from coterie.channels.kinds import Denied, Kind, NotNow
from coterie.channels.models import Channel
from coterie.channels.raw import replay
from coterie.channels.registry import KINDS
from coterie.channels.setup import MAX_NAME, change, make, switch
from coterie.core.ids import from_public
from coterie.core.outgoing import OutgoingError
from coterie.core.sealing import Unreadable
from coterie.core.text import clean
from coterie.people.attributes import Refused
from coterie.web.channel_list import (
    MINUTES,
    arrived,
    can_be_tried,
    health_of,
    listed,
    pastes,
    replayed_words,
    stays_of,
)
from coterie.web.members import MemberRequest, member
from coterie.web.people import glyph


@require_safe
@member(Verb.VIEW)
def channels(request: MemberRequest) -> HttpResponseBase:
    """All channels."""
    return render(request, "web/channels.html", {"rows": listed(request.workspace), "minutes": MINUTES})


@require_http_methods(["GET", "HEAD", "POST"])
@member(Verb.EDIT_CHANNELS)
def new(request: MemberRequest) -> HttpResponseBase:
    """Choose a kind; the form of that kind; as a post, the new channel."""
    fields = request.POST if request.method == "POST" else request.GET
    kind = KINDS.get(clean(fields.get("kind", "")))
    if kind is None:
        choices = [(one, glyph(one.name) or "channels") for one in KINDS.values()]
        return render(request, "web/channel_new.html", {"choices": choices}, status=422 if request.POST else 200)
    if request.method != "POST":
        return _form(request, kind, {"name": kind.label})
    values = {field.name: request.POST.get(field.name, "") for field in kind.fields}
    try:
        channel = make(request.workspace, request.actor, kind, request.POST.get("name", ""), values)
    except Refused as error:
        return _form(request, kind, values | {"name": request.POST.get("name", "")}, error)
    messages.success(request, _("“%(name)s” is ready. Now tell the other side about it.") % {"name": channel.name})
    return redirect("channel", channel.public_id)


def _form(request: MemberRequest, kind: Kind, values: dict[str, str], error: Refused | None = None) -> HttpResponse:
    context: dict[str, Any] = {
        "kind": kind,
        "icon": glyph(kind.name) or "channels",
        "fields": _fields(kind, values, error),
        "name": values["name"],
        "name_error": error.message if error and error.field == "name" else "",
        "max_name": MAX_NAME,
    }
    return render(request, "web/channel_new.html", context, status=422 if error else 200)


def _fields(kind: Kind, values: dict[str, str], error: Refused | None, channel: Channel | None = None) -> list[Any]:
    """The fields of the form: a secret is never sent back to a browser."""
    return [
        {
            "field": field,
            "value": "" if field.secret else values.get(field.name, ""),
            "kept": channel is not None and field.name in channel.secrets,
            "error": error.message if error and error.field == field.name else "",
        }
        for field in kind.fields
        if not field.ours
    ]


@require_safe
@member(Verb.VIEW)
def channel(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """One channel. What leads into it, and what came out of it, only for those who may see secrets."""
    return _page(request, _channel(request, public_id))


def _page(request: MemberRequest, one: Channel, error: Refused | None = None) -> HttpResponse:
    kind, trusted = KINDS[one.kind], may(request.member, Verb.SEE_SECRETS)
    failed = request.GET.get("show") == "failed"
    entered = {name: str(value) for name, value in one.settings.items()} | (request.POST.dict() if error else {})
    unreadable = ""
    try:
        paste = pastes(request, one) if trusted else []
    except Unreadable as problem:
        paste, unreadable = [], str(problem)
    context = {
        "channel": one,
        "kind": kind,
        "icon": glyph(one.kind) or "channels",
        "health": health_of(one),
        "minutes": MINUTES,
        "pastes": paste,
        "unreadable": unreadable,
        "plain_http": request.scheme == "http" and kind.admit is not None,
        "fields": _fields(kind, entered, error, one),
        "name": entered.get("name", one.name) if error else one.name,
        "name_error": error.message if error and error.field == "name" else "",
        "max_name": MAX_NAME,
        "has_theirs": any(field.secret and field.required and not field.ours for field in kind.fields),
        "has_test": kind.test is not None,
        "has_inbox": kind.read is not None,
        "can_be_tried": kind.read is not None and can_be_tried(one),
        "only_failed": failed,
        "events": arrived(one, failed=failed, bodies=trusted) if kind.read is not None else [],
    }
    return render(request, "web/channel.html", context, status=422 if error else 200)


@require_POST
@member(Verb.EDIT_CHANNELS)
def save(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Another name, other settings; an empty secret stays what it was."""
    one = _channel(request, public_id)
    values = {field.name: request.POST.get(field.name, "") for field in KINDS[one.kind].fields if not field.ours}
    try:
        change(one, request.actor, request.POST.get("name", ""), values)
    except Refused as error:
        return _page(request, one, error)
    messages.success(request, _("“%(name)s” was saved.") % {"name": one.name})
    return redirect("channel", one.public_id)


@require_POST
@member(Verb.EDIT_CHANNELS)
def test(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Tries the settings out, and says what came of it."""
    one = _channel(request, public_id)
    attempt = KINDS[one.kind].test
    if attempt is None:
        raise Http404
    try:
        messages.success(request, attempt(one))
    except (Denied, NotNow, OutgoingError, Unreadable) as error:
        messages.error(request, str(error))
    return redirect("channel", one.public_id)


@require_POST
@member(Verb.EDIT_CHANNELS)
def again(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Has one raw event (`event`), or all that failed, tried again."""
    one = _channel(request, public_id)
    wanted = request.POST.get("event")
    ids = None if wanted is None else [row_id] if (row_id := from_public(clean(wanted))) is not None else []
    count = replay(one, ids)
    if count:
        messages.success(request, replayed_words(count))
    else:
        messages.error(request, _("There was nothing to be tried again."))
    return redirect("channel", one.public_id)


@require_http_methods(["GET", "HEAD", "POST"])
@member(Verb.EDIT_CHANNELS)
def off(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """What switching it off does and leaves; as a post, does it."""
    one = _channel(request, public_id)
    if request.method != "POST":
        context = {"channel": one, "kind": KINDS[one.kind], "stays": stays_of(one), "health": health_of(one)}
        return render(request, "web/channel_off.html", context)
    if switch(one, request.actor, on=False):
        messages.success(request, _("“%(name)s” is off. You can switch it on again at any time.") % {"name": one.name})
    return redirect("channel", one.public_id)


@require_POST
@member(Verb.EDIT_CHANNELS)
def on(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Takes what comes again, at the same address."""
    one = _channel(request, public_id)
    if switch(one, request.actor, on=True):
        messages.success(request, _("“%(name)s” is on again.") % {"name": one.name})
    return redirect("channel", one.public_id)


def _channel(request: MemberRequest, public_id: str) -> Channel:
    row_id = from_public(public_id)
    if row_id is None:
        raise Http404
    rows = Channel.objects.filter(workspace=request.workspace, id=row_id, kind__in=list(KINDS))
    found = rows.select_related("workspace").first()
    if found is None:
        raise Http404
    return found
