"""Reading chats: of a workspace (the archives), of a person, one. Few queries, however many chats there are."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Left

from coterie.accounts.models import Workspace
from coterie.chats.models import Chat, Message, Sender
from coterie.chats.recording import IDLE
from coterie.people.models import Person

# Characters of what a person said first in a chat.
FIRST_WORDS = 200
# Of the newest chats of a person; those before are hardly the last one.
_LOOKED_AT = 20


@dataclass(frozen=True, slots=True)
class Conversation:
    """A chat with its person and what was said, in order. Reported events are not among the messages."""

    chat: Chat
    person: Person | None
    messages: list[Message] = field(default_factory=list)


def latest(workspace: Workspace, before: dt.datetime | None, limit: int) -> list[Conversation]:
    """The newest chats that a person took part in, begun before `before`, with everything said: three queries."""
    chats = _of_somebody(workspace).filter(by_user=True)
    if before is not None:
        chats = chats.filter(started_at__lt=before)
    return _complete(workspace, list(chats.order_by("-started_at", "-id")[:limit]))


def one(workspace: Workspace, chat_id: int) -> Conversation | None:
    """The chat, or None when it is not in this workspace: three queries."""
    chats = list(_of_somebody(workspace).filter(id=chat_id))
    return _complete(workspace, chats)[0] if chats else None


def of_person(workspace: Workspace, person_id: int, limit: int) -> list[Chat]:
    """The newest chats of a person, without what was said."""
    chats = Chat.objects.filter(workspace=workspace, person_id=person_id, by_user=True)
    return list(chats.order_by("-last_at", "-id")[:limit])


def chats_before(workspace: Workspace, person_id: int, chat_id: int | None, limit: int) -> list[Chat]:
    """The chats of a person that ended before the chat of that id did (None: the newest), newest first: one query, or
    two. Each has `first_words`, the first that the person said in it, at most 200 characters of them.
    """
    chats = Chat.objects.filter(workspace=workspace, person_id=person_id)
    last = chats.filter(id=chat_id).values_list("last_at", flat=True).first() if chat_id is not None else None
    if last is not None:
        chats = chats.filter(Q(last_at__lt=last) | Q(last_at=last, id__lt=chat_id), last_at__lte=last)
    said = Message.objects.filter(workspace=workspace, chat_id=OuterRef("id"), sender=Sender.USER)
    first = Subquery(said.order_by("at", "id").values(words=Left("text", FIRST_WORDS))[:1])
    return list(chats.filter(by_user=True).annotate(first_words=first).order_by("-last_at", "-id")[:limit])


def chat_of(workspace: Workspace, person_id: int, chat_id: int) -> Chat | None:
    """One chat of the person, without what was said; None when it is not theirs."""
    return Chat.objects.filter(workspace=workspace, person_id=person_id, id=chat_id).first()


def latest_sessions(workspace: Workspace, person_id: int, limit: int) -> list[Chat]:
    """The newest chats of a person that say anything about them: they spoke, or the chat collected values."""
    chats = Chat.objects.filter(workspace=workspace, person_id=person_id).order_by("-last_at", "-id")
    return [chat for chat in chats[:_LOOKED_AT] if chat.by_user or chat.attributes][:limit]


def refused_since(workspace: Workspace, person_id: int, since: dt.datetime) -> tuple[int, Message | None]:
    """(how many messages of a banned person were refused in chats since then, the last of them): one query.

    Of the newest 20 chats, and at most 1,000, so that somebody who goes on writing for a year costs no more.
    """
    # What is refused in a running chat does not prolong it.
    chats = Chat.objects.filter(workspace=workspace, person_id=person_id, last_at__gte=since - IDLE)
    newest = chats.order_by("-last_at").values("id")[:_LOOKED_AT]
    said = Message.objects.filter(workspace=workspace, chat_id__in=newest, at__gte=since)
    found = list(said.filter(sender=Sender.USER, payload__refused=True).order_by("-at", "-id").defer("text")[:1_000])
    return len(found), found[0] if found else None


def _of_somebody(workspace: Workspace) -> "QuerySet[Chat]":
    """Chats whose person is there. Those of a deleted person wait for 30 days in case the person comes back."""
    person = Person.objects.filter(workspace=workspace, id=OuterRef("person_id"))
    return Chat.objects.filter(Exists(person), workspace=workspace)


def _complete(workspace: Workspace, chats: Sequence[Chat]) -> list[Conversation]:
    wanted = {chat.person_id for chat in chats}
    people = {person.id: person for person in Person.objects.filter(workspace=workspace, id__in=wanted)}
    found = {chat.id: Conversation(chat, people.get(chat.person_id)) for chat in chats}
    said = Message.objects.filter(workspace=workspace, chat_id__in=list(found)).exclude(sender=Sender.EVENT)
    for message in said.order_by("at", "id"):
        if message.chat_id is not None:
            found[message.chat_id].messages.append(message)
    return list(found.values())


def begun_since(
    workspace: Workspace, person_ids: Sequence[int], since: dt.datetime
) -> Iterable[tuple[int, dt.datetime]]:
    """(person, start) of the chats that these people took part in and that were not over before `since`."""
    chats = Chat.objects.filter(workspace=workspace, person_id__in=person_ids, last_at__gte=since, by_user=True)
    return chats.values_list("person_id", "started_at")
