"""The objects of the API, in the spelling of ChatBot's."""

from collections.abc import Container, Mapping
from typing import Any

from ninja import Field, Schema

from coterie.audience.models import Scope
from coterie.audience.rows import Row
from coterie.chats.models import Chat
from coterie.chats.queries import Conversation
from coterie.chats.recording import IDLE
from coterie.core.clock import iso, now
from coterie.core.ids import to_public
from coterie.people.models import Person
from coterie.segments.models import Segment

# Always there in an answer, null when unknown.
DEFAULT_KEYS = tuple(
    f"default_{name}"
    for name in (
        *("email", "name", "url", "avatar", "language", "timezone", "gender"),
        *("ip", "city", "region", "country", "referrer", "username"),
    )
)


class Status(Schema):
    """How it went."""

    code: int
    type: str


class Done(Schema):
    """The answer of a write."""

    timestamp: str
    status: Status


class Created(Done):
    """The answer of a write that made something."""

    id: str


class ErrorStatus(Status):
    """What was wrong: in words, and the parts it was wrong in."""

    message: str
    details: list[dict[str, Any]]


class Error(Schema):
    """Every answer that is no success."""

    timestamp: str
    status: ErrorStatus


# Codes under which every operation may answer with `Error`.
ERRORS = frozenset({401, 403, 404, 422})


class UserBase(Schema):
    """What a user has in lists and alone. `userId` is the channel's or your own id, `id` is ours."""

    id: str
    userId: str
    banned: bool
    attributes: dict[str, Any] = Field(description="The 13 default_* attributes (null when unknown) and custom ones.")
    createdAt: str | None
    lastSeen: str | None


class ListedUser(UserBase):
    """A user in a list. `conversations` is their number."""

    conversations: int


class Users(Schema):
    """A page of users. `count` is the exact number of all that match; `next` is the `after` of the following page."""

    data: list[ListedUser]
    count: int
    next: str | None


class SegmentName(Schema):
    """A segment that a user is in."""

    id: str
    name: str


class ConversationOfUser(Schema):
    """A chat of one user. `messages` is how many."""

    id: str
    source: str
    sessionId: str
    messages: int
    finished: bool
    createdAt: str | None
    updatedAt: str | None


class User(UserBase):
    """One user. `sessionAttributes` were collected in the latest chat; `conversations` are the newest 100 chats."""

    sessionAttributes: dict[str, Any]
    conversations: list[ConversationOfUser]
    segments: list[SegmentName]


class ListedSegment(Schema):
    """A segment and how many users are in it."""

    id: str
    name: str
    users: int
    createdAt: str | None


class Said(Schema):
    """One message; `from` is bot or user."""

    sender: str = Field(alias="from")
    message: str
    createdAt: str | None


class ChatUser(Schema):
    """Who a chat is with."""

    id: str
    name: str | None
    avatar: str | None


class ListedChat(Schema):
    """One chat. `storyId` is always null: stories have names here, no ids."""

    id: str
    storyId: None = None
    user: ChatUser
    source: str
    messages: list[Said]
    finished: bool
    createdAt: str | None
    updatedAt: str | None


class SingleChat(ListedChat):
    """One chat with the attributes that were collected in it."""

    attributes: dict[str, Any]


def attributes(known: dict[str, Any], keys: frozenset[str] | None = None) -> dict[str, Any]:
    """All default attributes, then the known others (of `keys`, if given)."""
    others = {key: value for key, value in known.items() if keys is None or key in keys}
    return {**dict.fromkeys(DEFAULT_KEYS), **others, **{key: known[key] for key in DEFAULT_KEYS if key in known}}


def listed_user(row: Row, keys: frozenset[str] | None) -> dict[str, Any]:
    """A `ListedUser`."""
    return {
        "id": row.public_id,
        "userId": row.user_id,
        "banned": row.banned,
        "attributes": attributes(row.attributes, keys),
        "conversations": row.chats,
        "createdAt": iso(row.created_at),
        "lastSeen": iso(row.last_seen),
    }


def user(
    person: Person, chats: list[Chat], segments: list[Segment], hidden: Mapping[Scope, Container[str]]
) -> dict[str, Any]:
    """A `User`, without the attributes that the workspace has hidden."""
    return {
        "id": person.public_id,
        "userId": person.user_id,
        "banned": person.banned,
        "attributes": attributes(_shown(person.attributes, hidden[Scope.PERSON])),
        "sessionAttributes": _shown(chats[0].attributes, hidden[Scope.SESSION]) if chats else {},
        "conversations": [_conversation(chat) for chat in chats],
        "segments": [{"id": segment.public_id, "name": segment.name} for segment in segments],
        "createdAt": iso(person.created_at),
        "lastSeen": iso(person.last_seen),
    }


def segment(row: Segment, users: int) -> dict[str, Any]:
    """A `ListedSegment`."""
    return {"id": row.public_id, "name": row.name, "users": users, "createdAt": iso(row.created_at)}


def chat(conversation: Conversation, hidden: Mapping[Scope, Container[str]]) -> dict[str, Any]:
    """A `SingleChat`, and without `attributes` a `ListedChat`; without what the workspace has hidden."""
    row, person = conversation.chat, conversation.person
    known = _shown(person.attributes, hidden[Scope.PERSON]) if person else {}
    return {
        "id": row.public_id,
        "storyId": None,
        "user": {
            "id": to_public(row.person_id),
            "name": known.get("default_name"),
            "avatar": known.get("default_avatar"),
        },
        "source": row.source,
        "messages": [
            {"from": message.sender, "message": message.text, "createdAt": iso(message.at)}
            for message in conversation.messages
        ],
        "finished": _finished(row),
        "createdAt": iso(row.started_at),
        "updatedAt": iso(row.last_at),
        "attributes": _shown(row.attributes, hidden[Scope.SESSION]),
    }


def _shown(known: dict[str, Any], hidden: Container[str]) -> dict[str, Any]:
    return {key: value for key, value in known.items() if key not in hidden}


def _conversation(row: Chat) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "source": row.source,
        "sessionId": row.session_id,
        "messages": row.messages,
        "finished": _finished(row),
        "createdAt": iso(row.started_at),
        "updatedAt": iso(row.last_at),
    }


def _finished(row: Chat) -> bool:
    return row.last_at + IDLE < now()
