"""Invents people, their chats and their segments, chunk by chunk; knows nothing of a database.

A chunk depends on the plan and its own number alone, and memory stays constant. Rows are plain tuples with
times as text and attributes as JSON, ready to be written; they point at each other by position in the chunk.
"""

import datetime as dt
import json
import math
from dataclasses import dataclass, field
from random import Random

from coterie.demo.dialogues import ENGLISH, LANGUAGES, ROASTS, Dialogue
from coterie.demo.dice import Roll, pick
from coterie.demo.profile import Attributes, habits, profile

CHUNK = 10_000
SEGMENTS = (
    "Newsletter",
    "VIP roasters' club",
    "Wholesale leads",
    "Gift buyers 2025",
    "Spring tasting RSVPs",
)
# What the shop calls its bot's scenarios.
STORIES = {
    "order": "Order help",
    "refund": "Order help",
    "hours": "Opening hours",
    "roast": "Find your roast",
    "gift": "Gifts",
    "subscription": "Subscriptions",
    "wholesale": "Wholesale leads",
    "human": "Talk to a person",
}
# A widget makes up UUIDs that start with the time, an app knows its customers by number. Both grow with the
# serial number: that keeps unique indexes fast to fill and tells where an earlier filling ended.
WIDGET_IDS, APP_IDS = 0x0190_0000_0000, "fernhill-app-"

_MINUTE, _HOUR, _DAY = 60_000, 3_600_000, 86_400_000
_SPAN = 730 * _DAY
_MOST_CHATS = 40
_EPOCH_DAY = dt.date(1970, 1, 1).toordinal()
_END_OF_2025 = (dt.date(2026, 1, 1).toordinal() - _EPOCH_DAY) * _DAY
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


