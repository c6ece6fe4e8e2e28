"""Nested values in a query string, in the three forms that clients send.

`filters[0][type]=banned`, `filters.0.type=banned` and `filters=[{"type":"banned"}]` are the same.
"""

import json
import re
from typing import Any
from urllib.parse import parse_qsl

from coterie.api.envelope import Failed

MAX_FIELDS = 1_000
_PART = re.compile(r"\[([^\[\]]*)\]|\.([^.\[\]]+)")


def pairs_of(query_string: str) -> list[tuple[str, str]]:
    """Decoded names and values in order."""
    try:
        return parse_qsl(query_string, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise Failed(422, f"The query has more than {MAX_FIELDS} parameters.") from error


def nested(pairs: list[tuple[str, str]], name: str) -> Any:
    """The value of `name`: JSON, or put together from its parts; None when it is not there.

    Objects with the keys 0, 1, 2 … are lists. A value of a part is a text; a repeated part is a list of texts.
    """
    root: dict[str, Any] = {}
    for key, value in pairs:
        if key == name:
            return _json(name, value)
        if key.startswith((f"{name}[", f"{name}.")):
            _put(root, _path(key, name), value)
    return _lists(root) if root else None


def _path(key: str, name: str) -> list[str]:
    rest = key[len(name) :]
    path = ["".join(found.groups("")) for found in _PART.finditer(rest)]
    if sum(len(found[0]) for found in _PART.finditer(rest)) != len(rest) or len(path) > 4:
        raise Failed(422, f"The parameter {key[:100]} cannot be understood.", [_detail(key[:100], "wrong form")])
    return path


def _put(root: dict[str, Any], path: list[str], value: str) -> None:
    for part in path[:-1]:
        inner = root.setdefault(part, {})
        if not isinstance(inner, dict):
            raise Failed(422, f"The parameter part {part[:100]} has a value and parts.")
        root = inner
    last = path[-1]
    if last in root and isinstance(root[last], dict):
        raise Failed(422, f"The parameter part {last[:100]} has a value and parts.")
    if last in root:
        before = root[last]
        root[last] = [*(before if isinstance(before, list) else [before]), value]
    else:
        root[last] = [value] if last == "" else value


def _lists(value: Any) -> Any:
    """Objects whose keys are numbers, or nothing (`values[]=`), as lists."""
    if not isinstance(value, dict):
        return value
    plain = {key: _lists(inner) for key, inner in value.items()}
    if set(plain) == {""}:
        return plain[""]
    if all(key.isascii() and key.isdecimal() and len(key) < 6 for key in plain):
        return [plain[key] for key in sorted(plain, key=int)]
    return plain


def _json(name: str, text: str) -> Any:
    if text[:1] not in ("{", "["):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Failed(422, f"The parameter {name} is not JSON.", [_detail(name, "this is not JSON.")]) from error


def _detail(where: str, message: str) -> dict[str, Any]:
    return {"where": where, "message": message, "allowed": []}
