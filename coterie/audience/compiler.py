"""The one compiler: a filter tree → a DuckDB predicate over `people p`.

Page, count, facet, export, bulk and segments all use it, so that they cannot disagree. Values are always bound;
identifiers come from the catalogue; rules from the rules table. Anything unknown is refused with its position:
a typo never means everybody.

A segment that is filled by a rule stands for that rule, so that no answer waits for the segment to be brought up to
date; see docs/decisions/0013-rule-segments.md.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from operator import itemgetter
from typing import Any as AnyValue

from coterie.audience.columns import Catalogue, Column, Type
from coterie.audience.moments import Moments
from coterie.audience.rules import RULES, VALUE_HINT, Arity, Rule, Sql, contains, members
from coterie.audience.segments import MAX_EXPANDED, ListedSegment, expanded
from coterie.audience.tree import (
    MAX_CONDITIONS,
    MAX_DEPTH,
    MAX_VALUE_LENGTH,
    MAX_VALUES,
    All,
    Any,
    Condition,
    FilterError,
    Node,
    Not,
    Search,
    conditions,
    leaves,
)
from coterie.core.ids import from_public
from coterie.core.text import clean

_IN_TEXTS = frozenset({"contains", "not_contains", "starts_with", "ends_with"})
# Where the search box looks.
SEARCHED = ("default_name", "default_email", "default_username", "userId")
_COUNT = {Arity.NONE: (0, 0), Arity.ONE: (1, 1), Arity.TWO: (2, 2), Arity.MANY: (1, MAX_VALUES)}


@dataclass(frozen=True, slots=True)
class Predicate:
    """A boolean DuckDB expression over `people p` and its bound values."""

    sql: str
    params: tuple[AnyValue, ...]


EVERYBODY = Predicate("true", ())


def compile_filter(node: Node | None, catalogue: Catalogue, moments: Moments, where: str = "filter") -> Predicate:
    """The predicate of `node` (None: everybody). Raises FilterError with a position that begins with `where`."""
    if node is None:
        return EVERYBODY
    # The search beside the filter is one more.
    if sum(1 for _ in leaves(node)) > MAX_CONDITIONS + 1 or sum(1 for _ in conditions(node)) > MAX_CONDITIONS:
        raise FilterError(where, f"at most {MAX_CONDITIONS} conditions.")
    sql, params = _node(node, catalogue, moments, where, 1)
    return Predicate(sql, tuple(params))


def only_ids(ids: Sequence[int]) -> Predicate:
    """Exactly the people of these ids: a selection made by hand."""
    # By their place in the table, found first: a filter beside this is then evaluated where one of them may be, not
    # for everybody. (Whoever changed lately stands at the end of it.)
    chosen = "SELECT chosen.rowid FROM people chosen WHERE chosen.id IN (SELECT unnest(?::BIGINT[]))"
    return Predicate(f"p.rowid IN ({chosen})", (list(ids),))


def among_ids(ids: Sequence[int]) -> Predicate:
    """The same for thousands of ids: looked up in a table of them instead of walked through for every person."""
    return Predicate("p.id IN (SELECT unnest(?::BIGINT[]))", (list(ids),))


def without_ids(predicate: Predicate, ids: Sequence[int]) -> Predicate:
    """Whoever matches, but for these people."""
    if not ids:
        return predicate
    others = among_ids(ids)
    return Predicate(f"({predicate.sql} AND NOT {others.sql})", (*predicate.params, *others.params))


def both(one: Predicate, other: Predicate) -> Predicate:
    """Whoever matches the one and the other."""
    return Predicate(f"({one.sql} AND {other.sql})", (*one.params, *other.params))


def misfits(column: Column) -> Predicate:
    """Whoever has a value that the column's type cannot read: no rule of that type finds them."""
    return Predicate(f"({replace(column, type=Type.TEXT).sql} IS NOT NULL AND {column.sql} IS NULL)", ())