@dataclass(frozen=True, slots=True)
class Plan:
    """What to invent: `people` people in chunks from number `first` on, none seen after `until` (Unix ms)."""

    seed: int
    people: int
    chats_per_person: float
    until: int
    first: int = 0

    @property
    def chunks(self) -> range:
        """The numbers of the chunks."""
        return range(self.first, self.first - (-self.people // CHUNK))


@dataclass(slots=True)
class Chunk:
    """Rows of up to `CHUNK` people."""

    # user id, source, attributes, created, last seen, chats
    people: list[tuple[str, str, str, str, str, int]] = field(default_factory=list)
    # position of the person, session id, started, last, messages, story, attributes
    chats: list[tuple[int, str, str, str, int, str, str]] = field(default_factory=list)
    # position of the chat, native id, sender, text, at
    messages: list[tuple[int, str, str, str, str]] = field(default_factory=list)
    # position of the person, position of the segment, joined
    memberships: list[tuple[int, int, str]] = field(default_factory=list)


def stamp(moment: int) -> str:
    """Unix milliseconds as Django writes a time to SQLite; PostgreSQL reads it too, in a session in UTC."""
    day, rest = divmod(moment, _DAY)
    date = _dates.get(day)
    if date is None:
        date = _dates[day] = dt.date.fromordinal(_EPOCH_DAY + day).isoformat()
    minute, ms = divmod(rest, _MINUTE)
    second, ms = divmod(ms, 1000)
    # Django leaves out a fraction of zero.
    return f"{date} {_CLOCK[minute]}:{second:02d}.{ms:03d}000" if ms else f"{date} {_CLOCK[minute]}:{second:02d}"


_CLOCK = tuple(f"{hour:02d}:{minute:02d}" for hour in range(24) for minute in range(60))
_dates: dict[int, str] = {}


def invent(plan: Plan, number: int) -> Chunk:
    """Chunk `number` of the plan."""
    rng = Random(f"{plan.seed}:{number}")  # noqa: S311
    chunk = Chunk()
    start = (number - plan.first) * CHUNK
    for position in range(min(CHUNK, plan.people - start)):
        _person(rng, plan, chunk, number * CHUNK + position, start + position)
    return chunk


def _person(rng: Random, plan: Plan, chunk: Chunk, serial: int, rank: int) -> None:
    """Adds one person; `rank` is their place in the order of arrival."""
    roll = rng.random
    source = "widget" if roll() < 0.62 else "api"
    known = profile(roll, serial, source)
    created = last_seen = _arrival(roll, plan, rank)
    talk = _Talk(roll, chunk, known, f"demo-{serial:09x}")
    ends = _visits(roll, plan, created)
    if ends:
        starts = [talk.chat(end) for end in ends]
        created, last_seen = starts[0], ends[-1]
    habits(roll, known, _year(plan.until))
    position = len(chunk.people)
    for segment, joined in _segments(roll, known, talk.topics, created, last_seen):
        chunk.memberships.append((position, segment, stamp(min(joined, plan.until))))
    user_id = _widget_id(rng, serial) if source == "widget" else f"{APP_IDS}{serial:010d}"
    chunk.people.append((user_id, source, _encode(known), stamp(created), stamp(last_seen), len(ends)))


def _widget_id(rng: Random, serial: int) -> str:
    """A version 7 UUID whose time is the serial number."""
    moment, tail = WIDGET_IDS + serial, rng.getrandbits(74)
    head = f"{moment >> 16:08x}-{moment & 0xFFFF:04x}-7{tail >> 62:03x}"
    return f"{head}-{0x8000 | tail >> 48 & 0x3FFF:04x}-{tail & 0xFFFF_FFFF_FFFF:012x}"


def _year(moment: int) -> int:
    return dt.date.fromordinal(_EPOCH_DAY + moment // _DAY).year


def _arrival(roll: Roll, plan: Plan, rank: int) -> int:
    """When a person was first here: ever more towards `until`, the last one within minutes of it.

    People arrive in the order of their rank, so that times grow along with row ids and revisions as they do in
    life, and indexes on times are filled at their end, not all over.
    """
    if rank == plan.people - 1:
        return plan.until - int(roll() * 3 * _MINUTE)
    share = (plan.people - rank - roll()) / plan.people
    return plan.until - int(_SPAN * share**1.6)


def _visits(roll: Roll, plan: Plan, first: int) -> list[int]:
    """When each chat of a person ended, who had the first one at `first`."""
    average = plan.chats_per_person
    if average <= 1:
        return [first] if roll() < average else []
    count = 1 + min(_MOST_CHATS, int(math.log(1 - roll()) / math.log(1 - 1 / average)))
    ends = [first]
    # An hour at least lies between two chats; who arrived just now has not been here often.
    for left in range(min(count - 1, (plan.until - first) // _HOUR), 0, -1):
        free = plan.until - ends[-1] - left * _HOUR
        ends.append(ends[-1] + _HOUR + int(min(-20 * _DAY * math.log(1 - roll()), roll() * free)))
    return ends


class _Talk:
    """The chats of one person."""

    __slots__ = ("_chunk", "_known", "_language", "_prefix", "_roll", "_said", "topics")

    def __init__(self, roll: Roll, chunk: Chunk, known: Attributes, prefix: str) -> None:
        self._roll = roll
        self._chunk = chunk
        self._known = known
        self._prefix = prefix
        self._language = LANGUAGES.get(known["default_language"], ENGLISH)
        self._said = 0
        self.topics: set[str] = set()

    def chat(self, end: int) -> int:
        """Adds a chat that ends at `end`, and returns when it began."""
        roll, chunk = self._roll, self._chunk
        dialogue = self._language.dialogues.pick(roll)
        self.topics.add(dialogue.topic)
        words, attributes = self._words(dialogue)
        said: list[tuple[str, str, int]] = []
        moment = choice = 0
        for turn in dialogue.turns:
            if turn.may_end and roll() < 0.25:
                break
            choice = choice % len(turn.ways) if turn.answers else int(roll() * len(turn.ways))
            text = turn.ways[choice]
            if "{" in text:
                text = text.format_map(words)
            said.append((turn.sender, text, moment))
            # The bot answers at once; people read, think and type.
            moment += 700 + int(roll() * (1_800 if turn.sender == "user" else 40_000))
        start = end - said[-1][2]
        self._chunk.messages.extend(
            (len(chunk.chats), f"{self._prefix}-{number:04d}", sender, text, stamp(start + after))
            for number, (sender, text, after) in enumerate(said, self._said)
        )
        session = f"{self._prefix}-s{self._said:04d}"
        chunk.chats.append(
            (len(chunk.people), session, stamp(start), stamp(end), len(said), STORIES[dialogue.topic], attributes)
        )
        self._said += len(said)
        return start

    def _words(self, dialogue: Dialogue) -> tuple[dict[str, str], str]:
        """What the gaps of a dialogue are filled with, and the attributes of the chat as JSON."""
        roll, language = self._roll, self._language
        words = {"day": pick(roll, language.days), "city": self._known.get("default_city", "Fernhill")}
        session = {"topic": dialogue.topic}
        if dialogue.orders:
            words["order"] = session["order_number"] = f"FH-{10_000 + int(roll() * 90_000)}"
            if roll() < 0.15:
                self._known["order_number"] = words["order"]
        if dialogue.roasts:
            roast = int(roll() * len(ROASTS))
            words["roast"] = language.roasts[roast]
            self._known["favorite_roast"] = ROASTS[roast]
        return words, _encode(session)


def _segments(roll: Roll, known: Attributes, topics: set[str], created: int, last_seen: int) -> list[tuple[int, int]]:
    """The segments somebody is in, by position in `SEGMENTS`, and since when."""
    joined = created + int(roll() * (last_seen - created))
    found = []
    if known.get("newsletter"):
        found.append((0, joined))
    if known.get("orders", 0) >= 20 and known["plan"] != "free":
        found.append((1, last_seen))
    if "wholesale" in topics or (known.get("plan") == "team" and roll() < 0.15):
        found.append((2, last_seen))
    if created < _END_OF_2025 and roll() < (0.5 if "gift" in topics else 0.04):
        # People buy gifts in the six weeks before the end of the year.
        found.append((3, max(created, _END_OF_2025 - 1 - int(roll() * 42 * _DAY))))
    if "default_email" in known and roll() < 0.012:
        found.append((4, last_seen))
    return found
