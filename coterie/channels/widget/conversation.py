"""One message of a visitor: stored, understood as an answer when something was asked, and answered."""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import sync_to_async
from django.db.models import Q

from coterie.channels.events import Event
from coterie.channels.intake import deliver
from coterie.channels.models import Channel
from coterie.channels.widget.bot import asked, bot_replies, next_question, pending
from coterie.channels.widget.config import Config
from coterie.channels.widget.prompts import Question
from coterie.channels.widget.visitors import Visitor
from coterie.channels.widget.words import TRY_AGAIN
from coterie.chats.models import Chat, Message, Sender
from coterie.chats.transcript import running_chat, turns
from coterie.core.clock import iso, now
from coterie.people.attributes import Value
from coterie.people.models import Identity, Person, Share

MAX_TRIES = 2
# When somebody agreed to the text that the widget shows before the first message.
CONSENT = "chat_consent"


@dataclass(frozen=True, slots=True)
class Said:
    """A visitor's message as it arrived. `context` is about the person, `chat` about this conversation."""

    visitor: Visitor
    message_id: str
    session_id: str
    text: str
    language: str
    context: dict[str, Value]
    chat: Mapping[str, Value] = field(default_factory=dict)

    @property
    def native_id(self) -> str:
        """The id of the message on the channel: the same whether they are known by name already or only since."""
        return f"{hashlib.sha256(self.session_id.encode()).hexdigest()[:24]}:{self.message_id}"


def identity_of(channel: Channel, visitor: Visitor) -> Identity | None:
    """The visitor's address on this channel; None before their first words."""
    rows = Identity.objects.filter(workspace_id=channel.workspace_id, channel_id=channel.id, native_id=visitor.id)
    return rows.first()


def chat_of(channel: Channel, visitor: Visitor | None, session_id: str | None = None) -> Chat | None:
    """The visitor's running chat."""
    identity = visitor and identity_of(channel, visitor)
    return _running(channel, identity, session_id) if identity else None


def _running(channel: Channel, identity: Identity, session_id: str | None) -> Chat | None:
    return running_chat(channel.workspace_id, channel.id, identity.person_id, identity.origin_id, session_id)


def history(channel: Channel, visitor: Visitor | None, session_id: str | None = None) -> list[Message]:
    """The turns of the visitor's running chat; none when there is no such chat."""
    chat = chat_of(channel, visitor, session_id)
    return turns(chat) if chat else []


class Turned(Exception):
    """The message was refused: the visitor is banned or, when `erased`, their browser is to forget who it was."""

    def __init__(self, erased: bool) -> None:
        super().__init__("the message was refused")
        self.erased = erased


async def converse(channel: Channel, said: Said) -> list[Message]:
    """Stores the message and returns the replies. The same message again gets the same replies, also when it got none:
    the bot is not asked twice. Raises Turned.
    """
    config = Config.of(channel.settings)
    stand = await sync_to_async(_stand)(channel, said)
    if stand.banned:
        await deliver(channel, [_event(config, said, {}, {})])
        raise Turned(erased=False)
    before, known, prefix = stand.turns, stand.attributes, said.native_id
    if any(turn.native_id == prefix for turn in before):
        return _replies_to(prefix, before)
    question = pending(config, before)
    answer = question.answer(said.text) if question else None
    answered: dict[str, Value] = {question.attribute: answer} if question and answer is not None else {}
    event = _event(config, said, known, {**answered, **(said.visitor.vouched if stand.first else {})})
    receipt = await deliver(channel, [*_opening(config, said, before), event])
    if event.message_id in receipt.banned | receipt.erased:
        raise Turned(erased=event.message_id in receipt.erased)
    if event.message_id not in receipt.fresh:  # The same message came twice at once; the other one is being answered.
        return _replies_to(prefix, await sync_to_async(history)(channel, said.visitor, said.session_id))
    known = {**known, **event.attributes}
    replies = await _replies(channel, config, said, before, question, known)
    moment = now()
    await deliver(
        channel,
        [
            Event(
                message_id=f"{prefix}:{number}",
                user_id=said.visitor.id,
                at=moment + dt.timedelta(milliseconds=number),
                sender=Sender.BOT,
                message=reply.pop("message", ""),
                session_id=said.session_id,
                payload=reply or None,
            )
            for number, reply in enumerate(replies)
        ],
    )
    return _replies_to(prefix, await sync_to_async(history)(channel, said.visitor, said.session_id))


