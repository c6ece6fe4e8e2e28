"""The Chat Widget's server side: its script, its conversation, and the demo shop."""

from functools import cache
from pathlib import Path
from typing import Any

from asgiref.sync import sync_to_async
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from coterie.channels.answers import Rejected, body_of, failure, refusal, success
from coterie.channels.events import context_attributes, normalised
from coterie.channels.lookup import find_channel
from coterie.channels.models import Channel
from coterie.channels.widget.config import Config
from coterie.channels.widget.conversation import Said, Turned, converse, history
from coterie.channels.widget.visitors import first_contact, token_of, visitor_of
from coterie.chats.models import Message, Sender
from coterie.core.clock import iso, now
from coterie.core.text import clean
from coterie.people.attributes import Refused
from coterie.people.policy import refusal_of

MAX_TEXT = 2_000
_SCRIPT = Path(__file__).parent / "static" / "widget" / "widget.js"


@cache
def _script() -> bytes:
    return _SCRIPT.read_bytes()


@require_safe
def script(_request: HttpRequest) -> HttpResponse:
    """`/widget.js`, for any page."""
    response = HttpResponse(_script(), content_type="text/javascript; charset=utf-8")
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["Cache-Control"] = "public, max-age=300"
    return response


@require_safe
def demo(request: HttpRequest) -> HttpResponse:
    """The demo shop, when the demo was loaded."""
    channel = Channel.objects.filter(kind="widget", settings__demo=True).order_by("created_at").first()
    if channel is None:
        raise Http404
    return render(request, "widget/demo.html", {"channel_key": channel.key, "shop_name": channel.settings["title"]})


@csrf_exempt
async def chat(request: HttpRequest, key: str) -> HttpResponse:
    """GET: how the widget opens. POST: one message of the visitor, answered with the bot's. No cookies are read."""
    channel = await find_channel("widget", key)
    try:
        if channel is None:
            raise Rejected(404, "This chat is not available any more.")
        if request.method == "POST":
            response = await _message(request, channel)
        elif request.method == "GET":
            response = await _opening(request, channel)
        else:
            raise Rejected(405, "Read with GET, write with POST.")
    except Rejected as error:
        response = failure(error.code, error.message)
    except RequestDataTooBig:
        response = failure(413, "The message is too large.")
    except Refused as error:
        response = refusal(error)
    response["Access-Control-Allow-Origin"] = "*"
    return response


async def _opening(request: HttpRequest, channel: Channel) -> HttpResponse:
    config = Config.of(channel.settings)
    visitor = visitor_of(channel, request.GET.get("visitor"))
    turns = await sync_to_async(history)(channel, visitor)
    return success(title=config.title, greeting=config.greeting, messages=_shown(turns, visitor or ""))


async def _message(request: HttpRequest, channel: Channel) -> HttpResponse:
    data = body_of(request)
    if not isinstance(data, dict):
        raise Rejected(400, "Expected an object.")
    message_id, session_id, text = _texts(data)
    visitor = visitor_of(channel, data.get("visitor")) or first_contact(channel, session_id)
    context = data.get("context")
    attributes = normalised(context_attributes(_shortened(context), "context"))
    attributes["default_ip"] = request.META["REMOTE_ADDR"]
    try:
        replies = await converse(channel, Said(visitor, message_id, session_id, text, attributes))
    except Turned as turned:
        words = await sync_to_async(refusal_of)(channel.workspace_id)
        answer = {"id": f"{message_id}:refused", "sender": Sender.BOT.value, "text": words, "at": iso(now())}
        if turned.erased:
            return success(forget=True, messages=[answer])
        return success(visitor=token_of(channel, visitor), messages=[answer])
    return success(visitor=token_of(channel, visitor), messages=_shown(replies, visitor))


def _shortened(context: Any) -> dict[str, Any] | None:
    """Advertisements make addresses that are longer than an attribute may be; no chat is refused for that."""
    if not isinstance(context, dict):
        return None
    return {name: value[:1024] if isinstance(value, str) else value for name, value in context.items()}


def _texts(data: dict[str, Any]) -> tuple[str, str, str]:
    """(message id, session id, text); raises Rejected."""
    found = []
    for name, longest in (("id", 64), ("session", 64), ("text", MAX_TEXT)):
        value = data.get(name)
        value = clean(value) if isinstance(value, str) else ""
        if not 1 <= len(value) <= longest:
            raise Rejected(422, f"“{name}” has 1 to {longest:,} characters.")
        if name != "text" and ":" in value:  # The sign that joins ids to longer ones.
            raise Rejected(422, f"“{name}” has no colon.")
        found.append(value)
    return found[0], found[1], found[2]


def _shown(turns: list[Message], visitor: str) -> list[dict[str, Any]]:
    """Turns in the widget's form; ids as the widget knows them."""
    return [
        {
            "id": turn.native_id.removeprefix(f"{visitor}:"),
            "sender": turn.sender,
            "text": turn.text,
            "at": iso(turn.at),
            **{name: turn.payload[name] for name in ("buttons", "image") if turn.payload and name in turn.payload},
        }
        for turn in turns
        if turn.sender != Sender.EVENT
    ]
