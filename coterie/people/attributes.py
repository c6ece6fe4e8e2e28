"""Attributes as they arrive from outside: named fields only, cleaned and limited.

Limits (documented for API clients): 99 attributes at a time, names of 1–128 and values of 1–1024 characters,
`default_name` 256. A value is a text, a finite number or true/false. Missing, null and empty are "not known" and never
overwrite anything.
"""

import datetime as dt
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.core.cache import cache
from django.db import transaction

from coterie.audience.columns import DEFAULT_KEYS, RESERVED_KEYS
from coterie.audience.models import Attribute, AttributeType, Scope
from coterie.core.cldr import ONE_NAME
from coterie.core.text import clean

Value = str | int | float | bool
MAX_ATTRIBUTES = 99
MAX_KEY = 128
MAX_VALUE = 1024
MAX_NAME = 256
# Enough for any bot; a sender that invents a new name with every message would otherwise fill the catalogue.
MAX_CATALOGUE = 2_000
_BIGGEST = 1 << 63
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?)?")


class Refused(ValueError):
    """Something outside the documented limits: which field, and what is allowed."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


class CatalogueFull(Refused):
    """There is no room in the workspace's catalogue for these names, which are not in it."""

    def __init__(self, present: int, names: Collection[str]) -> None:
        super().__init__("attributes", f"this workspace already has {present} attributes; no more can be added.")
        self.names = frozenset(names)


def validated(raw: Any, field: str = "attributes", *, custom_only: bool = False) -> dict[str, Value]:
    """Cleaned attributes without the empty ones; raises Refused.

    `custom_only`: the sender may not write `default_*` names (a stranger's browser, say).
    """
    if raw is None:
        return {}
    if not isinstance(raw, Mapping):
        raise Refused(field, "expected an object of names and values.")
    if len(raw) > MAX_ATTRIBUTES:
        raise Refused(field, f"{len(raw)} attributes; at most {MAX_ATTRIBUTES} at a time.")
    values: dict[str, Value] = {}
    for name, value in raw.items():
        key = _key(name, field, custom_only)
        cleaned = _value(value, key, f"{field}.{key}")
        if cleaned is not None:
            values[key] = cleaned
    return values


def _key(name: Any, field: str, custom_only: bool) -> str:
    key = clean(name) if isinstance(name, str) else ""
    if not 1 <= len(key) <= MAX_KEY:
        raise Refused(field, f"“{clean(str(name))[:40]}” is not a name of 1 to {MAX_KEY} characters.")
    if key.startswith("default_") and (custom_only or key not in DEFAULT_KEYS):
        raise Refused(f"{field}.{key}", "names that begin with default_ are reserved.")
    if key in RESERVED_KEYS and key not in DEFAULT_KEYS:
        raise Refused(f"{field}.{key}", "this name is reserved.")
    return key


def _value(value: Any, key: str, field: str) -> Value | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return value if key not in DEFAULT_KEYS else str(value).lower()
    if isinstance(value, int | float):
        if not -_BIGGEST < value < _BIGGEST:  # Neither is NaN.
            raise Refused(field, "the number is out of range.")
        return value if key not in DEFAULT_KEYS else str(value)
    if not isinstance(value, str):
        raise Refused(field, "expected a text, a number or true/false.")
    longest = MAX_NAME if key == "default_name" else MAX_VALUE
    text = clean(value)
    if len(text) > longest:
        raise Refused(field, f"{len(text):,} characters; at most {longest:,}.")
    return ONE_NAME[key](text) if text and key in ONE_NAME else text or None


def new_attribute(workspace_id: int, key: str, kind: AttributeType, scope: Scope) -> None:
    """Puts an attribute of that type into the catalogue, unless it stands there. Raises Refused: the key or the number.

    Bots need not ask: what they send is put there by `catalogue_keys`, with a guessed type.
    """
    _key(key, "key", custom_only=True)
    present = Attribute.objects.filter(workspace_id=workspace_id, scope=scope)
    if present.count() >= MAX_CATALOGUE:
        raise Refused("key", f"this workspace already has {MAX_CATALOGUE:,} attributes; no more can be added.")
    row = Attribute(workspace_id=workspace_id, scope=scope, key=key, type=kind)
    Attribute.objects.bulk_create([row], ignore_conflicts=True)


def guess_type(value: Value) -> AttributeType:
    """The type of an attribute, judged by its first value. Digits in quotes stay text: they may be a post code."""
    if isinstance(value, bool):
        return AttributeType.BOOLEAN
    if isinstance(value, int | float):
        return AttributeType.NUMBER
    if _TIME.fullmatch(value) and _is_time(value):
        return AttributeType.TIME
    return AttributeType.TEXT


def _is_time(value: str) -> bool:
    try:
        dt.datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def catalogue_keys(
    workspace_id: int,
    sets: Iterable[Mapping[str, Value]],
    scope: Scope = Scope.PERSON,
    types: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Adds the custom names that were never seen before to the workspace's catalogue; returns their types.

    `types` says of which type they are, where it is not the one of their first value.

    Runs outside the journal transaction: a name too many in the catalogue harms nobody, and the cache keeps the
    common case free of queries. Raises CatalogueFull; then none was added.
    """
    place = _place(workspace_id, scope)
    known: frozenset[str] = cache.get(place, frozenset())
    fresh: dict[str, Value] = {}
    for values in sets:
        for key, value in values.items():
            if key not in known and not key.startswith("default_"):
                fresh.setdefault(key, value)
    if not fresh:
        return {}
    existing = set(Attribute.objects.filter(workspace_id=workspace_id, scope=scope).values_list("key", flat=True))
    missing = {key: value for key, value in fresh.items() if key not in existing}
    if len(existing) + len(missing) > MAX_CATALOGUE:
        raise CatalogueFull(len(existing), missing)
    added = {key: str((types or {}).get(key) or guess_type(value)) for key, value in missing.items()}
    recatalogue(workspace_id, added, scope)
    cache.set(place, frozenset(existing | set(missing)), timeout=300)
    return added


def recatalogue(workspace_id: int, types: Mapping[str, str], scope: Scope = Scope.PERSON) -> None:
    """Attributes of these names and types, where there are none."""
    made = [Attribute(workspace_id=workspace_id, scope=scope, key=key, type=kind) for key, kind in types.items()]
    Attribute.objects.bulk_create(made, ignore_conflicts=True)


def uncatalogue(workspace_id: int, keys: Collection[str]) -> dict[str, str]:
    """Removes those that nobody has and the team has said nothing about; returns which, with their types."""
    mine = Attribute.objects.filter(workspace_id=workspace_id, scope=Scope.PERSON, key__in=keys, count__lte=0)
    found = mine.filter(label="", hidden=False)
    gone = dict(found.values_list("key", "type"))
    found.delete()
    transaction.on_commit(lambda: cache.delete(_place(workspace_id, Scope.PERSON)))
    return gone


def _place(workspace_id: int, scope: Scope) -> str:
    return f"attributes:{workspace_id}:{scope}"
