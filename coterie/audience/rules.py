"""The one table of rules: type × rule → predicate, words, arity.

It feeds the compiler, the URL, the API, the builder, the sentence and the docs. A negative rule is the NOT of its
positive one, and so includes people without a value. Text compares without regard to case; stored text is already
cleaned (`core.text.clean`), and so are the values that arrive here.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from coterie.audience.columns import Column, Type
from coterie.audience.moments import Moments
from coterie.core.cldr import meant
from coterie.core.clock import FUTURE_TOLERANCE
from coterie.core.ids import from_public

Sql = tuple[str, list[Any]]
# What a column's `hash` field holds of a text in lower case; also used where the replica is filled.
HASH = "(hash({}) >> 32)::UINTEGER"


class Arity(StrEnum):
    """How many values a rule takes."""

    NONE = "none"
    ONE = "one"
    TWO = "two"
    MANY = "many"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of one type. `build` gives its predicate; `negates` names the rule whose opposite it is."""

    key: str
    words: str
    arity: Arity
    build: Callable[[Column, Sequence[str], Moments], Sql]
    negates: bool = False


def _equals(column: Column, values: Sequence[str], _: Moments) -> Sql:
    values = meant(column.key, values)
    marks = ", ".join(["lower(?)"] * len(values))
    sql = f"lower({column.sql}) = {marks}" if len(values) == 1 else f"lower({column.sql}) IN ({marks})"
    if not column.hash:
        return sql, list(values)
    hashes = ", ".join([HASH.format("lower(?)")] * len(values))
    return f"(p.{column.hash} IN ({hashes}) AND {sql})", [*values, *values]


def _part(function: str, pattern: str) -> Callable[[str, str], Sql]:
    def build(sql: str, value: str) -> Sql:
        if "%" in value or "_" in value:
            return f"{function}(lower({sql}), lower(?))", [value]
        # Up to twice as fast as lower() on both sides, and the same answer as long as there is nothing to escape.
        return f"{sql} ILIKE ?", [pattern.format(value)]

    return build


contains = _part("contains", "%{}%")
starts_with = _part("starts_with", "{}%")
ends_with = _part("ends_with", "%{}")


def _of_column(build: Callable[[str, str], Sql]) -> Callable[[Column, Sequence[str], Moments], Sql]:
    return lambda column, values, _: build(column.sql, values[0])


def _is_set(column: Column, _values: Sequence[str], _: Moments) -> Sql:
    return f"{column.sql} IS NOT NULL", []


def number(text: str) -> float:
    """The number that a person typed; ValueError when it is none (infinities and NaN are none)."""
    value = float(text.replace(" ", ""))
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _compare(operator: str) -> Callable[[Column, Sequence[str], Moments], Sql]:
    def build(column: Column, values: Sequence[str], _: Moments) -> Sql:
        sql = column.number
        # The bound keeps NaN, which DuckDB takes for the greatest number, and the infinities out.
        bound = {">": f" AND {sql} < 'infinity'", "<": f" AND {sql} > '-infinity'"}.get(operator[0], "")
        return f"({sql} {operator} ?{bound if column.is_custom else ''})", [number(values[0])]

    return build


def _number_between(column: Column, values: Sequence[str], _: Moments) -> Sql:
    low, high = sorted((number(values[0]), number(values[1])))
    return f"{column.number} BETWEEN ? AND ?", [low, high]


def _within(column: Column, start: Any, end: Any) -> Sql:
    return f"({column.sql} >= ? AND {column.sql} < ?)", [start, end]


def _on(column: Column, values: Sequence[str], moments: Moments) -> Sql:
    start, end = moments.span(values[0])
    return _within(column, start, end)


def _before(column: Column, values: Sequence[str], moments: Moments) -> Sql:
    return f"{column.sql} < ?", [moments.span(values[0])[0]]


def _after(column: Column, values: Sequence[str], moments: Moments) -> Sql:
    return f"{column.sql} >= ?", [moments.span(values[0])[1]]


def _time_between(column: Column, values: Sequence[str], moments: Moments) -> Sql:
    first, second = sorted((moments.span(values[0]), moments.span(values[1])))
    return _within(column, first[0], second[1])


