"""About three hundred people of all kinds: every attribute present, missing, odd, or not what its type says."""

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from coterie.accounts.models import Workspace
from coterie.audience.columns import DEFAULT_KEYS
from coterie.audience.models import Attribute
from coterie.core.ids import new_ids
from coterie.core.text import clean
from coterie.journal.commit import commit
from coterie.people.changes import create_people
from coterie.people.models import Person
from coterie.segments.catalogue import create
from tests.audience.evaluator import Someone
from tests.makers import put_in

# Where and when relative dates are taken: around changes of clocks, at the ends of months, on 29 February.
PLACES = {
    "Europe/Warsaw": dt.datetime(2026, 3, 31, 10, 15, tzinfo=dt.UTC),
    "America/New_York": dt.datetime(2026, 11, 1, 5, 30, tzinfo=dt.UTC),
    "Asia/Kolkata": dt.datetime(2024, 2, 29, 20, 0, tzinfo=dt.UTC),
    "Pacific/Chatham": dt.datetime(2026, 4, 4, 14, 5, tzinfo=dt.UTC),
}
CUSTOM = {
    "plan": "text",
    "Plan": "text",
    "it's": "text",
    "a.b": "text",
    'a b "c"[0]': "text",
    "%_\\": "text",
    "x|y:z&f=q#+": "text",
    "ключ 🔑": "text",
    "' OR 1=1); DROP TABLE people; --": "text",
    "score": "number",
    'größe "cm"': "number",
    "it's won": "boolean",
    "trial's end": "time",
    "$.when": "time",
}
OWN = {"userId": "text", "banned": "boolean", "lastSeen": "time", "createdAt": "time", "chats": "number"}
TYPES = {**dict.fromkeys(DEFAULT_KEYS, "text"), **OWN, **CUSTOM, "segment": "segment"}

TEXTS = [
    clean(text)
    for text in (
        *("Warsaw", "warsaw", "WARSAW ", "New York", "new  york", "United States", "English", "a", "A", "0", "true"),
        *(
            "Straße",
            "STRASSE",
            "ẞ",
            "ß",
            "İstanbul",
            "istanbul",
            "ISTANBUL",
            "ıı",
            "Σίσυφος",
            "ΣΊΣΥΦΟΣ",
            "ς",
            "ﬁn",
            "fin",
        ),
        *(
            "\u212a",
            "k",
            "Å",
            "\u212b",
            "e\u0301",
            "\u00e9",
            "\u00c9",
            "q\u0323\u0307",
            "ǅ",
            "Ⅷ",
            "👩‍👩‍👧",
            "🇵🇱",
            "שלום",
            "مرحبا",
            "\u200fabc",
        ),
        *(
            "50%",
            "50",
            "a_b",
            "aXb",
            "a\\b",
            "a\\",
            "it's",
            'say "hi"',
            "a|b",
            "a:b",
            "a+b@example.com",
            "a&b=c#d",
            "' OR '1'='1",
        ),
        *(
            "john+news@example.com",
            "JOHN@EXAMPLE.COM",
            "x" * 300,
            "--",
            ";",
            "NULL",
            "null",
            "nan",
            "\u00a0",
            "日本",
            "ﾊﾝ",
        ),
        *("2026-03-29", "17", "1.5"),
    )
]
TEXTS = list(dict.fromkeys(filter(None, TEXTS)))
NUMBERS: list[Any] = [
    *(
        0,
        1,
        -1,
        17,
        17.0,
        1.5,
        -2.25,
        0.1,
        9007199254740993,
        123456789.125,
        "17",
        "1.50",
        "+5",
        "-0.5",
        ".5",
        "1e3",
        "007",
    ),
    *(
        "1,5",
        "12 apples",
        "0x10",
        "nan",
        "inf",
        "-Infinity",
        "Infinity",
        "½",
        "1 000",
        "seventeen",
        True,
        False,
        "--1",
        "1-1",
    ),
]
BOOLEANS: list[Any] = [True, False, "true", "FALSE", "True", "yes", "no", 1, 0, "1", "t", "f"]


