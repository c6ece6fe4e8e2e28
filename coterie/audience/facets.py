"""The values that people have, with how many have each: exact numbers, without counting ten million names.

A sample of the people shows what kind of attribute it is. Few different values are all counted. Of many, those that
are frequent in the sample are counted exactly and the others left out. (Counting all values of 10M people takes 40 ms
for countries and two seconds for e-mail addresses.)
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import duckdb

from coterie.audience.columns import Column, Type
from coterie.audience.compiler import Predicate, both
from coterie.audience.rules import HASH, starts_with
from coterie.audience.tree import MAX_VALUE_LENGTH
from coterie.core.text import clean

# (value, how many people have it), the most frequent first.
Values = list[tuple[str, int]]
_Found = list[tuple[Any, int]]
SAMPLE = 20_000
# Who changed lately stands at the end of the table: their values are in the sample, too.
_LATELY = 100_000
# So many different values in the sample are few: all of them are counted.
FEW = 1_000
_FOLDING = "SELECT first(value ORDER BY people DESC, value) AS value, sum(people)::BIGINT AS people FROM spelt"


def facet(
    reader: duckdb.DuckDBPyConnection,
    predicate: Predicate,
    column: Column,
    starts: str,
    limit: int,
    having: Callable[[Sequence[str]], Predicate],
) -> Values:
    """The most frequent values of a column among the people that match; of a text, those that begin with `starts`.

    Values that differ only in case are one, in its most frequent spelling: filters do not tell them apart, either.
    `having` is the filter for some values of a text. A number with many different values has none to offer.
    """
    if column.type != Type.TEXT:
        return [(_printed(value), people) for value, people in _of_few(reader, predicate, column)][:limit]
    those = both(predicate, _offered(column, starts))
    found, different, complete = _sample(reader, those, column, limit)
    if complete:
        return found
    if different <= FEW:
        return _counted(reader, those, column, limit)
    counted = _of_these(reader, predicate, column, [value for value, _ in found], having)
    return sorted(((spelling, people) for _, spelling, people in counted), key=lambda row: (-row[1], row[0]))


def numbers_of(
    reader: duckdb.DuckDBPyConnection,
    predicate: Predicate,
    column: Column,
    values: Sequence[str],
    having: Callable[[Sequence[str]], Predicate],
) -> Values:
    """How many of the people that match have each of these texts, in their order and spelling."""
    return [(value, people) for value, _, people in _of_these(reader, predicate, column, values, having)]


def _of_few(reader: duckdb.DuckDBPyConnection, predicate: Predicate, column: Column) -> _Found:
    """All values of a number or a boolean; none when they are many."""
    found, different, complete = _sample(
        reader, both(predicate, Predicate(f"{column.sql} IS NOT NULL", ())), column, FEW
    )
    if complete or different > FEW:
        return found if different <= FEW else []
    return _counted(reader, predicate, column, FEW)


def _printed(value: Any) -> str:
    """As people write it: true, 12, 3.5."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(value)


def _offered(column: Column, starts: str) -> Predicate:
    """Whoever has a text that can be filtered by and begins like this."""
    short = f"strlen({column.sql}) BETWEEN 1 AND {MAX_VALUE_LENGTH}"
    text = clean(starts)
    if not text:
        return Predicate(short, ())
    sql, params = starts_with(column.sql, text)
    return Predicate(f"({sql} AND {short})", tuple(params))


def _sample(
    reader: duckdb.DuckDBPyConnection, those: Predicate, column: Column, limit: int
) -> tuple[_Found, int, bool]:
    """(the most frequent values, how many different ones there are, whether these numbers are those of everybody)."""
    value, where = column.sql, those.sql
    rows: list[Any] = reader.execute(
        f"WITH head AS (SELECT {value} AS value, 1 AS early FROM people p WHERE {where} LIMIT {SAMPLE + 1}),"
        f" tail AS (SELECT {value} AS value, 0 AS early FROM people p"
        f" WHERE p.rowid > (SELECT max(rowid) FROM people) - {_LATELY} AND {where} LIMIT {SAMPLE}),"
        " spelt AS (SELECT value, count(*) AS people, sum(early) AS early"
        " FROM (FROM head UNION ALL FROM tail) GROUP BY ALL),"
        " same AS (SELECT first(value ORDER BY early DESC, value) AS value, sum(people) AS people, sum(early) AS early"
        f" FROM spelt GROUP BY {_folded(column)})"
        " SELECT value, early, count(*) OVER () AS different, sum(early) OVER () AS sampled FROM same"
        f" ORDER BY CASE WHEN sampled > {SAMPLE} THEN people ELSE early END DESC, value LIMIT {int(limit)}",
        [*those.params, *those.params],
    ).fetchall()
    if not rows:
        return [], 0, True
    return [(row[0], int(row[1])) for row in rows], rows[0][2], rows[0][3] <= SAMPLE


def _counted(reader: duckdb.DuckDBPyConnection, those: Predicate, column: Column, limit: int) -> _Found:
    # A custom number or boolean is a text that has to be read: of each different text once, not of each person.
    text = replace(column, type=Type.TEXT) if column.is_custom else column
    stands = f"value AS {column.stored}" if column.stored else "MAP {?: value} AS custom"
    read = f"SELECT {column.sql} AS value, people FROM (SELECT {stands}, people FROM texts) p"
    as_typed = column.is_custom and column.type != Type.TEXT
    return reader.execute(
        f"WITH texts AS (SELECT {text.sql} AS value, count(*) AS people FROM people p WHERE {those.sql} GROUP BY ALL),"
        f" spelt AS ({read if as_typed else 'FROM texts'}) {_FOLDING} WHERE value IS NOT NULL"
        f" GROUP BY {_folded(column)} ORDER BY people DESC, value LIMIT {int(limit)}",
        [*those.params, *([column.key] if as_typed and not column.stored else [])],
    ).fetchall()


def _of_these(
    reader: duckdb.DuckDBPyConnection,
    predicate: Predicate,
    column: Column,
    values: Sequence[str],
    having: Callable[[Sequence[str]], Predicate],
) -> list[tuple[str, str, int]]:
    """(value, its most frequent spelling, how many people have it in any spelling) of each of the values."""
    those, params = both(predicate, having(values)).sql, [*predicate.params, *having(values).params]
    if column.hash:
        # Whoever has one of the hashes, found first. DuckDB would read and compare everybody's text instead.
        hashes = ", ".join([HASH.format("lower(?)")] * len(values))
        those = f"p.rowid IN (SELECT p.rowid FROM people p WHERE p.{column.hash} IN ({hashes}) AND {predicate.sql})"
        params = [*values, *predicate.params]
    spelt = reader.execute(
        f"SELECT {column.sql}, count(*) FROM people p WHERE {those} GROUP BY ALL",
        params,
    ).fetchall()
    return reader.execute(
        "WITH spelt AS (SELECT unnest(?::VARCHAR[]) AS spelling, unnest(?::BIGINT[]) AS people),"
        " wanted AS (SELECT unnest(?::VARCHAR[]) AS value, generate_subscripts(?::VARCHAR[], 1) AS place)"
        " SELECT value, coalesce(first(spelling ORDER BY people DESC, spelling), value),"
        " coalesce(sum(people), 0)::BIGINT"
        " FROM wanted LEFT JOIN spelt ON lower(spelling) = lower(value) GROUP BY value, place ORDER BY place",
        [[value for value, _ in spelt], [people for _, people in spelt], list(values), list(values)],
    ).fetchall()


def _folded(column: Column) -> str:
    return "lower(spelt.value)" if column.type == Type.TEXT else "spelt.value"
