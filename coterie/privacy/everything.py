"""Everything that is known about a person, as one ZIP file: for whoever asks what is stored about them.

`person.json` has who they are, each attribute with who set it and its former values, addresses, segments, notes, the
journal, and whatever else there is in tables about them; of whoever was merged into them, the same of what was theirs.
`chats.jsonl` has a chat in each line, `transcripts.txt` the same to read, in the time zone of the workspace. Attributes
that the workspace has hidden are in it, too: they are stored.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile
from zoneinfo import ZoneInfo

from django.apps import apps
from django.db.models import Model
from django.forms.models import model_to_dict

from coterie.accounts.models import Workspace
from coterie.audience.models import Scope
from coterie.channels.models import Channel
from coterie.chats.exporting import Hidden, as_text
from coterie.chats.models import Chat, Message
from coterie.core.clock import iso, now
from coterie.core.ids import to_public
from coterie.journal.models import JournalEntry, Kind
from coterie.people.models import Identity, Person, Share
from coterie.profile.history import origins
from coterie.profile.models import Note
from coterie.segments.models import Membership, Segment

# What a team does not want to see is stored all the same.
_NOTHING_HIDDEN: Hidden = {Scope.PERSON: (), Scope.SESSION: ()}
# Chats whose messages are read at once.
_CHATS = 200
_SAID_ELSEWHERE = {"people_identity", "segments_membership", "chats_chat", "journal_journalentry", "profile_note"}


def write(workspace: Workspace, person: Person, file: IO[bytes]) -> None:
    """Writes the ZIP file."""
    ids = [person.id, *_merged(workspace, person.id).values_list("id", flat=True)]
    channels = {one.id: one for one in Channel.objects.filter(workspace=workspace)}
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        archive.writestr("person.json", _json(_person(workspace, person, ids, channels), indent=1))
        with archive.open("chats.jsonl", "w", force_zip64=True) as lines:
            for chat, messages in _chats(workspace, person.id):
                lines.write(_json(_chat(chat, messages, channels)).encode() + b"\n")
        with archive.open("transcripts.txt", "w", force_zip64=True) as text:
            for chat, _messages in _chats(workspace, person.id):
                text.writelines(as_text(chat, person, _NOTHING_HIDDEN, ZoneInfo(workspace.time_zone)))
                text.write(b"\n\n")


def _person(workspace: Workspace, person: Person, ids: Sequence[int], channels: dict[int, Channel]) -> dict[str, Any]:
    # Sorted here: for this order SQLite would walk through the journal of the whole workspace.
    entries = sorted(JournalEntry.objects.filter(workspace=workspace, person_id__in=ids), key=lambda one: one.revision)
    addresses = Identity.objects.filter(workspace=workspace, person_id=person.id).order_by("id")
    return {
        "made_at": iso(now()),
        "workspace": workspace.name,
        "id": person.public_id,
        "user_id": person.user_id,
        "banned": person.banned,
        "first_seen": iso(person.created_at),
        "last_seen": iso(person.last_seen),
        "chats": person.chats,
        "attributes": _attributes(workspace, person.id, person.attributes, entries),
        "addresses": [
            {"channel": _channel(one.channel_id, channels), "address": one.native_id, "since": iso(one.created_at)}
            for one in addresses
        ],
        "segments": _segments(workspace, person.id),
        "merged": [
            {
                "id": one.public_id,
                "user_id": one.user_id,
                "attributes": _attributes(workspace, one.id, one.attributes, entries),
                "since": iso(one.merged_at),
            }
            for one in _merged(workspace, person.id)
        ],
        "notes": [
            {"text": one.text, "by": one.author, "at": iso(one.created_at), "edited_at": iso(one.edited_at)}
            for one in Note.objects.filter(workspace=workspace, person_id=person.id).order_by("id")
        ],
        "journal": [_entry(entry) for entry in entries],
        **_others(workspace, ids),
    }


def _merged(workspace: Workspace, person_id: int) -> Any:
    return Share.objects.filter(workspace=workspace, survivor_id=person_id).exclude(id=person_id)


def _attributes(
    workspace: Workspace, person_id: int, values: Mapping[str, Any], entries: Sequence[JournalEntry]
) -> dict[str, Any]:
    """Each value with who set it, when, and what it was before. From the journal of this person only, of all these."""
    found: dict[str, Any] = {key: {"value": value, "former": []} for key, value in sorted(values.items())}
    for entry in entries:
        if entry.person_id == person_id and entry.kind in (Kind.SET, Kind.UNSET):
            for key, value in (entry.before or {}).items():
                place = found.setdefault(key, {"value": None, "former": []})
                place["former"].append({"value": value, "until": iso(entry.at), "changed_by": entry.actor})
    for key, origin in origins(workspace, person_id).items():
        if key in values:
            found[key] |= {"set_by": origin.actor, "at": iso(origin.at)}
    return found


def _segments(workspace: Workspace, person_id: int) -> list[dict[str, Any]]:
    since = dict(
        Membership.objects.filter(workspace=workspace, person_id=person_id).values_list("segment_id", "joined_at")
    )
    rows = Segment.objects.filter(workspace=workspace, id__in=list(since)).order_by("name")
    return [{"name": one.name, "kind": one.kind, "since": iso(since[one.id])} for one in rows]


def _entry(entry: JournalEntry) -> dict[str, Any]:
    values = {"before": entry.before, "after": entry.after}
    return {"at": iso(entry.at), "kind": entry.kind, "by": entry.actor} | {k: v for k, v in values.items() if v}


def _others(workspace: Workspace, ids: Sequence[int]) -> dict[str, Any]:
    """What other tables know about the person: named by their table, as it is stored."""
    found: dict[str, Any] = {}
    for model in apps.get_models():
        table, columns = model._meta.db_table, {field.column for field in model._meta.fields}
        if table not in _SAID_ELSEWHERE and {"workspace_id", "person_id"} <= columns:
            rows = model._default_manager.filter(workspace_id=workspace.pk, person_id__in=ids)
            found[table] = [_plain(row) for row in rows]
    return {table: rows for table, rows in found.items() if rows}


def _plain(row: Model) -> dict[str, Any]:
    values = model_to_dict(row) | {field.name: getattr(row, field.attname) for field in row._meta.fields}
    return {name: value for name, value in values.items() if name not in ("pk", "workspace")}


def _chats(workspace: Workspace, person_id: int) -> Iterator[tuple[Chat, list[Message]]]:
    """Chats with everything said, in order; so many at a time that memory stays small."""
    ids = list(
        Chat.objects.filter(workspace=workspace, person_id=person_id)
        .order_by("started_at", "id")
        .values_list("id", flat=True)
    )
    for start in range(0, len(ids), _CHATS):
        part = ids[start : start + _CHATS]
        chats = {chat.id: chat for chat in Chat.objects.filter(workspace=workspace, id__in=part)}
        said: dict[int, list[Message]] = {row_id: [] for row_id in part}
        for message in Message.objects.filter(workspace=workspace, chat_id__in=part).order_by("at", "id"):
            if message.chat_id is not None:
                said[message.chat_id].append(message)
        yield from ((chats[row_id], said[row_id]) for row_id in part if row_id in chats)


def _chat(chat: Chat, messages: Sequence[Message], channels: dict[int, Channel]) -> dict[str, Any]:
    return {
        "id": chat.public_id,
        "channel": _channel(chat.channel_id, channels),
        "session": chat.session_id,
        "story": chat.story,
        "begun": iso(chat.started_at),
        "ended": iso(chat.last_at),
        "attributes": chat.attributes,
        "messages": [
            {"at": iso(one.at), "from": one.sender, "text": one.text} | ({"more": one.payload} if one.payload else {})
            for one in messages
        ],
    }


def _channel(channel_id: int, channels: dict[int, Channel]) -> str:
    known = channels.get(channel_id)
    return f"{known.name} ({known.kind})" if known else to_public(channel_id)


def _json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent, default=str)
