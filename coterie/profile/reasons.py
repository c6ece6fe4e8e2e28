"""Why somebody is in a segment that is filled by a rule, or is not: each condition, and what it does.

Whether a condition holds, and what would happen if it were otherwise, is asked of the one compiler.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from coterie.audience import query
from coterie.audience.audience import Audience
from coterie.audience.tree import All, Any, Node, Not, leaves


@dataclass(frozen=True, slots=True)
class Reason:
    """One condition: whether it `holds`, and whether it alone `decides`: were it otherwise, so would be the whole."""

    node: Node
    holds: bool
    decides: bool


def reasons(audience: Audience, node: Node, person_id: int) -> tuple[bool, list[Reason]]:
    """(whether the person fulfils the whole, the reasons from left to right). Raises FilterError.

    Nobody fulfils nothing: for a person who is not there it is (False, []).
    """
    parts = list(leaves(node))
    asked = [node, *parts]
    # Each part in turn as if it held, and as if it did not.
    asked += [_with(node, place, All()) for place in range(len(parts))]
    asked += [_with(node, place, Any()) for place in range(len(parts))]
    predicates = [audience.predicate(one) for one in asked]
    found = audience.ask(lambda reader: query.truths(reader, predicates, person_id))
    if not found:
        return False, []
    count = len(parts)
    whole, hold = found[0], found[1 : count + 1]
    if_so, if_not = found[count + 1 : 2 * count + 1], found[2 * count + 1 :]
    return whole, [
        Reason(part, holds, (no if holds else yes) != whole)
        for part, holds, yes, no in zip(parts, hold, if_so, if_not, strict=True)
    ]


def _with(node: Node, place: int, other: Node) -> Node:
    """The tree with `other` in place of its leaf of that number."""
    return _replaced(node, iter(range(place, -1, -1)), other)


def _replaced(node: Node, countdown: Iterator[int], other: Node) -> Node:
    match node:
        case All(children) if children:
            return All(tuple(_replaced(child, countdown, other) for child in children))
        case Any(children) if children:
            return Any(tuple(_replaced(child, countdown, other) for child in children))
        case Not(child):
            return Not(_replaced(child, countdown, other))
        case _:
            return other if next(countdown, -1) == 0 else node