def no_column(key: str, catalogue: Catalogue, where: str) -> FilterError:
    """What to raise about an attribute that cannot be asked for: hidden by the team, or not there at all."""
    if (hidden := catalogue.hidden.get(key)) is not None:
        return FilterError(where, f"“{hidden.label}” is hidden in Settings.")
    return FilterError(where, f"there is no attribute “{key[:128]}”.", tuple(catalogue.by_key)[:50])


def find_rule(condition: Condition, catalogue: Catalogue, where: str) -> Rule:
    """The rule of a condition, after checking the attribute, the rule, and the number and length of the values."""
    column = catalogue.get(condition.attribute)
    if column is None:
        raise no_column(condition.attribute, catalogue, where)
    rules = RULES[column.type]
    rule = rules.get(condition.rule)
    if rule is None:
        raise FilterError(where, f"{column.label} has no rule “{condition.rule[:128]}”.", tuple(rules))
    least, most = _COUNT[rule.arity]
    if not least <= len(condition.values) <= most:
        wanted = (
            "no value" if most == 0 else f"{least} value{'s' * (least > 1)}" if least == most else "1 to 100 values"
        )
        raise FilterError(where, f"“{column.label} {rule.words}” takes {wanted}.")
    if any(len(value) > MAX_VALUE_LENGTH for value in condition.values):
        raise FilterError(where, f"a value is longer than {MAX_VALUE_LENGTH} characters.")
    if any(not value.strip() or "\x00" in value for value in condition.values):
        raise FilterError(where, f"“{column.label} {rule.words}” needs a value.")
    return rule


def check(condition: Condition, catalogue: Catalogue, moments: Moments, where: str) -> None:
    """Raises FilterError unless the condition compiles."""
    _condition(condition, catalogue, moments, where)


def _node(node: Node, catalogue: Catalogue, moments: Moments, where: str, depth: int) -> Sql:
    if depth > MAX_DEPTH:
        raise FilterError(where, f"groups may be nested {MAX_DEPTH} deep, not deeper.")
    match node:
        case Condition():
            return _condition(node, catalogue, moments, where)
        case Search(text):
            return _search(text, catalogue, where)
        case All(children):
            parts = _each(children, catalogue, moments, where, depth)
            return _joined(parts, "true", lambda sqls: f"({' AND '.join(sqls)})")
        case Any(children):
            parts = _each(children, catalogue, moments, where, depth)
            costs = [_cost(child, catalogue) for child in children]
            if max(costs, default=0) == 0:
                return _joined(parts, "false", lambda sqls: f"({' OR '.join(sqls)})")
            ordered = [part for _cost, part in sorted(zip(costs, parts, strict=True), key=itemgetter(0))]
            return _joined(ordered, "false", _one_by_one)
        case Not(child):
            sql, params = _node(child, catalogue, moments, f"{where}.not", depth + 1)
            return _negated(sql), params


def _each(children: tuple[Node, ...], catalogue: Catalogue, moments: Moments, where: str, depth: int) -> list[Sql]:
    return [_node(child, catalogue, moments, f"{where}[{index}]", depth + 1) for index, child in enumerate(children)]


def _joined(parts: list[Sql], empty: str, join: Callable[[list[str]], str]) -> Sql:
    return (join([sql for sql, _ in parts]) if parts else empty), [value for _, values in parts for value in values]


def _one_by_one(sqls: list[str]) -> str:
    """OR as CASE: what costs more is asked only about people who fulfil nothing before it.

    Also, of an OR with an attribute inside `custom`, DuckDB 2.0 reads the whole VARIANT and not only the attribute
    (10M people: 2,800 ms against 60).
    """
    return f"(CASE {' '.join(f'WHEN {sql} THEN true' for sql in sqls)} ELSE false END)"