def _moments() -> list[dt.datetime]:
    """Moments on both sides of every boundary that the filters of the tests can have."""
    found = []
    for name, now in PLACES.items():
        local = now.astimezone(ZoneInfo(name))
        marks = [now, *(now - dt.timedelta(minutes=minutes) for minutes in (30, 60, 1440, 7 * 1440))]
        for days in (0, 1, 2, 3, 7, 28, 29, 30, 31, 32, 60, 366):
            marks += [local - dt.timedelta(days=days), local.replace(hour=0, minute=0) - dt.timedelta(days=days)]
        found += [mark.astimezone(dt.UTC) for mark in marks]
    steps = [dt.timedelta(0), dt.timedelta(milliseconds=-1), dt.timedelta(milliseconds=1), dt.timedelta(seconds=50)]
    return [mark + step for mark in found for step in steps]


MOMENTS = _moments()
ISO = [
    *("2026-03-29", "2026-03-28", "2026-03-30", "2026-11-01", "2026-10-31", "2024-02-29", "2026-04-05", "2026-04-04"),
    *("2026-03-29T02:30", "2026-10-25T02:30:00", "2026-11-01 01:30", "2026-03-29T00:00:00", "2026-03-28T23:59:59.999"),
    *("2026-03-29T00:30Z", "2026-03-29T00:30:00+02:00", "2026-03-29T23:00:00.123456-0500", "2026-04-05T03:30+12:45"),
    *("2024-02-29T20:00:00Z", "2026-03-24T10:15:00+00:00", "2026-03-31 12:15:00", "2026-10-31 01:30:00", "0999-01-01"),
]
TIMES: list[Any] = [
    *ISO,
    *(
        "2026-02-30",
        "2026-13-01",
        "yesterday",
        "now",
        "infinity",
        "-infinity",
        "epoch",
        "23.11.2026",
        "2026",
        2026,
        5.5,
        True,
    ),
]
VALUES: dict[str, list[Any]] = {"text": [*TEXTS, 17, 1.5, True], "number": NUMBERS, "boolean": BOOLEANS, "time": TIMES}


@dataclass(frozen=True)
class Population:
    """A workspace, everybody in it, and the public ids of its segments."""

    workspace: Workspace
    people: Sequence[Someone]
    segments: Sequence[str]


def settle(workspace: Workspace, count: int = 300) -> Population:
    """Fills the workspace; always with the same people."""
    chance = random.Random(2026)
    Attribute.objects.bulk_create(Attribute(workspace=workspace, key=key, type=kind) for key, kind in CUSTOM.items())
    people = [_person(chance, row_id, number) for number, row_id in enumerate(new_ids(count))]
    commit(workspace.pk, "test", lambda tx: create_people(tx, people))
    segments, members = [], {}
    for name in ("Monthly Newsletter", "Leads", "Nobody"):
        segment = create(workspace, name, "test")
        ids = [person.id for person in people if name != "Nobody" and chance.random() < 0.4]
        if ids:
            put_in(workspace, "test", [segment.id], ids)
        segments.append(segment.public_id)
        members[segment.public_id] = set(ids)
    return Population(workspace, [_someone(person, members) for person in people], segments)


def _person(chance: random.Random, row_id: int, number: int) -> Person:
    attributes: dict[str, Any] = {}
    for key in DEFAULT_KEYS:
        if chance.random() < 0.6:
            attributes[key] = chance.choice(TEXTS)
    for key, kind in CUSTOM.items():
        if chance.random() < 0.75:
            attributes[key] = chance.choice(VALUES[kind])
    first, last = sorted((chance.choice(MOMENTS), chance.choice(MOMENTS)))
    return Person(
        id=row_id,
        user_id=clean(f"{chance.choice(TEXTS)[:200]}-{number}"),
        attributes=attributes,
        banned=chance.random() < 0.2,
        created_at=first,
        last_seen=last if chance.random() < 0.9 else None,
        chats=chance.choice((0, 1, 1, 2, 17, 300)),
    )


def _someone(person: Person, members: dict[str, set[int]]) -> Someone:
    inside = frozenset(segment for segment, ids in members.items() if person.id in ids)
    return Someone(
        person.id,
        person.user_id,
        person.banned,
        person.created_at,
        person.last_seen,
        person.chats,
        dict(person.attributes),
        inside,
    )
