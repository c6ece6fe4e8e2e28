"""A filter in plain words, for chips, labels of operations and the page's title."""

from collections.abc import Mapping

from coterie.audience.columns import Catalogue, Type
from coterie.audience.rules import RULES
from coterie.audience.tree import All, Any, Condition, Node, Not, Search


def parts(condition: Condition, catalogue: Catalogue, segments: Mapping[str, str]) -> tuple[str, str, str]:
    """(label, rule, values) of a condition that compiles: ("Country", "is", "United States").

    `segments` maps public ids to names; a segment that is gone is called "a removed segment".
    """
    column = catalogue.by_key[condition.attribute]
    rule = RULES[column.type][condition.rule]
    values: tuple[str, ...] = condition.values
    if column.type == Type.SEGMENT:
        values = tuple(segments.get(value, "a removed segment") for value in values)
    joiner = " and " if rule.key == "between" else " or "
    return column.label, rule.words, joiner.join(values)


def sentence(node: Node | None, catalogue: Catalogue, segments: Mapping[str, str]) -> str:
    """The whole filter: "Country is United States and Language is English"; without one, "everybody"."""
    if node is None:
        return "everybody"
    match node:
        case Condition():
            return " ".join(part for part in parts(node, catalogue, segments) if part)
        case Search(text):
            return f"“{text}” is in the name, email or ID"
        case All(children):
            return " and ".join(_inner(child, catalogue, segments) for child in children) or "everybody"
        case Any(children):
            return " or ".join(_inner(child, catalogue, segments) for child in children) or "nobody"
        case Not(child):
            return f"not ({sentence(child, catalogue, segments)})"


def _inner(node: Node, catalogue: Catalogue, segments: Mapping[str, str]) -> str:
    words = sentence(node, catalogue, segments)
    return f"({words})" if isinstance(node, All | Any) and len(node.children) > 1 else words