def _in_last(column: Column, values: Sequence[str], moments: Moments) -> Sql:
    # Whoever writes this very moment counts, also when their channel's clock is ahead as far as we accept it.
    until = moments.utc_now + FUTURE_TOLERANCE
    return f"({column.sql} >= ? AND {column.sql} <= ?)", [moments.ago(values[0]), until]


def _is_true(column: Column, _values: Sequence[str], _: Moments) -> Sql:
    return f"{column.sql} = true", []


def _is_false(column: Column, _values: Sequence[str], _: Moments) -> Sql:
    return f"{column.sql} = false", []


def _in_segment(_column: Column, values: Sequence[str], _: Moments) -> Sql:
    ids = [from_public(value) for value in values]
    if None in ids:
        raise ValueError(values[ids.index(None)])
    return members(ids)


def members(segment_ids: Sequence[int | None]) -> Sql:
    """Whoever is listed in one of these segments."""
    marks = ", ".join("?" * len(segment_ids))
    return f"p.id IN (SELECT person_id FROM memberships WHERE segment_id IN ({marks}))", list(segment_ids)


_SET = (
    Rule("is_set", "is set", Arity.NONE, _is_set),
    Rule("is_empty", "is empty", Arity.NONE, _is_set, negates=True),
)
_TEXT = (
    Rule("is", "is", Arity.ONE, _equals),
    Rule("is_not", "is not", Arity.ONE, _equals, negates=True),
    Rule("any_of", "is any of", Arity.MANY, _equals),
    Rule("none_of", "is none of", Arity.MANY, _equals, negates=True),
    Rule("contains", "contains", Arity.ONE, _of_column(contains)),
    Rule("not_contains", "does not contain", Arity.ONE, _of_column(contains), negates=True),
    Rule("starts_with", "starts with", Arity.ONE, _of_column(starts_with)),
    Rule("ends_with", "ends with", Arity.ONE, _of_column(ends_with)),
    *_SET,
)
_NUMBER = (
    Rule("eq", "is", Arity.ONE, _compare("=")),
    Rule("ne", "is not", Arity.ONE, _compare("="), negates=True),
    Rule("gt", "is more than", Arity.ONE, _compare(">")),
    Rule("gte", "is at least", Arity.ONE, _compare(">=")),
    Rule("lt", "is less than", Arity.ONE, _compare("<")),
    Rule("lte", "is at most", Arity.ONE, _compare("<=")),
    Rule("between", "is between", Arity.TWO, _number_between),
    *_SET,
)
_TIME = (
    Rule("on", "is on", Arity.ONE, _on),
    Rule("before", "is before", Arity.ONE, _before),
    Rule("after", "is after", Arity.ONE, _after),
    Rule("between", "is between", Arity.TWO, _time_between),
    Rule("in_last", "is in the last", Arity.ONE, _in_last),
    Rule("not_in_last", "is not in the last", Arity.ONE, _in_last, negates=True),
    *_SET,
)
_BOOLEAN = (
    Rule("is_true", "is true", Arity.NONE, _is_true),
    Rule("is_false", "is false", Arity.NONE, _is_false),
)
_SEGMENT = (
    Rule("in", "is", Arity.MANY, _in_segment),
    Rule("not_in", "is not", Arity.MANY, _in_segment, negates=True),
)

RULES: dict[Type, dict[str, Rule]] = {
    Type.TEXT: {rule.key: rule for rule in _TEXT},
    Type.NUMBER: {rule.key: rule for rule in _NUMBER},
    Type.TIME: {rule.key: rule for rule in _TIME},
    Type.BOOLEAN: {rule.key: rule for rule in _BOOLEAN},
    Type.SEGMENT: {rule.key: rule for rule in _SEGMENT},
}
# What a refused value should have been, in words.
VALUE_HINT: dict[Type, str] = {
    Type.TEXT: "a text",
    Type.NUMBER: "a number such as 12 or 3.5",
    Type.TIME: "a date such as 2026-11-23, or an amount such as 7 days",
    Type.BOOLEAN: "no value",
    Type.SEGMENT: "a segment of this workspace",
}
