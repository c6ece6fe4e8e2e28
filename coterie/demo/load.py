"""Writes invented people into the system of record."""

import datetime as dt
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from coterie.accounts.models import Workspace
from coterie.audience import counts
from coterie.audience.models import Attribute, AttributeType, Scope
from coterie.channels.models import Channel
from coterie.chats.models import Chat
from coterie.chats.saying import Said, store
from coterie.core.bulk import insert
from coterie.core.clock import now
from coterie.core.ids import new_ids, to_public
from coterie.demo.invent import APP_IDS, CHUNK, SEGMENTS, WIDGET_IDS, Chunk, Plan, invent
from coterie.journal.commit import Transaction, commit, take_revisions
from coterie.journal.models import JournalEntry, Kind
from coterie.people.models import Identity, Person
from coterie.segments import growth
from coterie.segments.models import Membership, Segment

ACTOR = "demo"
_WIDGET = {
    "demo": True,
    "title": "Fernhill Coffee",
    "greeting": "Hi! Ask us anything about coffee, orders or the shop.",
    "questions": [
        {"attribute": "default_name", "text": "Before we start: what is your name?"},
        {
            "attribute": "default_email",
            "text": "And where can we write to you? Your e-mail address, please.",
            "type": "email",
        },
    ],
    "thanks": "Thank you! Somebody from the shop will get back to you.",
}
_CHANNELS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("widget", "Demo shop", _WIDGET),
    ("api", "Mobile app", {}),
)
_ATTRIBUTES = (
    ("plan", AttributeType.TEXT, Scope.PERSON),
    ("favorite_roast", AttributeType.TEXT, Scope.PERSON),
    ("grinder", AttributeType.TEXT, Scope.PERSON),
    ("orders", AttributeType.NUMBER, Scope.PERSON),
    ("newsletter", AttributeType.BOOLEAN, Scope.PERSON),
    ("birthday", AttributeType.TIME, Scope.PERSON),
    ("order_number", AttributeType.TEXT, Scope.PERSON),
    ("topic", AttributeType.TEXT, Scope.SESSION),
    ("order_number", AttributeType.TEXT, Scope.SESSION),
)
_Row = tuple[Any, ...]


@dataclass(slots=True)
class Summary:
    """How much was written, and the revision the workspace has now."""

    people: int = 0
    chats: int = 0
    messages: int = 0
    memberships: int = 0
    revision: int = 0


@dataclass(frozen=True, slots=True)
class _Ground:
    """Ids of the rows everything hangs on: channels by kind, segments in the order of `SEGMENTS`."""

    workspace: int
    channels: dict[str, int]
    segments: list[int]


def fill(
    workspace: Workspace,
    people: int,
    chats_per_person: float,
    seed: int,
    progress: Callable[[int], None],
    *,
    until: dt.datetime | None = None,
) -> Summary:
    """Adds invented people who were last seen before `until` (the present by default).

    The same seed and `until` give the same people in every empty workspace, and further ones in one that was
    filled before. `progress` is told how many are written so far, after each transaction of `CHUNK` people.
    """
    end = until or now()
    plan = Plan(seed, people, chats_per_person, int(end.timestamp() * 1000), _next_chunk(workspace))
    ground = _prepare(workspace)
    summary = Summary()
    for number in plan.chunks:
        chunk = invent(plan, number)
        summary.revision = _write(ground, chunk)
        summary.people += len(chunk.people)
        summary.chats += len(chunk.chats)
        summary.messages += len(chunk.messages)
        summary.memberships += len(chunk.memberships)
        progress(summary.people)
    return summary


def _next_chunk(workspace: Workspace) -> int:
    """The first chunk after those of earlier fillings, told from the serial numbers in the user ids."""
    ids = Person.objects.filter(workspace=workspace).order_by("-user_id").values_list("user_id", flat=True)
    app = ids.filter(user_id__gte=f"{APP_IDS}0", user_id__lt=f"{APP_IDS}:").first() or ""
    low, high = f"{WIDGET_IDS >> 16:08x}-", f"{(WIDGET_IDS >> 16) + 0x10000:08x}-"
    widget = ids.filter(user_id__gte=low, user_id__lt=high).first() or ""
    found = [-1]
    if match := re.fullmatch(rf"{APP_IDS}(\d{{10}})", app):
        found.append(int(match[1]))
    if match := re.fullmatch(r"([0-9a-f]{8})-([0-9a-f]{4})-7.*", widget):
        found.append(int(match[1] + match[2], 16) - WIDGET_IDS)
    return max(found) // CHUNK + 1


def _prepare(workspace: Workspace) -> _Ground:
    """Finds or makes channels and segments, and makes the attributes known."""
    channels = {}
    for kind, name, settings in _CHANNELS:
        channel = Channel.objects.filter(workspace=workspace, kind=kind).order_by("id").first()
        channel = channel or Channel.objects.create(workspace=workspace, kind=kind, name=name, settings=settings)
        channels[kind] = channel.id
    segments = []
    for name in SEGMENTS:
        segment = Segment.objects.filter(workspace=workspace, name__iexact=name).first()
        segments.append((segment or Segment.objects.create(workspace=workspace, name=name)).id)
    Attribute.objects.bulk_create(
        (Attribute(workspace=workspace, key=key, type=kind, scope=scope) for key, kind, scope in _ATTRIBUTES),
        ignore_conflicts=True,
    )
    return _Ground(workspace.pk, channels, segments)


