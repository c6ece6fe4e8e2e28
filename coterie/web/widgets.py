"""Settings, Widgets: how each Chat Widget looks, what it says, how it comes onto a page."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from coterie.accounts.permissions import Verb
from coterie.channels.models import Channel
from coterie.channels.widget.changing import MAX_NAME, change, create
from coterie.channels.widget.config import COLOUR, MODES, SIDES, Config, version_of
from coterie.channels.widget.identity import secret_of
from coterie.channels.widget.words import FALLBACK, GREETING, LANGUAGES, MAX_TEXT, THANKS, TITLE, Words, language_of
from coterie.core.ids import from_public
from coterie.core.text import clean
from coterie.people.attributes import Refused
from coterie.web.links import with_query
from coterie.web.members import MemberRequest, member
from coterie.web.widget_fields import TEXTS, by_language, look_of, names_from

_DEFAULTS = {"title": TITLE, "greeting": GREETING, "thanks": THANKS}


def widget_of(request: MemberRequest, public_id: str) -> Channel:
    """The widget of that id; 404 when there is none in this workspace."""
    row_id = from_public(public_id)
    channel = Channel.objects.filter(workspace=request.workspace, kind="widget", id=row_id or 0).first()
    if channel is None:
        raise Http404
    return channel


@require_safe
@member(Verb.VIEW)
def widgets(request: MemberRequest) -> HttpResponseBase:
    """All widgets, and what each of them asks for."""
    found = Channel.objects.filter(workspace=request.workspace, kind="widget").order_by("created_at", "id")
    rows = [{"channel": channel, "config": _config(channel)} for channel in found]
    return render(request, "web/widgets.html", {"rows": rows, "max_name": MAX_NAME})


def _config(channel: Channel) -> Config | None:
    """None when the settings are those of another version, or were broken by hand."""
    try:
        return Config.of(channel.settings)
    except Refused:
        return None


@require_http_methods(["GET", "HEAD", "POST"])
@member(Verb.EDIT_CHANNELS)
def new(request: MemberRequest) -> HttpResponseBase:
    """Name a widget, have it made."""
    if request.method != "POST":
        return render(request, "web/widget_new.html", {"max_name": MAX_NAME})
    name = request.POST.get("name", "")
    try:
        channel = create(request.workspace, request.actor, name)
    except Refused as refused:
        context = {"max_name": MAX_NAME, "name": name, "error": refused.message}
        return render(request, "web/widget_new.html", context, status=422)
    messages.success(request, _("The widget is made. Put its line on your pages, then say what it asks for."))
    return redirect("widget-page", channel.public_id)


@require_http_methods(["GET", "HEAD", "POST"])
@member(Verb.EDIT_CHANNELS)
def widget(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Look and words; the words of one language at a time (`lang`)."""
    channel = widget_of(request, public_id)
    fields = request.POST if request.method == "POST" else request.GET
    language = language_of(clean(fields.get("lang", FALLBACK)))
    if request.method != "POST":
        return _look(request, channel, language)
    try:
        change(
            *(request.workspace, request.actor, channel.id),
            lambda settings: look_of(settings, request.POST, language),
            request.POST.get("name"),
        )
    except Refused as refused:
        return _look(request, channel, language, request.POST, refused)
    messages.success(request, _("Saved. Open pages show it within a minute."))
    return redirect(with_query(reverse("widget", args=[public_id]), urlencode({"lang": language})))


def _look(
    request: MemberRequest,
    channel: Channel,
    language: str,
    sent: QueryDict | None = None,
    refused: Refused | None = None,
) -> HttpResponse:
    kept = look_of(channel.settings, sent, language) if sent else channel.settings
    texts = {name: by_language(kept.get(name)) for name in TEXTS}
    context: dict[str, Any] = {
        **_around(channel, "look"),
        "name": sent.get("name", "") if sent else channel.name,
        "written_in": language,
        "languages": LANGUAGES.items(),
        "texts": {name: texts[name].get(language, "") for name in TEXTS},
        "standing_in": {name: _standing_in(kept.get(name), name, language) for name in TEXTS},
        "values": {"colour": COLOUR, "side": SIDES[0], "mode": MODES[0], **kept},
        "max_text": MAX_TEXT,
        "max_name": MAX_NAME,
        "error": refused.message if refused else "",
        "at": refused.field.split(".")[0] if refused else "",
    }
    return render(request, "web/widget.html", context, status=422 if refused else 200)


def _standing_in(present: Any, name: str, language: str) -> str:
    """What is said where nothing is written in this language."""
    others = {code: text for code, text in by_language(present).items() if code != language}
    return Words(others).to(language) if others else _DEFAULTS.get(name, Words({})).to(language)


@require_http_methods(["GET", "HEAD", "POST"])
@member(Verb.SEE_SECRETS)
def page(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Its line for pages, the secret that proves who a visitor is, and what pages may tell about their visitor."""
    channel = widget_of(request, public_id)
    if request.method != "POST":
        return _page(request, channel)
    if request.POST.get("act") == "secret":
        version = version_of(channel.settings) + 1
        change(request.workspace, request.actor, channel.id, lambda now: {**now, "identity_version": version})
        messages.success(request, _("There is a new secret. What was signed with the old one counts no more."))
        return redirect("widget-page", public_id)
    text = request.POST.get("page_attributes", "")
    try:
        change(
            *(request.workspace, request.actor, channel.id), lambda now: {**now, "page_attributes": names_from(text)}
        )
    except Refused as refused:
        return _page(request, channel, text, refused.message)
    messages.success(request, _("Saved."))
    return redirect("widget-page", public_id)


def _page(request: MemberRequest, channel: Channel, text: str | None = None, error: str = "") -> HttpResponse:
    host = request.build_absolute_uri("/").rstrip("/")
    context = {
        **_around(channel, "page"),
        "host": host,
        "snippet": f'<script src="{host}/widget.js" data-channel="{channel.key}" async></script>',
        "secret": secret_of(channel),
        "page_attributes": "\n".join(channel.settings.get("page_attributes", [])) if text is None else text,
        "error": error,
    }
    return render(request, "web/widget_page.html", context, status=422 if error else 200)


def _around(channel: Channel, here: str) -> dict[str, Any]:
    """What every page of a widget shows."""
    return {"channel": channel, "tab": here}
