"""From the cells of a row to values of a person."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from coterie.audience.columns import Catalogue, Type
from coterie.core.clock import EARLIEST, UTC, not_in_future
from coterie.core.text import clean
from coterie.people.attributes import MAX_ATTRIBUTES, Refused, Value, validated
from coterie.transfers.guard import unguard

MAX_USER_ID = 256
_WHOLE = re.compile(r"[+-]?[0-9]{1,19}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?")
_BIGGEST = 1 << 63


@dataclass(frozen=True, slots=True)
class Record:
    """One row, understood. `empty` are the attributes whose cell is empty."""

    number: int
    cells: list[str]
    user_id: str
    values: dict[str, Value]
    empty: frozenset[str]
    first_seen: dt.datetime | None
    last_seen: dt.datetime | None

    @property
    def email(self) -> str:
        """The e-mail address, or nothing."""
        return str(self.values.get("default_email", ""))


def record(number: int, cells: Sequence[str], keys: Sequence[str | None], catalogue: Catalogue) -> Record:
    """The record behind a row; raises Refused."""
    texts = {key: clean(unguard(cell)) for key, cell in zip(keys, cells, strict=True) if key is not None}
    user_id = texts.pop("userId", "")
    if len(user_id) > MAX_USER_ID:
        raise Refused("userId", f"{len(user_id):,} characters; at most {MAX_USER_ID}.")
    times = {key: _time(key, texts.pop(key, "")) for key in ("createdAt", "lastSeen")}
    raw: dict[str, Any] = {key: _typed(text, key, catalogue) for key, text in texts.items() if text}
    values: dict[str, Value] = {}
    # A file may have more columns than one call of the API may have attributes.
    for start in range(0, len(raw), MAX_ATTRIBUTES):
        values |= validated(dict(islice(raw.items(), start, start + MAX_ATTRIBUTES)))
    if not user_id and "default_email" not in values:
        raise Refused("userId", "the row has neither a user id nor an e-mail address.")
    empty = frozenset(key for key, text in texts.items() if not text)
    return Record(number, list(cells), user_id, values, empty, times["createdAt"], times["lastSeen"])


def differing(attributes: Mapping[str, Value], values: Mapping[str, Value]) -> dict[str, Value]:
    """Those values that the person does not have already, in whatever type they are stored."""
    return {key: value for key, value in values.items() if key not in attributes or not _same(attributes[key], value)}


def _same(stored: Value, value: Value) -> bool:
    if isinstance(stored, bool) or isinstance(value, bool):
        return str(stored).lower() == str(value).lower()
    if isinstance(stored, str) and isinstance(value, str):
        return stored == value
    try:
        return float(stored) == float(value)
    except ValueError:
        return False


def _typed(text: str, key: str, catalogue: Catalogue) -> Value:
    """Numbers and booleans of attributes that have them; everything else is text."""
    # Hiding is about looking: a file still fills the attribute.
    column = catalogue.get(key) or catalogue.hidden.get(key)
    if column is None or column.is_default:
        return text
    if column.type == Type.BOOLEAN and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if column.type == Type.NUMBER and _NUMBER.fullmatch(text) and abs(float(text)) < _BIGGEST:
        return int(text) if _WHOLE.fullmatch(text) else float(text)
    return text


def _time(key: str, text: str) -> dt.datetime | None:
    if not text:
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Refused(key, f"“{text[:100]}” is not a time such as 2026-11-23T17:40:00Z.") from error
    if moment < EARLIEST:
        raise Refused(key, f"“{text[:100]}” is before the year 2000.")
    return not_in_future(moment)