def _cost(node: Node, catalogue: Catalogue) -> int:
    """0 for a look at a value, 1 for a search in a text, 2 for what has to be unpacked first."""
    match node:
        case Condition(attribute, rule):
            column = catalogue.by_key[attribute]
            return 2 if column.is_custom and not column.stored else int(rule in _IN_TEXTS)
        case Search():
            return 1
        case All(children) | Any(children):
            return max((_cost(child, catalogue) for child in children), default=0)
        case Not(child):
            return _cost(child, catalogue)


def _search(text: str, catalogue: Catalogue, where: str) -> Sql:
    text = clean(text)
    if not text or len(text) > MAX_VALUE_LENGTH:
        raise FilterError(where, f"a search has 1 to {MAX_VALUE_LENGTH} characters.")
    looked_in = [contains(catalogue.by_key[key].sql, text) for key in SEARCHED if key in catalogue.by_key]
    return _joined(looked_in, "false", lambda sqls: f"({' OR '.join(sqls)})")


def _condition(condition: Condition, catalogue: Catalogue, moments: Moments, where: str) -> Sql:
    rule = find_rule(condition, catalogue, where)
    column = catalogue.by_key[condition.attribute]
    try:
        # Cleaned as what is stored was: a decomposed letter finds a composed one.
        values = tuple(clean(value) for value in condition.values)
        if column.type == Type.SEGMENT and catalogue.segments is not None:
            sql, params = _in_segments(values, catalogue.segments, catalogue, moments, where)
        else:
            sql, params = rule.build(column, values, moments)
    except FilterError:
        raise
    except (ValueError, OverflowError) as error:
        shown = " and ".join(value[:100] for value in condition.values)
        raise FilterError(
            where,
            f"“{shown}” does not fit “{column.label} {rule.words}”: it takes {VALUE_HINT[column.type]}.",
        ) from error
    return (_negated(sql) if rule.negates else sql), params


def _in_segments(
    values: Sequence[str],
    segments: Mapping[int, ListedSegment],
    catalogue: Catalogue,
    moments: Moments,
    where: str,
) -> Sql:
    """Whoever is in one of the segments. Raises FilterError for one that is not there, ValueError for what is no id."""
    found = [(from_public(value), value) for value in values]
    if wrong := [value for row_id, value in found if row_id is None]:
        raise ValueError(wrong[0])
    chosen = {row_id: _listed(row_id, segments, where) for row_id, _ in found if row_id is not None}
    _limit(values, segments, where)
    parts: list[str] = []
    params: list[AnyValue] = []
    looked_up: list[int] = []
    for row_id, segment in chosen.items():
        try:
            if segment.rule is None:
                looked_up.append(row_id)
                continue
            sql, bound = _node(segment.tree, catalogue, moments, where, 1)
        except FilterError:  # The rule is broken, so its people stay as they were.
            looked_up.append(row_id)
        else:
            parts.append(f"coalesce({sql}, false)")
            params += bound
    if looked_up:
        sql, bound = members(looked_up)
        parts.append(sql)
        params += bound
    return f"({' OR '.join(parts)})", params


def _listed(row_id: int, segments: Mapping[int, ListedSegment], where: str) -> ListedSegment:
    found = segments.get(row_id)
    if found is None:
        raise FilterError(where, "there is no such segment in this workspace.")
    if found.removed:
        raise FilterError(where, f"“{found.name}” is a removed segment. Restore it, or leave it out of the filter.")
    return found


def _limit(values: Sequence[str], segments: Mapping[int, ListedSegment], where: str) -> None:
    """Raises FilterError when the rules of these segments are too many, too deep, or a circle."""
    named = Condition("segment", "in", tuple(values))
    if sum(1 for _ in islice(expanded(named, segments), MAX_EXPANDED + 1)) > MAX_EXPANDED:
        raise FilterError(where, f"the rules of these segments have more than {MAX_EXPANDED} conditions together.")


def _negated(sql: str) -> str:
    """NOT, where unknown (a missing value) counts as not matching."""
    return f"(NOT coalesce({sql}, false))"
