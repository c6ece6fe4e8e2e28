"""One message of a visitor: stored, understood as an answer when something was asked, and answered."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from asgiref.sync import sync_to_async
from django.utils.translation import gettext as _

from coterie.channels.events import Event
from coterie.channels.intake import deliver
from coterie.channels.models import Channel
from coterie.channels.widget.bot import asked, bot_replies, next_question, pending
from coterie.channels.widget.config import Config, Question
from coterie.chats.models import Message, Sender
from coterie.chats.transcript import running_chat, turns
from coterie.core.clock import now
from coterie.people.attributes import Value
from coterie.people.models import Identity, Person

MAX_TRIES = 2


@dataclass(frozen=True, slots=True)
class Said:
    """A visitor's message as it arrived."""

    visitor: str
    message_id: str
    session_id: str
    text: str
    context: dict[str, Value]


def history(channel: Channel, visitor: str | None, session_id: str | None = None) -> list[Message]:
    """The turns of the visitor's running chat; none when there is no such chat."""
    identity = (
        visitor
        and Identity.objects.filter(workspace_id=channel.workspace_id, channel_id=channel.id, native_id=visitor).first()
    )
    if not identity:
        return []
    chat = running_chat(channel.workspace_id, channel.id, identity.person_id, identity.origin_id, session_id)
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
    if await sync_to_async(_is_banned)(channel, said.visitor):
        await deliver(channel, [_event(said, None)])
        raise Turned(erased=False)
    before = await sync_to_async(history)(channel, said.visitor, said.session_id)
    prefix = f"{said.visitor}:{said.message_id}"
    if any(turn.native_id == prefix for turn in before):
        return _replies_to(prefix, before)
    question = pending(config, before)
    understood = question is not None and question.accepts(said.text)
    event = _event(said, question if understood else None)
    receipt = await deliver(channel, [*_opening(config, said, before), event])
    if event.message_id in receipt.banned | receipt.erased:
        raise Turned(erased=event.message_id in receipt.erased)
    replies = await _replies(channel, config, said, before, question, understood)
    moment = now()
    await deliver(
        channel,
        [
            Event(
                message_id=f"{prefix}:{number}",
                user_id=said.visitor,
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
            message_id=f"{said.visitor}:{said.session_id}:greeting"[:128],
            user_id=said.visitor,
            at=moment,
            sender=Sender.BOT,
            message=config.greeting,
            session_id=said.session_id,
        )
    ]


def _event(said: Said, question: Question | None) -> Event:
    attributes = dict(said.context)
    if question:
        attributes[question.attribute] = said.text[: 256 if question.attribute == "default_name" else 1024]
    return Event(
        message_id=f"{said.visitor}:{said.message_id}",
        user_id=said.visitor,
        at=now(),
        message=said.text,
        session_id=said.session_id,
        attributes=attributes,
    )


async def _replies(
    channel: Channel,
    config: Config,
    said: Said,
    before: Sequence[Message],
    question: Question | None,
    understood: bool,
) -> list[dict[str, Any]]:
    """What to say now: ask again, ask the next thing, let the bot speak, or thank once."""
    if question and not understood and asked(before).count(question.attribute) < MAX_TRIES:
        text = _("That does not look like an e-mail address. Please try again.")
        return [{"message": text, "asks": question.attribute}]
    known = await sync_to_async(_known)(channel, said.visitor)
    following = next_question(config, known, before)
    if following:
        return [{"message": following.text, "asks": following.attribute}]
    text = _first_words(before) if question else said.text
    replies = await bot_replies(config, said.visitor, text or said.text, {**known, "session_id": said.session_id})
    if replies is None:  # The visitor must not be left in silence.
        return [{"message": config.thanks}]
    thanked = any(turn.sender == Sender.BOT and turn.text == config.thanks for turn in before)
    return replies or ([] if thanked else [{"message": config.thanks}])


def _first_words(before: Sequence[Message]) -> str:
    """What the visitor came for, before the bot asked who they are."""
    return next((turn.text for turn in before if turn.sender == Sender.USER), "")


def _is_banned(channel: Channel, visitor: str) -> bool:
    identities = Identity.objects.filter(workspace_id=channel.workspace_id, channel_id=channel.id, native_id=visitor)
    people = Person.objects.filter(workspace_id=channel.workspace_id, id__in=identities.values("person_id"))
    return people.filter(banned=True).exists()


def _known(channel: Channel, visitor: str) -> dict[str, Any]:
    identity = Identity.objects.get(workspace_id=channel.workspace_id, channel_id=channel.id, native_id=visitor)
    person = Person.objects.get(workspace_id=channel.workspace_id, id=identity.person_id)
    return dict(person.attributes)
