"""Questions about what a change to many people would do."""

from dataclasses import dataclass

import duckdb

from coterie.audience.columns import DEFAULT_COLUMNS
from coterie.audience.compiler import Predicate
from coterie.core.bulk import encode


@dataclass(frozen=True, slots=True)
class Holders:
    """Of `people`, how many have exactly the value and how many have another one."""

    people: int
    same: int
    other: int


def holders(reader: duckdb.DuckDBPyConnection, predicate: Predicate, key: str, value: object) -> Holders:
    """Who has this value of an attribute; with None: nobody has the same, and whoever has any has another."""
    held, wanted = _exactly(key, value)
    return Holders(
        *_numbers(
            reader,
            f"SELECT count(*), count(*) FILTER (v = ?), count(*) FILTER (v IS NOT NULL AND v IS DISTINCT FROM ?)"
            f" FROM (SELECT {held} AS v FROM people p WHERE {predicate.sql})",
            [wanted, wanted, *predicate.params],
        )
    )


def banned(reader: duckdb.DuckDBPyConnection, predicate: Predicate) -> tuple[int, int]:
    """How many people match, and how many of them are banned."""
    people, some = _numbers(
        reader,
        f"SELECT count(*), count(*) FILTER (p.banned) FROM people p WHERE {predicate.sql}",
        [*predicate.params],
    )
    return people, some


def _exactly(key: str, value: object) -> tuple[str, object]:
    """The attribute and the value in a form in which they are equal only if they are the same: true is not 1."""
    default = next((column for column in DEFAULT_COLUMNS if column.key == key), None)
    if default is not None:
        return default.sql, value
    escaped = key.replace("'", "''")
    return f"(p.custom['{escaped}']::JSON::VARCHAR)", None if value is None else encode(value)


def _numbers(reader: duckdb.DuckDBPyConnection, sql: str, params: list[object]) -> list[int]:
    found = reader.execute(sql, params).fetchone()
    return [int(number) for number in found or ()]
