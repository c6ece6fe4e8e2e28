"""Chats as files: one as text or JSON, any number as JSON Lines. Produced piece by piece, in constant memory."""

import json
from collections.abc import Container, Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from coterie.accounts.models import Workspace
from coterie.audience.columns import hidden_keys
from coterie.audience.models import Scope
from coterie.chats.archive import Wanted, everything
from coterie.chats.excerpt import whole
from coterie.chats.models import Chat, Message, Sender
from coterie.core.clock import iso
from coterie.core.ids import to_public
from coterie.people.models import Person

_CHATS = 100
# Bytes.
_PIECE = 1 << 18
_encode = json.JSONEncoder(ensure_ascii=False).encode
Hidden = Mapping[Scope, Container[str]]


def json_lines(workspace: Workspace, wanted: Wanted) -> Iterator[bytes]:
    """All chats that are wanted, one JSON object a line, in the order of the list."""
    return _gathered(_lines(workspace, wanted))


def _gathered(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same in pieces of some size: each costs a download a change of threads and a connection to the database."""
    block = b""
    for piece in pieces:
        block += piece
        if len(block) >= _PIECE:
            yield block
            block = b""
    if block:
        yield block


def _lines(workspace: Workspace, wanted: Wanted) -> Iterator[bytes]:
    hidden = hidden_keys(workspace.pk)
    for page in everything(workspace, wanted, _CHATS):
        ids = {found.chat.person_id for found in page.found}
        people = {person.id: person for person in Person.objects.filter(workspace=workspace, id__in=ids)}
        for found in page.found:
            yield from as_json(found.chat, people.get(found.chat.person_id), hidden)


def as_json(chat: Chat, person: Person | None, hidden: Hidden) -> Iterator[bytes]:
    """One chat as an object on a line of its own; some hundred messages at a time."""
    yield _encode(_head(chat, person, hidden)).removesuffix("}").encode() + b', "messages": ['
    first = True
    for messages in whole(chat):
        if messages:
            said = ", ".join(_encode(_message(message, hidden)) for message in messages)
            yield ("" if first else ", ").encode() + said.encode()
            first = False
    yield b"]}\n"


def as_text(chat: Chat, person: Person | None, hidden: Hidden, zone: ZoneInfo) -> Iterator[bytes]:
    """One chat to read: a line per message with its time in `zone`, later lines of a message indented."""
    name = _one_line(_name(person, hidden)) or "User"
    head = [f"Chat {chat.public_id} with {name}", _one_line(f"Session {chat.session_id}")]
    head += [_one_line(f"Story {chat.story}")] if chat.story else []
    head += [_one_line(f"{key}: {value}") for key, value in _shown(chat.attributes, hidden[Scope.SESSION]).items()]
    yield ("\n".join(head) + "\n\n").encode()
    for messages in whole(chat):
        yield "".join(_line(message, name, hidden, zone) for message in messages).encode()


def _head(chat: Chat, person: Person | None, hidden: Hidden) -> dict[str, Any]:
    return {
        "id": chat.public_id,
        "sessionId": chat.session_id,
        "user": {
            "id": to_public(chat.person_id),
            "userId": person.user_id if person else None,
            "name": _name(person, hidden) or None,
        },
        "integration": chat.source,
        "channel": to_public(chat.channel_id),
        "story": chat.story,
        "startedAt": iso(chat.started_at),
        "lastAt": iso(chat.last_at),
        "sessionAttributes": _shown(chat.attributes, hidden[Scope.SESSION]),
    }


def _message(message: Message, hidden: Hidden) -> dict[str, Any]:
    said = {"id": message.public_id, "from": message.sender, "text": message.text, "at": iso(message.at)}
    return {**_payload(message, hidden), **said}


def _payload(message: Message, hidden: Hidden) -> dict[str, Any]:
    payload = dict(message.payload or {})
    for name, scope in (("attributes", Scope.PERSON), ("sessionAttributes", Scope.SESSION)):
        if name in payload:
            payload[name] = _shown(payload[name], hidden[scope])
    return payload


def _line(message: Message, name: str, hidden: Hidden, zone: ZoneInfo) -> str:
    at = message.at.astimezone(zone)
    who = {Sender.USER.value: name, Sender.BOT.value: "Bot"}.get(message.sender, "Event")
    payload = _payload(message, hidden)
    if payload.get("refused"):
        who += " (refused, banned)"
    said = message.text or (_encode(payload) if message.sender == Sender.EVENT and payload else "")
    extra = [f"[image] {payload['image']}"] if "image" in payload else []
    extra += [f"[file] {file['name']} {file['url']}" for file in payload.get("files", ())]
    extra += ["[buttons] " + " | ".join(b["title"] for b in payload["buttons"])] if payload.get("buttons") else []
    extra = [_one_line(line) for line in extra]
    words = "\n    ".join(["\n    ".join(said.splitlines()), *extra] if said else extra)
    return f"{at:%Y-%m-%d %H:%M:%S} {who}: {words}\n"


def _one_line(text: str) -> str:
    """Without line breaks, so that nothing looks like a line of somebody else's."""
    return " ".join(text.splitlines())


def _name(person: Person | None, hidden: Hidden) -> str:
    known = _shown(person.attributes, hidden[Scope.PERSON]) if person else {}
    return str(known.get("default_name", ""))


def _shown(known: Mapping[str, Any], hidden: Container[str]) -> dict[str, Any]:
    return {key: value for key, value in known.items() if key not in hidden}
