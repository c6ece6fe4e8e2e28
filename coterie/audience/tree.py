"""The filter tree: what people must match. Frozen, so that it can be compared, cached and printed back."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any as AnyValue

from coterie.core.text import clean

MAX_DEPTH = 6
MAX_CONDITIONS = 40
MAX_VALUES = 100
MAX_VALUE_LENGTH = 1024


class FilterError(ValueError):
    """A filter that cannot be understood: where it stands, what is wrong, and what would be right."""

    def __init__(self, where: str, message: str, allowed: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        # Both quote what a stranger sent, which may be more than UTF-8 can carry.
        self.where = clean(where)
        self.message = clean(message)
        self.allowed = allowed

    def __str__(self) -> str:
        hint = f" Allowed: {', '.join(self.allowed)}." if self.allowed else ""
        return f"{self.where}: {self.message}{hint}"

    def as_json(self) -> dict[str, AnyValue]:
        """For API answers."""
        return {"where": self.where, "message": self.message, "allowed": list(self.allowed)}


@dataclass(frozen=True, slots=True)
class Condition:
    """One attribute, one rule of its type, and as many values as the rule takes (as text)."""

    attribute: str
    rule: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Search:
    """The text stands in the name, the e-mail address, the username or the user id, to the letter in whatever case."""

    text: str


@dataclass(frozen=True, slots=True)
class All:
    """Every child matches; without children everybody matches."""

    children: tuple["Node", ...] = ()


@dataclass(frozen=True, slots=True)
class Any:
    """At least one child matches; without children nobody matches."""

    children: tuple["Node", ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    """The child does not match (also because a value is missing)."""

    child: "Node"


Node = Condition | Search | All | Any | Not


def leaves(node: Node) -> Iterator[Node]:
    """What has no parts of its own, from left to right: conditions, searches, and groups of nothing."""
    match node:
        case All(children) | Any(children) if children:
            for child in children:
                yield from leaves(child)
        case Not(child):
            yield from leaves(child)
        case _:
            yield node


def conditions(node: Node) -> Iterator[Condition]:
    """Every condition of the tree, from left to right."""
    return (leaf for leaf in leaves(node) if isinstance(leaf, Condition))


def to_json(node: Node) -> dict[str, AnyValue]:
    """The tree as plain JSON: `{"all": [...]}`, `{"any": [...]}`, `{"not": {...}}` or one condition."""
    match node:
        case Condition(attribute, rule, values):
            return {"attribute": attribute, "rule": rule, "values": list(values)}
        case Search(text):
            return {"search": text}
        case All(children):
            return {"all": [to_json(child) for child in children]}
        case Any(children):
            return {"any": [to_json(child) for child in children]}
        case Not(child):
            return {"not": to_json(child)}


def from_json(data: AnyValue, where: str = "q", depth: int = 1) -> Node:
    """The tree that `to_json` printed; raises FilterError with the position of what is wrong."""
    if depth > MAX_DEPTH:
        raise FilterError(where, f"groups may be nested {MAX_DEPTH} deep, not deeper.")
    if not isinstance(data, dict):
        raise FilterError(where, "expected an object.", ("all", "any", "not", "attribute", "search"))
    if "attribute" in data:
        return _condition(data, where)
    keys = set(data)
    if keys == {"search"}:
        if not isinstance(data["search"], str):
            raise FilterError(f"{where}.search", "expected a text.")
        return Search(_whole(data["search"]))
    if keys == {"not"}:
        return Not(from_json(data["not"], f"{where}.not", depth + 1))
    if keys not in ({"all"}, {"any"}):
        raise FilterError(where, "a group has one key.", ("all", "any", "not", "search"))
    key = keys.pop()
    if not isinstance(data[key], list):
        raise FilterError(f"{where}.{key}", "expected a list.")
    children = tuple(from_json(child, f"{where}.{key}[{index}]", depth + 1) for index, child in enumerate(data[key]))
    return All(children) if key == "all" else Any(children)


def _condition(data: dict[str, AnyValue], where: str) -> Condition:
    if unknown := set(data) - {"attribute", "rule", "values"}:
        raise FilterError(where, f"unknown key {sorted(unknown)[0]!r}.", ("attribute", "rule", "values"))
    attribute, rule, values = data["attribute"], data.get("rule"), data.get("values", [])
    if not isinstance(attribute, str) or not isinstance(rule, str):
        raise FilterError(where, "attribute and rule are texts.")
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise FilterError(f"{where}.values", "expected a list of texts.")
    return Condition(_whole(attribute), _whole(rule), tuple(map(_whole, values)))


def _whole(text: str) -> str:
    """Without half characters (lone surrogates), which JSON can spell but neither a URL nor a page can show."""
    return text.encode("utf-8", "replace").decode()
