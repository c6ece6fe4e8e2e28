"""ChatBot's eight filter kinds as conditions of our filter tree.

Their documentation names the kinds but not the keys of a filter, so this object is *ours*:

    {"type": "default_email", "rule": "contains", "value": "@example.com"}
    {"type": "attribute", "attribute": "plan", "rule": "any_of", "values": ["pro", "team"]}

`type` is one of the eight kinds, in their spelling or ours; `rule` is a rule of the attribute's type (or in camelCase;
`is` and `isNot` fit every type) and may be left out; `value` or `values` as the rule takes them.
"""

import re
from typing import Any

from coterie.audience.columns import Catalogue, Type
from coterie.audience.compiler import no_column
from coterie.audience.tree import Condition, FilterError

MAX_FILTERS = 5
# By their letters and digits in lower case: "Last Seen At" and "lastSeen" are one.
_KINDS = {
    "segment": "segment",
    "customeruserid": "userId",
    "userid": "userId",
    "defaultemail": "default_email",
    "defaultname": "default_name",
    "banned": "banned",
    "createdat": "createdAt",
    "lastseenat": "lastSeen",
    "lastseen": "lastSeen",
}
KINDS = ("segment", "userId", "default_email", "default_name", "attribute", "banned", "createdAt", "lastSeen")
_KEYS = ("type", "attribute", "rule", "value", "values")
_IS = {Type.TEXT: "is", Type.NUMBER: "eq", Type.TIME: "on", Type.SEGMENT: "in"}
_IS_NOT = {Type.TEXT: "is_not", Type.NUMBER: "ne", Type.SEGMENT: "not_in"}
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def conditions(data: Any, catalogue: Catalogue) -> list[Condition]:
    """The conditions behind `filters`; raises FilterError with the position of what is wrong."""
    if data is None:
        return []
    if isinstance(data, dict):
        data = [data]
    if not isinstance(data, list) or not 1 <= len(data) <= MAX_FILTERS:
        raise FilterError("filters", f"expected a list of 1 to {MAX_FILTERS} filters.")
    return [_condition(item, f"filters[{index}]", catalogue) for index, item in enumerate(data)]


def _condition(data: Any, where: str, catalogue: Catalogue) -> Condition:
    if not isinstance(data, dict):
        raise FilterError(where, "expected an object.", _KEYS)
    if unknown := sorted(set(data) - set(_KEYS)):
        raise FilterError(where, f"unknown key “{unknown[0][:100]}”.", _KEYS)
    key = _attribute(data, where)
    column = catalogue.get(key)
    values = _values(data, where)
    rule = data.get("rule")
    if rule is not None and not isinstance(rule, str):
        raise FilterError(f"{where}.rule", "expected a text.")
    if column is None:
        raise no_column(key, catalogue, f"{where}.attribute")
    return _with_rule(key, column.type, _CAPITAL.sub("_", rule or "is").lower(), values)


def _attribute(data: dict[str, Any], where: str) -> str:
    kind, name = data.get("type"), data.get("attribute")
    if not isinstance(kind, str):
        raise FilterError(f"{where}.type", "the kind of a filter is missing.", KINDS)
    letters = re.sub(r"[^a-z0-9]", "", kind.lower())
    if letters == "attribute":
        if not isinstance(name, str) or not name:
            raise FilterError(f"{where}.attribute", "a filter of this kind names an attribute.")
        return name
    if letters not in _KINDS:
        raise FilterError(f"{where}.type", f"there is no kind “{kind[:100]}”.", KINDS)
    if name is not None:
        raise FilterError(f"{where}.attribute", "only filters of the kind “attribute” name one.")
    return _KINDS[letters]


def _values(data: dict[str, Any], where: str) -> tuple[str, ...]:
    if "value" in data and "values" in data:
        raise FilterError(where, "give either value or values.")
    values = data.get("values", data.get("value", []))
    if not isinstance(values, list):
        values = [values]
    return tuple(_text(value, where) for value in values)


def _text(value: Any, where: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if not isinstance(value, str):
        raise FilterError(f"{where}.value", "a value is a text, a number or true/false.")
    return value


def _with_rule(key: str, kind: Type, rule: str, values: tuple[str, ...]) -> Condition:
    """`is` and `is not` in the words of the type. What still does not fit is refused by the compiler."""
    negated = rule == "is_not"
    if kind == Type.BOOLEAN and rule in ("is", "is_not") and values in (("true",), ("false",)):
        return Condition(key, "is_true" if (values == ("true",)) != negated else "is_false")
    if rule in ("is", "is_not"):
        rule = (_IS_NOT if negated else _IS).get(kind, rule)
    return Condition(key, rule, values)