def _replies_to(prefix: str, turns: Sequence[Message]) -> list[Message]:
    return [turn for turn in turns if turn.native_id.startswith(f"{prefix}:") and turn.sender == Sender.BOT]


def _opening(config: Config, said: Said, before: Sequence[Message]) -> list[Event]:
    """The greeting that the visitor saw, kept as the first turn of a new chat."""
    if before:
        return []
    moment = now() - dt.timedelta(milliseconds=1)
    return [
        Event(
            message_id=f"{said.native_id.partition(':')[0]}:greeting",
            user_id=said.visitor.id,
            at=moment,
            sender=Sender.BOT,
            message=config.greeting.to(said.language),
            session_id=said.session_id,
        )
    ]


def _event(config: Config, said: Said, known: Mapping[str, Any], surely: Mapping[str, Value]) -> Event:
    """What was said, and all that it tells: what a visitor answers or their server vouches for (`surely`) counts more
    than what their page says.
    """
    consent: dict[str, Value] = {CONSENT: str(iso(now()))} if config.consent and CONSENT not in known else {}
    return Event(
        message_id=said.native_id,
        user_id=said.visitor.id,
        at=now(),
        message=said.text,
        session_id=said.session_id,
        attributes={**said.context, **consent, **surely},
        session_attributes=said.chat,
    )


async def _replies(
    channel: Channel,
    config: Config,
    said: Said,
    before: Sequence[Message],
    question: Question | None,
    known: dict[str, Any],
) -> list[dict[str, Any]]:
    """What to say now: ask again, ask the next thing, let the bot speak, or thank once."""
    understood = question is not None and question.answer(said.text) is not None
    if question and not understood and asked(before).count(question.attribute) < MAX_TRIES:
        return [_asking(question, TRY_AGAIN[question.type].to(said.language), said.language)]
    following = next_question(config, known, before)
    if following:
        return [_asking(following, following.text.to(said.language), said.language)]
    text = _first_words(before) if question else said.text
    replies = await bot_replies(config, said.visitor.id, text or said.text, {**known, "session_id": said.session_id})
    thanks = config.thanks.to(said.language)
    if replies is None:  # The visitor must not be left in silence.
        return [{"message": thanks}]
    thanked = any(turn.sender == Sender.BOT and turn.text in config.thanks.all() for turn in before)
    return replies or ([] if thanked else [{"message": thanks}])


def _asking(question: Question, text: str, language: str) -> dict[str, Any]:
    buttons = question.buttons(language)
    return {"message": text, "asks": question.attribute} | ({"buttons": buttons} if buttons else {})


def _first_words(before: Sequence[Message]) -> str:
    """What the visitor came for, before the bot asked who they are."""
    return next((turn.text for turn in before if turn.sender == Sender.USER), "")


def person_of(channel: Channel, visitor: Visitor) -> Person | None:
    """Whoever is behind the visitor, on this channel or, if they never wrote here, by their user id."""
    people, identity = Person.objects.filter(workspace_id=channel.workspace_id), identity_of(channel, visitor)
    if identity:
        return people.filter(id=identity.person_id).first()
    merged = Share.objects.filter(workspace_id=channel.workspace_id, user_id=visitor.id)
    return people.filter(Q(user_id=visitor.id) | Q(id__in=merged.values("survivor_id"))).first()


@dataclass(frozen=True, slots=True)
class _Stand:
    """How things stand before a message: who it is from, what is known of them, what was said in this chat so far.

    `first`: they never wrote on this channel.
    """

    banned: bool
    first: bool
    attributes: dict[str, Any]
    turns: list[Message]


def _stand(channel: Channel, said: Said) -> _Stand:
    identity, person = identity_of(channel, said.visitor), person_of(channel, said.visitor)
    chat = identity and _running(channel, identity, said.session_id)
    return _Stand(
        banned=identity is not None and person is not None and person.banned,
        first=identity is None,
        attributes=dict(person.attributes) if person else {},
        turns=turns(chat) if chat else [],
    )
