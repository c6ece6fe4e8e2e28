"""Reading one chat a page at a time: it may have any number of messages."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from coterie.chats.models import Chat, Message
from coterie.chats.words import Sought, matches

SIZE = 200
# What is seen before a message that was asked for.
_BEFORE = 40


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Some messages and reports of a chat, in order, and whether there are others before and behind them."""

    messages: list[Message]
    earlier: bool = False
    later: bool = False


def beginning(chat: Chat) -> Excerpt:
    """The first ones."""
    found = list(_all(chat)[: SIZE + 1])
    return Excerpt(found[:SIZE], later=len(found) > SIZE)


def around(chat: Chat, message: Message) -> Excerpt:
    """This message with some before it and more behind it."""
    before = list(_before(chat, message).reverse()[: _BEFORE + 1])
    rest = SIZE - min(len(before), _BEFORE)
    behind = list(_behind(chat, message)[:rest])
    shown = [*reversed(before[:_BEFORE]), message, *behind[: rest - 1]]
    return Excerpt(shown, earlier=len(before) > _BEFORE, later=len(behind) == rest)


def earlier_than(chat: Chat, message: Message) -> Excerpt:
    """What comes just before this message."""
    found = list(_before(chat, message).reverse()[: SIZE + 1])
    return Excerpt(found[:SIZE][::-1], earlier=len(found) > SIZE, later=True)


def later_than(chat: Chat, message: Message) -> Excerpt:
    """What comes just behind this message."""
    found = list(_behind(chat, message)[: SIZE + 1])
    return Excerpt(found[:SIZE], earlier=True, later=len(found) > SIZE)


def message_of(chat: Chat, message_id: int) -> Message | None:
    """A message of this chat."""
    return _all(chat).filter(id=message_id).first()


def first_hit(chat: Chat, wanted: Sought) -> Message | None:
    """The first message in which all that is searched for is said."""
    said = _all(chat).filter(place__isnull=False)
    return next((message for message in said.iterator(500) if matches(message.text, wanted)), None)


def whole(chat: Chat) -> Iterator[list[Message]]:
    """Everything, some hundred messages at a time."""
    excerpt = beginning(chat)
    yield excerpt.messages
    while excerpt.later:
        excerpt = later_than(chat, excerpt.messages[-1])
        yield excerpt.messages


def _all(chat: Chat) -> "QuerySet[Message]":
    return Message.objects.filter(workspace_id=chat.workspace_id, chat_id=chat.id).order_by("at", "id")


def _before(chat: Chat, message: Message) -> "QuerySet[Message]":
    # The time by itself once more, for the index.
    return _all(chat).filter(Q(at__lt=message.at) | Q(id__lt=message.id), at__lte=message.at)


def _behind(chat: Chat, message: Message) -> "QuerySet[Message]":
    return _all(chat).filter(Q(at__gt=message.at) | Q(id__gt=message.id), at__gte=message.at)
