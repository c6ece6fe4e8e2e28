"""The same story told in two workspaces: in one people are merged and taken apart, in the other they never are."""

import datetime as dt
import itertools
import secrets
from collections import defaultdict
from typing import Any

from coterie.accounts.models import Workspace
from coterie.channels.events import parse_events
from coterie.channels.inbox import Receipt, receive
from coterie.channels.models import Channel
from coterie.chats.models import Chat, Message
from coterie.core.clock import UTC, iso
from coterie.core.ids import new_id, to_public
from coterie.journal.commit import commit
from coterie.people.changes import People
from coterie.people.models import Identity, Person
from coterie.profile import notes
from coterie.profile.models import Note
from coterie.segments.catalogue import create
from coterie.segments.models import Membership, Segment
from tests.makers import put_in, take_out

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=UTC)


class World:
    """A workspace with two channels and two manual segments, and what can happen there."""

    def __init__(self) -> None:
        self.workspace = Workspace.objects.create(name=f"World {secrets.token_hex(4)}")
        self.channels = [Channel.objects.create(workspace=self.workspace, kind="api", name=name) for name in "AB"]
        self.segments = [create(self.workspace, name, "test") for name in ("News", "Sales")]
        self._numbers = itertools.count()

    def say(self, user_id: str, minute: int = 0, channel: int = 0, **more: Any) -> Receipt:
        """`user_id` writes something; returns the receipt."""
        number = next(self._numbers)
        event = {
            "messageId": f"m{number}",
            "userId": user_id,
            "message": f"{user_id} says {number}",
            "timestamp": iso(NOON + dt.timedelta(minutes=minute)),
            **more,
        }
        return receive(self.channels[channel], parse_events(event))

    def person(self, user_id: str) -> Person:
        return Person.objects.get(workspace=self.workspace, user_id=user_id)

    def edit(self, user_id: str, **values: object) -> None:
        """A member sets values; None removes one."""

        def work(tx):
            people = People.lock(tx, [self.person(user_id).id])
            (person,) = people
            people.set(person, {key: value for key, value in values.items() if value is not None}, tx.at)
            people.unset(person, [key for key, value in values.items() if value is None])
            people.save()

        commit(self.workspace.pk, "member:1", work)

    def put(self, user_id: str, segment: Segment, inside: bool) -> None:
        """A member puts them in a segment, or takes them out."""
        change = put_in if inside else take_out
        change(self.workspace, "member:1", [segment.id], [self.person(user_id).id])

    def note(self, user_id: str, text: str) -> int:
        """A member writes a note about them; returns its id."""
        note_id = new_id()
        notes.add(self.workspace, "member:1", self.person(user_id).id, note_id, text)
        return note_id

    def everything(self) -> dict[str, Any]:
        """Who everybody is and what belongs to them, by user id; ids of rows do not matter."""
        chats: dict[int, list[Any]] = defaultdict(list)
        for chat in Chat.objects.filter(workspace=self.workspace):
            said = Message.objects.filter(workspace=self.workspace, chat_id=chat.id).order_by("at", "native_id")
            origin = chat.origin_id
            chats[chat.person_id].append((chat.started_at, chat.last_at, chat.messages, [m.text for m in said], origin))
        names = {segment.id: segment.name for segment in self.segments}
        found = {}
        about = Note.objects.filter(workspace=self.workspace)
        for person in Person.objects.filter(workspace=self.workspace):
            inside = Membership.objects.filter(workspace=self.workspace, person_id=person.id)
            addresses = Identity.objects.filter(workspace=self.workspace, person_id=person.id)
            channels = [channel.id for channel in self.channels]
            found[person.user_id] = {
                "attributes": person.attributes,
                "banned": person.banned,
                "created_at": person.created_at,
                "last_seen": person.last_seen,
                "chats": person.chats,
                "segments": sorted(names[row.segment_id] for row in inside),
                "identities": sorted((channels.index(a.channel_id), a.native_id, a.origin_id) for a in addresses),
                "said": sorted(chats[person.id], key=repr),
                "notes": sorted((note.text, note.origin_id) for note in about.filter(person_id=person.id)),
            }
        return found


def public(person: Person) -> str:
    return to_public(person.id)
