"""What a filter means, once more: slowly, in plain Python, over people in memory.

Written from the specification (architecture §5 and the docstring of `coterie.audience.rules`), not from the compiler,
and sharing nothing with it but the tree. Where the specification leaves a choice, the choice made is said here:

* **Text** compares without regard to case: letter by letter, each in its lower case of one letter. So `ẞ` is `ß` and
  the Kelvin sign is `k`, but `ß` is not `ss`, and `Σ` is `σ` wherever it stands, never `ς`. `İ` is `i`, `ı` is itself.
  What is stored is composed (NFC) and trimmed, and so is the value of a filter.
* A **number** is a JSON number or a text that is one in digits. Anything else in a column of numbers counts as missing;
  so do `nan` and `inf`.
* **True and false** are JSON's, or those words as text. Anything else counts as missing.
* A **time** is a date, or a date and time, in ISO 8601. Without an offset it is the time on the wall where the
  workspace is, also when it is stored in an attribute; a date is its first moment. What the wall shows twice (when
  clocks go back) is read as the later one in an attribute and as the earlier one in a filter.
* `on`, `before`, `after` and `between` take a date for the whole local day: `after` begins when it is over, `between`
  includes both. They take an exact time for one microsecond.
* `in_last`: minutes and hours are counted exactly; days, weeks and months keep the local time of day, and a day that
  the earlier month does not have becomes its last. It ends now, give or take the minute that clocks may be wrong by.
* A missing value matches no positive rule; a negative rule matches whoever its positive one does not.
"""

import calendar
import datetime as dt
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any as Value
from zoneinfo import ZoneInfo

from coterie.audience.tree import All, Any, Condition, Node, Not, Search

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_ISO = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_MOMENT = dt.timedelta(microseconds=1)
_OPPOSITES = {
    "is_not": "is",
    "none_of": "any_of",
    "not_contains": "contains",
    "is_empty": "is_set",
    "ne": "eq",
    "not_in_last": "in_last",
    "not_in": "in",
}


@dataclass(frozen=True)
class Someone:
    """A person as the system of record has them, with the public ids of their segments."""

    id: int
    user_id: str
    banned: bool
    created_at: dt.datetime
    last_seen: dt.datetime | None
    chats: int
    attributes: dict[str, Value]
    segments: frozenset[str] = field(default=frozenset())


