"""The doors of the Chat Widget. Anybody may knock, from any page; no cookie is read and none is set.

GET  /channels/widget/<key>             how it looks and greets
POST /channels/widget/<key>             one message of the visitor, answered with the bot's
POST /channels/widget/<key>/open        the chat that is still running
POST /channels/widget/<key>/identify    who the visitor is, proved by the page's server
POST /channels/widget/<key>/attributes  what the page tells about a visitor who has written before
"""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from typing import Any

from asgiref.sync import sync_to_async
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from coterie.channels.answers import UNAVAILABLE, Rejected, body_of, failure, not_now, refusal, success
from coterie.channels.events import Event, context_attributes, normalised
from coterie.channels.intake import deliver
from coterie.channels.limits import Limit, network_of
from coterie.channels.lookup import find_channel
from coterie.channels.models import Channel
from coterie.channels.widget.claiming import claim
from coterie.channels.widget.colours import palette
from coterie.channels.widget.config import Config
from coterie.channels.widget.conversation import Said, Turned, chat_of, converse, identity_of, person_of
from coterie.channels.widget.identity import proved
from coterie.channels.widget.pages import told
from coterie.channels.widget.visitors import (
    Visitor,
    first_contact,
    is_identified,
    session_of,
    token_of,
    visitor_of,
)
from coterie.channels.widget.words import language_of
from coterie.chats.models import Message, Sender
from coterie.chats.transcript import turns
from coterie.core.clock import iso, now
from coterie.core.text import clean
from coterie.people.attributes import Refused, Value
from coterie.people.policy import refusal_of

MAX_TEXT = 2_000
MAX_BODY = 128 * 1024
# A person types less; a house with one address for everybody asks less; nobody meets us so often for the first time.
MESSAGES = Limit(40, 60)
KNOCKS = Limit(600, 60)
STRANGERS = Limit(120, 600)
PROOFS = Limit(120, 60)
Door = Callable[[HttpRequest, Channel], Awaitable[HttpResponse]]


class _Wait(Exception):
    """Too often: in how many seconds the next one is allowed."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"wait {seconds} s")
        self.seconds = seconds


def _allow(limit: Limit, key: str) -> None:
    if seconds := limit.wait(key):
        raise _Wait(seconds)


def _door(*methods: str) -> Callable[[Door], Callable[..., Any]]:
    """Finds the channel, limits floods, and turns every refusal into an answer that a page of any origin can read."""

    def decorate(view: Door) -> Callable[..., Any]:
        @csrf_exempt
        @wraps(view)
        async def answered(request: HttpRequest, key: str) -> HttpResponse:
            try:
                _allow(KNOCKS, _house(request))
                if request.method not in methods:
                    raise Rejected(405, f"Use {' or '.join(methods)}.")
                channel = await find_channel("widget", key)
                if channel is None:
                    raise Rejected(404, "This chat is not available any more.")
                response = await view(request, channel)
            except _Wait as wait:
                response = failure(429, "That was too much at once. Please wait a little.", retryAfter=wait.seconds)
                response["Retry-After"] = str(wait.seconds)
            except Rejected as error:
                response = failure(error.code, error.message)
            except RequestDataTooBig:
                response = failure(413, "The message is too large.")
            except Refused as error:
                response = refusal(error)
            except UNAVAILABLE:
                response = not_now()
            response["Access-Control-Allow-Origin"] = "*"
            return response

        return answered

    return decorate


@_door("GET", "POST")
async def chat(request: HttpRequest, channel: Channel) -> HttpResponse:
    """GET: how it looks and greets. POST: one message."""
    return await _message(request, channel) if request.method == "POST" else _look(request, channel)


def _look(request: HttpRequest, channel: Channel) -> HttpResponse:
    config = Config.of(channel.settings)
    language = language_of(request.GET.get("lang"))
    response = success(
        language=language,
        title=config.title.to(language),
        greeting=config.greeting.to(language),
        consent=config.consent.to(language),
        privacyUrl=config.privacy_url,
        side=config.side,
        mode=config.mode,
        colours=palette(config.colour),
    )
    response["Cache-Control"] = "public, max-age=60"
    return response


@_door("POST")
async def open_chat(request: HttpRequest, channel: Channel) -> HttpResponse:
    """The turns of the chat that is still running, and its session, which goes on."""
    visitor = visitor_of(channel, _body(request).get("visitor"))
    running = await sync_to_async(chat_of)(channel, visitor)
    shown = _shown(await sync_to_async(turns)(running)) if running else []
    return success(known=visitor is not None, session=running.session_id if running else None, messages=shown)


@_door("POST")
async def identify(request: HttpRequest, channel: Channel) -> HttpResponse:
    """A token for whoever the page's server says the visitor is; what they did before comes along."""
    _allow(PROOFS, _house(request))
    data = _body(request)
    visitor = proved(channel, data)
    before = visitor_of(channel, data.get("visitor"))
    if before and not before.identified:
        await sync_to_async(claim)(channel, before.id, visitor.id)
    if visitor.vouched and await sync_to_async(person_of)(channel, visitor):
        await deliver(channel, [_report(visitor, visitor.vouched, {}, None)])
        visitor = Visitor(visitor.id, True)
    return success(visitor=token_of(channel, visitor), userId=visitor.id)