def _write(ground: _Ground, chunk: Chunk) -> int:
    """Writes a chunk in one journal transaction and returns the revision after it."""

    def work(tx: Transaction) -> int:
        people = new_ids(len(chunk.people))
        _write_people(ground, chunk, people)
        _write_chats(ground, chunk, people)
        segments, space = ground.segments, ground.workspace
        insert(
            Membership._meta.db_table,
            ("workspace_id", "segment_id", "person_id", "joined_at"),
            ((space, segments[where], people[who], joined) for who, where, joined in chunk.memberships),
        )
        counts.count(tx, _having(attributes for _, _, attributes, *_ in chunk.people))
        counts.count(tx, _having(chat[-1] for chat in chunk.chats), Scope.SESSION)
        for day, joined in _joined(chunk, segments).items():
            tx.last_of_all(partial(growth.add, space, day, joined, {}))
        return _write_journal(ground, chunk, people)

    return commit(ground.workspace, ACTOR, work)


def _joined(chunk: Chunk, segments: list[int]) -> dict[dt.date, Counter[int]]:
    """How many people joined each segment on each day."""
    days: dict[dt.date, Counter[int]] = {}
    for _, where, at in chunk.memberships:
        days.setdefault(dt.date.fromisoformat(at[:10]), Counter())[segments[where]] += 1
    return days


def _having(encoded: Iterable[str]) -> Counter[str]:
    """How many of these sets of attributes have each."""
    return Counter(key for text in encoded for key in json.loads(text))


def _write_people(ground: _Ground, chunk: Chunk, people: list[int]) -> None:
    space, channels = ground.workspace, ground.channels
    insert(
        Person._meta.db_table,
        (
            *("workspace_id", "id", "user_id", "attributes", "banned"),
            *("created_at", "last_seen", "chats", "written_at"),
        ),
        (
            (space, row, user_id, attributes, False, created, seen, chats, created)
            for row, (user_id, _, attributes, created, seen, chats) in zip(people, chunk.people, strict=True)
        ),
    )
    insert(
        Identity._meta.db_table,
        ("workspace_id", "id", "channel_id", "native_id", "person_id", "created_at"),
        (
            (space, row, channels[source], user_id, person, created)
            for row, person, (user_id, source, _, created, _, _) in zip(
                new_ids(len(people)), people, chunk.people, strict=True
            )
        ),
    )


def _write_chats(ground: _Ground, chunk: Chunk, people: list[int]) -> None:
    space, chats = ground.workspace, new_ids(len(chunk.chats))
    sources = [chunk.people[chat[0]][1] for chat in chunk.chats]
    channels = [ground.channels[source] for source in sources]
    insert(
        Chat._meta.db_table,
        (
            *("workspace_id", "id", "person_id", "channel_id", "source"),
            *("session_id", "started_at", "last_at", "messages", "by_user", "attributes", "story"),
        ),
        (
            (space, row, people[who], channel, source, session, started, last, count, True, attributes, story)
            for row, channel, source, (who, session, started, last, count, story, attributes) in zip(
                chats, channels, sources, chunk.chats, strict=True
            )
        ),
    )
    rows = zip(new_ids(len(chunk.messages)), chunk.messages, strict=True)
    store(
        [
            Said(space, row, chats[chat], channels[chat], native_id, sender, text, None, at)
            for row, (chat, native_id, sender, text, at) in rows
        ]
    )


def _write_journal(ground: _Ground, chunk: Chunk, people: list[int]) -> int:
    """Takes the revisions, last of all, and numbers the entries with them.

    The rows are written here and not by `Transaction.record`: they come by the ten thousand, each with a time of its
    own, and go in by COPY or executemany, which takes a fifth of the time of model instances.
    """
    seen, known, joined = Kind.SEEN.value, Kind.SET.value, Kind.JOINED.value
    entries: list[tuple[int, str, str | None, str | None, str]] = []
    for person, (_, _, attributes, created, _, _) in zip(people, chunk.people, strict=True):
        entries.append((person, seen, None, None, created))
        entries.append((person, known, "{}", attributes, created))
    segments = [f'{{"segment":"{to_public(segment)}"}}' for segment in ground.segments]
    entries += [(people[who], joined, None, segments[where], at) for who, where, at in chunk.memberships]
    start = take_revisions(ground.workspace, len(entries))
    insert(
        JournalEntry._meta.db_table,
        ("workspace_id", "revision", "person_id", "kind", "before", "after", "actor", "at"),
        (
            (ground.workspace, revision, person, kind, before, after, ACTOR, at)
            for revision, (person, kind, before, after, at) in enumerate(entries, start + 1)
        ),
    )
    return start + len(entries)
