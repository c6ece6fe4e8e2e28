"""Settings, Widgets, Prompts: what the built-in bot asks, in which order and words, and what it takes as an answer."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from coterie.accounts.permissions import Verb
from coterie.audience.columns import DEFAULT_KEYS, catalogue
from coterie.channels.models import Channel
from coterie.channels.widget.changing import change
from coterie.channels.widget.config import Config
from coterie.channels.widget.prompts import MAX_CHOICES, MAX_QUESTIONS, Kind
from coterie.channels.widget.words import LANGUAGES, MAX_TEXT
from coterie.core.text import clean
from coterie.people.attributes import MAX_KEY, Refused
from coterie.web.members import MemberRequest, member
from coterie.web.widget_fields import by_language, choices_text, question_of
from coterie.web.widgets import widget_of

Questions = list[dict[str, Any]]
KINDS = {
    Kind.TEXT: gettext_lazy("Any text"),
    Kind.EMAIL: gettext_lazy("E-mail address"),
    Kind.PHONE: gettext_lazy("Phone number"),
    Kind.NUMBER: gettext_lazy("Number"),
    Kind.DATE: gettext_lazy("Date"),
    Kind.URL: gettext_lazy("Web address"),
    Kind.CHOICE: gettext_lazy("One of a few answers"),
}
# What nobody asks a person for, because the widget or the server knows it.
_KNOWN_ANYWAY = {"default_source", "default_ip", "default_url", "default_referrer", "default_avatar"}


@require_http_methods(["GET", "HEAD", "POST"])
@member(Verb.EDIT_CHANNELS)
def prompts(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """The questions in order; as a post, one of them moved or removed."""
    channel = widget_of(request, public_id)
    if request.method != "POST":
        rows = [(question, KINDS[question.type]) for question in Config.of(channel.settings).questions]
        context = {"channel": channel, "tab": "prompts", "rows": rows, "full": len(rows) >= MAX_QUESTIONS}
        return render(request, "web/widget_prompts.html", context)
    act, attribute = request.POST.get("act", ""), clean(request.POST.get("attribute", ""))
    if act not in _ACTS:
        raise Http404
    _change(request, channel, lambda questions: _ACTS[act](questions, _place(questions, attribute)))
    if act == "remove":
        words = _("“%(name)s” is not asked for any more. What people answered stays.")
        messages.success(request, words % {"name": attribute})
    return redirect("widget-prompts", public_id)


def _moved(step: int) -> Callable[[Questions, int], Questions]:
    def move(questions: Questions, place: int) -> Questions:
        if 0 <= place < len(questions) and 0 <= place + step < len(questions):
            questions.insert(place + step, questions.pop(place))
        return questions

    return move


_ACTS: dict[str, Callable[[Questions, int], Questions]] = {
    "up": _moved(-1),
    "down": _moved(1),
    "remove": lambda questions, place: [one for number, one in enumerate(questions) if number != place],
}


@require_http_methods(["GET", "HEAD", "POST"])
@member(Verb.EDIT_CHANNELS)
def prompt(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """The form of one question, or of a new one without `old`."""
    channel = widget_of(request, public_id)
    fields = request.POST if request.method == "POST" else request.GET
    old = clean(fields.get("old", ""))
    questions: Questions = list(channel.settings.get("questions") or [])
    present = next((one for one in questions if one["attribute"] == old), None)
    if old and present is None:
        raise Http404
    if request.method != "POST":
        return _form(request, channel, present or {}, old)
    wanted = question_of(request.POST)
    try:
        _change(request, channel, lambda questions: _written(questions, _place(questions, old), wanted))
    except Refused as refused:
        return _form(request, channel, wanted, old, refused)
    messages.success(request, _("Saved. The bot asks for “%(name)s”.") % {"name": wanted["attribute"]})
    return redirect("widget-prompts", public_id)


def _written(questions: Questions, place: int, wanted: dict[str, Any]) -> Questions:
    if place < 0:
        return [*questions, wanted]
    questions[place] = wanted
    return questions


def _place(questions: Questions, attribute: str) -> int:
    return next((number for number, one in enumerate(questions) if one["attribute"] == attribute), -1)


def _change(request: MemberRequest, channel: Channel, edit: Callable[[Questions], Questions]) -> None:
    change(
        *(request.workspace, request.actor, channel.id),
        lambda now: {**now, "questions": edit(list(now.get("questions") or []))},
    )


def _form(
    request: MemberRequest, channel: Channel, question: dict[str, Any], old: str, refused: Refused | None = None
) -> HttpResponse:
    texts = by_language(question.get("text"))
    context = {
        "channel": channel,
        "old": old,
        "question": question,
        "kind": question.get("type", Kind.TEXT),
        "kinds": [(kind.value, label) for kind, label in KINDS.items()],
        "texts": [(code, name, texts.get(code, "")) for code, name in LANGUAGES.items()],
        "choices": choices_text(question) if refused is None else request.POST.get("choices", ""),
        "columns": _columns(request),
        "limits": {"key": MAX_KEY, "text": MAX_TEXT, "choices": MAX_CHOICES},
        "error": refused.message if refused else "",
        "at": _part(refused.field) if refused else "",
    }
    return render(request, "web/widget_prompt.html", context, status=422 if refused else 200)


def _part(field: str) -> str:
    """Which part of the form a refusal is about."""
    names = field.split(".")
    return next((name for name in ("text", "type", "choices") if name in names[2:]), "attribute")


def _columns(request: MemberRequest) -> list[Any]:
    columns = catalogue(request.workspace.pk).columns
    return [one for one in columns if one.is_custom or (one.key in DEFAULT_KEYS and one.key not in _KNOWN_ANYWAY)]