@_door("POST")
async def attributes(request: HttpRequest, channel: Channel) -> HttpResponse:
    """What the page tells about somebody who has written before; until then the widget keeps it."""
    data = _body(request)
    visitor = visitor_of(channel, data.get("visitor"))
    if visitor is None or await sync_to_async(identity_of)(channel, visitor) is None:
        raise Rejected(409, "This visitor has not written yet: send the attributes with their first message.")
    _allow(MESSAGES, f"{channel.id}:{visitor.id}")
    config = Config.of(channel.settings)
    about, ignored = told(config, data.get("user"))
    of_chat, also = told(config, data.get("chat"), of_chat=True)
    session = session_of(channel, clean(data["session"])) if isinstance(data.get("session"), str) else None
    running = await sync_to_async(chat_of)(channel, visitor, session) if of_chat else None
    if about or running:
        await deliver(channel, [_report(visitor, about, of_chat if running else {}, session if running else None)])
    return success(ignored=[*ignored, *also])


async def _message(request: HttpRequest, channel: Channel) -> HttpResponse:
    data = _body(request)
    message_id, secret, text = _texts(data)
    visitor = visitor_of(channel, data.get("visitor"))
    if visitor is None and is_identified(data.get("visitor")):
        raise Rejected(401, "The proof of who this visitor is counts for a day. Have the page prove it again.")
    session_id = session_of(channel, secret, stranger=visitor is None)
    if visitor is None:
        visitor = first_contact(channel, secret)
        if not await sync_to_async(identity_of)(channel, visitor):
            _allow(STRANGERS, _house(request))
    _allow(MESSAGES, f"{channel.id}:{visitor.id}")
    config = Config.of(channel.settings)
    if config.consent and data.get("consent") is not True:
        raise Rejected(403, "Agree to the terms of this chat first.")
    about, ignored = told(config, data.get("user"))
    of_chat, also = told(config, data.get("chat"), of_chat=True)
    context = {**_context(request, data.get("context")), **normalised(about)}
    language = language_of(data.get("lang"))
    try:
        replies = await converse(channel, Said(visitor, message_id, session_id, text, language, context, of_chat))
    except Turned as turned:
        return await _turned(channel, visitor, message_id, turned)
    return success(visitor=token_of(channel, visitor), messages=_shown(replies), ignored=[*ignored, *also])


async def _turned(channel: Channel, visitor: Visitor, message_id: str, turned: Turned) -> HttpResponse:
    """What the workspace says to somebody who is banned, or was erased for good."""
    words = await sync_to_async(refusal_of)(channel.workspace_id)
    answer = {"id": f"{message_id}:refused", "sender": Sender.BOT.value, "text": words, "at": iso(now())}
    if turned.erased:
        return success(forget=True, messages=[answer])
    return success(visitor=token_of(channel, visitor), messages=[answer])


def _report(visitor: Visitor, about: Mapping[str, Value], of_chat: Mapping[str, Value], session: str | None) -> Event:
    return Event(
        message_id=f"report:{uuid.uuid4().hex}",
        user_id=visitor.id,
        at=now(),
        session_id=session,
        attributes=normalised(dict(about)),
        session_attributes=of_chat,
    )


def _body(request: HttpRequest) -> dict[str, Any]:
    if len(request.body) > MAX_BODY:
        raise Rejected(413, "The message is too large.")
    data = body_of(request)
    if not isinstance(data, dict):
        raise Rejected(400, "Expected an object.")
    return data


def _house(request: HttpRequest) -> str:
    return network_of(request.META["REMOTE_ADDR"])


def _context(request: HttpRequest, context: Any) -> dict[str, Value]:
    """Where the visitor is. Whatever their browser says of its own address, ours is the one that counts."""
    found = normalised(context_attributes(_shortened(context), "context"))
    found["default_ip"] = request.META["REMOTE_ADDR"]
    return found


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


def _shown(turns: list[Message]) -> list[dict[str, Any]]:
    """Turns in the widget's form; ids as the widget knows them."""
    return [
        {
            "id": turn.native_id.partition(":")[2] or turn.native_id,
            "sender": turn.sender,
            "text": turn.text,
            "at": iso(turn.at),
            **{name: turn.payload[name] for name in ("buttons", "image") if turn.payload and name in turn.payload},
        }
        for turn in turns
        if turn.sender != Sender.EVENT
    ]
