"""What platforms send, in the form that events have. Nobody is there to correct it, so nothing is refused here: what
does not fit is left out or cut.
"""

import datetime as dt
import hashlib
import ipaddress
import json
import re
from collections.abc import Mapping
from typing import Any

from coterie.audience.columns import DEFAULT_KEYS
from coterie.channels.answers import Rejected
from coterie.channels.events import MAX_ID, is_time_zone, normalised
from coterie.core.clock import EARLIEST, UTC, not_in_future
from coterie.core.text import FORBIDDEN, clean
from coterie.people.attributes import MAX_ATTRIBUTES, MAX_NAME, MAX_VALUE, Refused, Value, validated

# What tables of places say where they know nothing.
_PLACES = frozenset(["city", "region", "country", "timezone"])
_SECONDS = re.compile(r"\d{9,11}(\.\d{1,9})?")


def parsed(body: bytes) -> Any:
    """The JSON of a body; raises Rejected 400. NaN and Infinity are not JSON, and neither is another encoding."""
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Rejected(400, f"the body is not JSON in UTF-8: {error}"[:200]) from error


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def stored(data: Any) -> str:
    """JSON as it is kept. Always ASCII, so that no database chokes on what a stranger wrote."""
    return json.dumps(data, separators=(",", ":"))


def text(value: Any, longest: int = MAX_VALUE) -> str:
    """A cleaned text of at most so many characters; empty for anything that is none."""
    return clean(value)[:longest] if isinstance(value, str) else ""


def native(value: Any, longest: int = MAX_ID) -> str:
    """An id of the platform: a text or a whole number; empty for anything else, and for what no id may hold."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 63:
        value = str(value)
    if not isinstance(value, str) or FORBIDDEN.search(value):
        return ""
    value = clean(value)
    return value if len(value) <= longest else digest(value)


def digest(*parts: Any) -> str:
    """A short id of something that has none: the same parts, the same id."""
    return hashlib.sha256(stored(parts).encode()).hexdigest()


def unnamed(data: Any, at: Any, received_at: dt.datetime) -> str:
    """An id of something that has none. If it does not even say when (`at`) it happened or was sent, the same again is
    another one: people say “yes” more than once.
    """
    return digest(data, at if when(at) is not None else received_at.isoformat())


def moment(value: Any, otherwise: dt.datetime) -> dt.datetime:
    """ISO 8601, or seconds or milliseconds since 1970 (as a number or in digits), in whole milliseconds.

    Anything else is `otherwise`; so is a time before the year 2000. A clock ahead of ours is set to now.
    """
    found = when(value)
    if found is None or found < EARLIEST:
        return otherwise
    return not_in_future(found)


def when(value: Any) -> dt.datetime | None:
    """The same without a judgement: None for what is no time."""
    try:
        if isinstance(value, str) and _SECONDS.fullmatch(value):
            value = float(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            found = dt.datetime.fromtimestamp(value / 1000 if value >= 1e11 else value, UTC)
        else:
            found = dt.datetime.fromisoformat(value)
            found = found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        return None
    return found.replace(microsecond=found.microsecond // 1000 * 1000)


def known(**values: Any) -> dict[str, Value]:
    """`default_*` attributes by their names without the prefix. What is empty is left out, and so is an
    "Unknown" place."""
    found: dict[str, Value] = {}
    for name, value in values.items():
        key = f"default_{name}"
        if key not in DEFAULT_KEYS:
            raise ValueError(f"there is no {key}")
        words = text(value, MAX_NAME if name == "name" else MAX_VALUE)
        if words and not (name in _PLACES and words.lower() == "unknown"):
            found[key] = words
    return normalised(found)


def address(value: Any) -> str:
    """An IP address in its usual form; empty for what is none."""
    try:
        return str(ipaddress.ip_address(value)) if isinstance(value, str) else ""
    except ValueError:
        return ""


def zone(value: Any) -> str:
    """The name of a time zone; empty for what is none."""
    return value if isinstance(value, str) and is_time_zone(value) else ""


def inner(values: Any, name: str) -> dict[str, Any]:
    """The object of that name in an object; an empty one when there is none."""
    found = values.get(name) if isinstance(values, dict) else None
    return found if isinstance(found, dict) else {}


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects in a list; none of what is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def custom(values: Mapping[str, Any]) -> tuple[dict[str, Value], list[str]]:
    """(attributes of their own names, names left out). Objects become `outer_inner`, lists their values with commas.

    Names that begin with `default_` are not for the outside.
    """
    found: dict[str, Value] = {}
    left: list[str] = []
    for name, value in _flat(values, "", 0):
        if len(found) >= MAX_ATTRIBUTES:
            left.append(name[:40])
            continue
        try:
            found |= validated({name: value}, custom_only=True)
        except Refused:
            left.append(name[:40])
    return found, left


def _flat(values: Mapping[str, Any], prefix: str, depth: int) -> list[tuple[str, Any]]:
    flat: list[tuple[str, Any]] = []
    for name, value in values.items():
        called = f"{prefix}{name}"
        if isinstance(value, dict) and depth < 3:
            flat += _flat(value, f"{called}_", depth + 1)
        elif isinstance(value, list):
            words = [str(item) for item in value if isinstance(item, str | int | float) and item != ""]
            flat.append((called, ", ".join(words)))
        else:
            flat.append((called, value))
    return flat
