"""A filter in plain words, for chips, labels of operations and the page's title."""

from coterie.audience.columns import Catalogue, Type
from coterie.audience.rules import RULES
from coterie.audience.tree import All, Any, Condition, Node, Not, Search

_ANY_TYPE = {rule.key: rule for rules in RULES.values() for rule in rules.values()}


def parts(condition: Condition, catalogue: Catalogue) -> tuple[str, str, str]:
    """(label, rule, values) of a condition: ("Country", "is", "United States").

    A segment that is gone is called "a removed segment". An attribute that is gone goes by its key, and a rule that its
    type does not have any more by the words of another type that has it.
    """
    column = catalogue.get(condition.attribute)
    of_type = RULES[column.type] if column else {}
    rule = of_type.get(condition.rule) or _ANY_TYPE.get(condition.rule)
    values: tuple[str, ...] = condition.values
    if column is not None and column.type == Type.SEGMENT:
        values = tuple(catalogue.segment_names.get(value, "a removed segment") for value in values)
    joiner = " and " if condition.rule == "between" else " or "
    label, words = column.label if column else condition.attribute, rule.words if rule else condition.rule
    return label, words, joiner.join(values)


def sentence(node: Node | None, catalogue: Catalogue) -> str:
    """The whole filter: "Country is United States and Language is English"; without one, "everybody"."""
    if node is None:
        return "everybody"
    match node:
        case Condition():
            return " ".join(part for part in parts(node, catalogue) if part)
        case Search(text):
            return f"“{text}” is in the name, email or ID"
        case All(children):
            return " and ".join(_inner(child, catalogue) for child in children) or "everybody"
        case Any(children):
            return " or ".join(_inner(child, catalogue) for child in children) or "nobody"
        case Not(child):
            return f"not ({sentence(child, catalogue)})"


def _inner(node: Node, catalogue: Catalogue) -> str:
    words = sentence(node, catalogue)
    return f"({words})" if isinstance(node, All | Any) and len(node.children) > 1 else words