@dataclass(frozen=True)
class Evaluator:
    """Decides person by person. `types` has the type of each attribute, "text" when it is missing."""

    types: dict[str, str]
    now: dt.datetime
    zone: ZoneInfo

    def matches(self, node: Node | None, person: Someone) -> bool:
        """Whether the person is one of those the filter means."""
        match node:
            case None:
                return True
            case Search(text):
                parts = (person.attributes.get(f"default_{part}") for part in ("name", "email", "username"))
                return any(fold(text) in fold(str(part)) for part in (person.user_id, *parts) if part is not None)
            case All(children):
                return all(self.matches(child, person) for child in children)
            case Any(children):
                return any(self.matches(child, person) for child in children)
            case Not(child):
                return not self.matches(child, person)
            case Condition(attribute, rule, values):
                if rule in _OPPOSITES:
                    return not self._holds(attribute, _OPPOSITES[rule], values, person)
                return self._holds(attribute, rule, values, person)

    def _holds(self, attribute: str, rule: str, values: tuple[str, ...], person: Someone) -> bool:
        kind = self.types.get(attribute, "text")
        if kind == "segment":
            return not person.segments.isdisjoint(values)
        found = self.value(attribute, kind, person)
        if found is None:
            return False
        if rule == "is_set":
            return True
        compare: Callable[..., bool] = getattr(self, f"_{kind}_{rule}")
        return compare(found, *values)

    def value(self, attribute: str, kind: str, person: Someone) -> Value:
        """The person's value of that type; None when it is missing or not of the type."""
        own = {
            "userId": person.user_id,
            "banned": person.banned,
            "lastSeen": person.last_seen,
            "createdAt": person.created_at,
            "chats": person.chats,
        }
        raw = own[attribute] if attribute in own else person.attributes.get(attribute)
        read: Callable[[Value], Value] = getattr(self, f"_{kind}")
        return None if raw is None else read(raw)

    # What a stored value is, by type.

    @staticmethod
    def _text(raw: Value) -> str:
        return fold(str(raw).lower() if isinstance(raw, bool) else str(raw))

    @staticmethod
    def _number(raw: Value) -> float | None:
        if isinstance(raw, bool) or (isinstance(raw, str) and not _NUMBER.fullmatch(raw)):
            return None
        return float(raw)

    @staticmethod
    def _boolean(raw: Value) -> bool | None:
        return {"true": True, "false": False}.get(str(raw).lower())

    def _time(self, raw: Value) -> dt.datetime | None:
        if isinstance(raw, dt.datetime):
            return raw
        moment = _iso(raw) if isinstance(raw, str) else None
        if moment is None or moment.tzinfo is not None:
            return moment
        return max(self._utc(moment.replace(fold=fold)) for fold in (0, 1))

    # Rules by type.

    @staticmethod
    def _text_is(found: str, value: str) -> bool:
        return found == fold(value)

    @staticmethod
    def _text_any_of(found: str, *values: str) -> bool:
        return any(found == fold(value) for value in values)

    @staticmethod
    def _text_contains(found: str, value: str) -> bool:
        return fold(value) in found

    @staticmethod
    def _text_starts_with(found: str, value: str) -> bool:
        return found[: len(fold(value))] == fold(value)

    @staticmethod
    def _text_ends_with(found: str, value: str) -> bool:
        return found[max(len(found) - len(fold(value)), 0) :] == fold(value)

    @staticmethod
    def _number_eq(found: float, value: str) -> bool:
        return found == float(value)

    @staticmethod
    def _number_gt(found: float, value: str) -> bool:
        return found > float(value)

    @staticmethod
    def _number_gte(found: float, value: str) -> bool:
        return found >= float(value)

    @staticmethod
    def _number_lt(found: float, value: str) -> bool:
        return found < float(value)

    @staticmethod
    def _number_lte(found: float, value: str) -> bool:
        return found <= float(value)

    @staticmethod
    def _number_between(found: float, one: str, other: str) -> bool:
        low, high = min(float(one), float(other)), max(float(one), float(other))
        return low <= found <= high

    @staticmethod
    def _boolean_is_true(found: bool) -> bool:
        return found

    @staticmethod
    def _boolean_is_false(found: bool) -> bool:
        return not found

    def _time_on(self, found: dt.datetime, value: str) -> bool:
        first, end = self._span(value)
        return first <= found < end

    def _time_before(self, found: dt.datetime, value: str) -> bool:
        return found < self._span(value)[0]

    def _time_after(self, found: dt.datetime, value: str) -> bool:
        return found >= self._span(value)[1]

    def _time_between(self, found: dt.datetime, one: str, other: str) -> bool:
        (first, _), (_, end) = sorted((self._span(one), self._span(other)))
        return first <= found < end

    def _time_in_last(self, found: dt.datetime, value: str) -> bool:
        return self._ago(value) <= found <= self.now + dt.timedelta(minutes=1)

    # Time.

    def _span(self, text: str) -> tuple[dt.datetime, dt.datetime]:
        moment = _iso(text)
        assert moment is not None, text
        if len(text) == len("2026-11-23"):
            return self._utc(moment), self._utc(moment + dt.timedelta(days=1))
        first = self._utc(moment) if moment.tzinfo is None else moment
        return first, first + _MOMENT

    def _ago(self, text: str) -> dt.datetime:
        amount, unit = text.split()
        number, unit = int(amount), unit.rstrip("s")
        if unit in ("minute", "hour"):
            return self.now - number * {"minute": dt.timedelta(minutes=1), "hour": dt.timedelta(hours=1)}[unit]
        local = self.now.astimezone(self.zone).replace(tzinfo=None)
        if unit != "month":
            return self._utc(local - dt.timedelta(days=number * (7 if unit == "week" else 1)))
        year, month = local.year, local.month
        for _ in range(number):
            year, month = (year, month - 1) if month > 1 else (year - 1, 12)
        last = calendar.monthrange(year, month)[1]
        return self._utc(local.replace(year=year, month=month, day=min(local.day, last)))

    def _utc(self, wall: dt.datetime) -> dt.datetime:
        return wall.replace(tzinfo=self.zone).astimezone(dt.UTC)


def fold(text: str) -> str:
    """Text as it is compared."""
    composed = unicodedata.normalize("NFC", text).strip()
    return "".join("i" if letter == "İ" else letter.lower() for letter in composed)


def _iso(text: str) -> dt.datetime | None:
    found = _ISO.fullmatch(text)
    if not found:
        return None
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    numbers = [int(part or 0) for part in (year, month, day, hour, minute, second)]
    try:
        moment = dt.datetime(*numbers, microsecond=int((fraction or "0").ljust(6, "0")))  # type: ignore[misc]
    except ValueError:
        return None
    if offset is None:
        return moment
    if offset == "Z":
        return moment.replace(tzinfo=dt.UTC)
    sign = -1 if offset[0] == "-" else 1
    return (moment - sign * dt.timedelta(hours=int(offset[1:3]), minutes=int(offset[-2:]))).replace(tzinfo=dt.UTC)
