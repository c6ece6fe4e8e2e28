"""Questions to the audience: pages, exact counts, all matching ids, rows for export.

Every question takes a compiled `Predicate`, so that all answers about one filter are about the same people.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import pyarrow as pa

from coterie.audience.columns import Catalogue, Column, Type
from coterie.audience.compiler import EVERYBODY, Predicate
from coterie.audience.cursor import Cursor, Value
from coterie.audience.rows import Row, rows
from coterie.audience.view import View

_SORT_TYPES = {
    Type.TEXT: "VARCHAR",
    Type.NUMBER: "DOUBLE",
    Type.TIME: "TIMESTAMP",
    Type.BOOLEAN: "BOOLEAN",
    Type.SEGMENT: "BIGINT",
}


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list. `total` is exact, or None while it is not known.

    `next` leads to the following page, `previous` to the one before.
    """

    rows: list[Row]
    total: int | None
    first: int
    next: Cursor | None
    previous: Cursor | None = None


def page(
    reader: duckdb.DuckDBPyConnection,
    predicate: Predicate,
    view: View,
    catalogue: Catalogue,
    limit: int,
    *,
    counting: bool = True,
) -> Page:
    """The page of `view` after (or before) its cursor, and the exact number of people that match.

    Without `counting`, `total` is None, and a page of many people whom a costly condition finds may come sooner.
    """
    total, found = _found(reader, predicate, view, catalogue, limit + 1, counting)
    more, found = len(found) > limit, found[:limit]
    if view.before is not None and not more:
        # The beginning of the list, with whoever came meanwhile: the same as the page without a cursor.
        return page(reader, predicate, view.first_page(), catalogue, limit, counting=counting)
    position = view.after.position if view.after else 0
    if view.before is not None:
        found.reverse()
        position = max(view.before.position - len(found), 0)

    def cursor(key: tuple[int, Any], before: int) -> Cursor:
        return Cursor(view.listing, _portable(key[1]), key[0], before)

    following = cursor(found[-1], position + len(found)) if found and (more or view.before) else None
    previous = cursor(found[0], position) if found and (view.after or view.before) else None
    shown = rows(catalogue, [key[0] for key in found])
    return Page(shown, total, position + 1 if found else 0, following, previous)


def _found(
    reader: duckdb.DuckDBPyConnection,
    predicate: Predicate,
    view: View,
    catalogue: Catalogue,
    limit: int,
    counting: bool,
) -> tuple[int | None, list[tuple[int, Any]]]:
    """The total and the page's keys. Their rows are read afterwards: with them this would cost 5 × more."""
    if counting and predicate != EVERYBODY:
        return _counted(reader, predicate, view, catalogue, limit)
    # How many there are in all is known without a scan.
    total = count(reader, predicate) if counting else None
    return total, _keys(reader, predicate, view, catalogue, limit)


def _counted(
    reader: duckdb.DuckDBPyConnection, predicate: Predicate, view: View, catalogue: Catalogue, limit: int
) -> tuple[int, list[tuple[int, Any]]]:
    """The total and the page's keys in one scan: whoever matches is looked for once, and then counted and sorted.

    A second scan costs as much as the first one, to keep everybody who matches 5 ms a million
    (docs/decisions/0011-one-scan.md).
    """
    column = catalogue.by_key[view.sort_key]
    value = _sort_value(column, catalogue)
    sql, params = _beyond(view, "v", "id", column.type)
    order = _order(view, "v", "id")
    found = reader.execute(
        f"WITH found AS MATERIALIZED (SELECT p.id, {value} AS v FROM people p WHERE {predicate.sql}),"
        " number AS (SELECT count(*) AS n FROM found)"
        f" SELECT n, id, v FROM number LEFT JOIN (SELECT id, v FROM found WHERE true{sql}"
        f" ORDER BY {order} LIMIT {int(limit)}) ON true ORDER BY {order}",
        [*predicate.params, *params],
    ).fetchall()
    return found[0][0], [row[1:] for row in found if row[1] is not None]


def _keys(
    reader: duckdb.DuckDBPyConnection, predicate: Predicate, view: View, catalogue: Catalogue, limit: int
) -> list[tuple[int, Any]]:
    """Ids and sort values of the next people in the view's order; going back, the nearest first."""
    column = catalogue.by_key[view.sort_key]
    value = _sort_value(column, catalogue)
    sql, params = _beyond(view, value, "p.id", column.type)
    return reader.execute(
        f"SELECT p.id, {value} FROM people p WHERE {predicate.sql}{sql}"
        f" ORDER BY {_order(view, value, 'p.id')} LIMIT {int(limit)}",
        [*predicate.params, *params],
    ).fetchall()


def _order(view: View, value: str, person_id: str) -> str:
    back = view.before is not None
    direction, nulls = "DESC" if view.descending != back else "ASC", "FIRST" if back else "LAST"
    return f"{value} {direction} NULLS {nulls}, {person_id} {direction}"


def count(reader: duckdb.DuckDBPyConnection, predicate: Predicate) -> int:
    """How many people match, exactly."""
    # All of one row: a result that is not read to its end keeps the connection from streaming another.
    found = reader.execute(f"SELECT count(*) FROM people p WHERE {predicate.sql}", [*predicate.params]).fetchall()
    return int(found[0][0])


def revision(reader: duckdb.DuckDBPyConnection) -> int:
    """The revision of the workspace that the reader's snapshot is of."""
    return int(reader.execute("SELECT revision FROM state").fetchall()[0][0])


def matching_ids(reader: duckdb.DuckDBPyConnection, predicate: Predicate) -> list[int]:
    """Ids of everybody who matches, ascending: the order in which their rows are locked."""
    found = reader.execute(f"SELECT p.id FROM people p WHERE {predicate.sql} ORDER BY p.id", [*predicate.params])
    return [row[0] for row in found.fetchall()]


def segment_sizes(reader: duckdb.DuckDBPyConnection) -> dict[int, int]:
    """People per segment; segments without people are missing."""
    found = reader.execute("SELECT segment_id, count(*) FROM memberships GROUP BY ALL").fetchall()
    return dict(found)


def batches(
    reader: duckdb.DuckDBPyConnection, predicate: Predicate, select: Sequence[str], size: int = 20_000
) -> Iterator[pa.RecordBatch]:
    """The given expressions over `people p` for everybody who matches, as a stream.

    `s.segments` is a text of the person's segment ids, separated by spaces; NULL when there are none.
    In the order in which they are stored: sorting a million wide rows would take all the memory the replica may use.
    """
    # One aggregate to look people up in; a subquery per person would hold every finished row until its end.
    of_person = (
        "SELECT person_id, string_agg(segment_id, ' ' ORDER BY segment_id) AS segments FROM memberships GROUP BY ALL"
    )
    joined = f" LEFT JOIN ({of_person}) s ON s.person_id = p.id" if any("s.segments" in item for item in select) else ""
    # A relation streams; the result of execute() would be collected first.
    relation = reader.sql(
        f"SELECT {', '.join(select)} FROM people p{joined} WHERE {predicate.sql}", params=[*predicate.params]
    )
    yield from relation.to_arrow_reader(size)


def emails(reader: duckdb.DuckDBPyConnection, only: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    """`id` and `email` of everybody who has one (of these, in small letters), as a stream."""
    sql = "SELECT p.id, p.email FROM people p WHERE p.email IS NOT NULL"
    if only is None:
        yield from reader.sql(sql).to_arrow_reader(100_000)
    else:
        found = reader.sql(f"{sql} AND lower(p.email) IN (SELECT unnest(?::VARCHAR[]))", params=[list(only)])
        yield from found.to_arrow_reader(100_000)


def cursor_after(reader: duckdb.DuckDBPyConnection, person_id: int, view: View, catalogue: Catalogue) -> Cursor | None:
    """The cursor that continues `view` after this person, for clients that page by the last id they saw."""
    column = catalogue.by_key[view.sort_key]
    value = _sort_value(column, catalogue)
    found = reader.execute(f"SELECT {value} FROM people p WHERE p.id = ?", [person_id]).fetchone()
    return Cursor(view.listing, _portable(found[0]), person_id) if found else None


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody stands in a list of `total` people: how many come before, and who stands beside them."""

    total: int
    before: int
    previous: int | None
    next: int | None


def place(
    reader: duckdb.DuckDBPyConnection, predicate: Predicate, person_id: int, view: View, catalogue: Catalogue
) -> Place | None:
    """The place of a person in the list of `view`, also when they are not on it: where they would be. None: nobody."""
    here = cursor_after(reader, person_id, view, catalogue)
    if here is None:
        return None
    column, start = catalogue.by_key[view.sort_key], view.first_page()
    following, former = replace(start, after=here), replace(start, before=here)
    sql, params = _beyond(former, _sort_value(column, catalogue), "p.id", column.type)
    before = count(reader, Predicate(f"({predicate.sql}{sql})", (*predicate.params, *params)))
    previous, later = (_keys(reader, predicate, beside, catalogue, 1) for beside in (former, following))
    return Place(count(reader, predicate), before, previous[0][0] if previous else None, later[0][0] if later else None)


def truths(reader: duckdb.DuckDBPyConnection, predicates: Sequence[Predicate], person_id: int) -> list[bool]:
    """Which of these a person fulfils; none when there is no such person."""
    parts = ", ".join(f"coalesce({predicate.sql}, false)" for predicate in predicates)
    values = [value for predicate in predicates for value in predicate.params]
    found = reader.execute(f"SELECT {parts} FROM people p WHERE p.id = ?", [*values, person_id]).fetchall()
    return list(map(bool, found[0])) if found else []


def _sort_value(column: Column, catalogue: Catalogue) -> str:
    """What people are ordered by; of segments, how many they are in, without those in the trash."""
    if column.type == Type.SEGMENT:
        trash = [str(int(row_id)) for row_id, one in (catalogue.segments or {}).items() if one.removed]
        if not trash:
            return "p.segments"
        # Counted here and not in the column, so that removing and restoring a segment touches none of its people.
        thrown = f"t.person_id = p.id AND t.segment_id IN ({', '.join(trash)})"
        return f"(p.segments - (SELECT count(*) FROM memberships t WHERE {thrown}))"
    return f"lower({column.sql})" if column.type == Type.TEXT else column.sql


def _beyond(view: View, value: str, person_id: str, kind: Type) -> tuple[str, list[Any]]:
    """The keyset condition: strictly after (or before) the cursor in the view's order; missing values come last.

    `value` and `person_id` are the expressions that are compared with the cursor's.
    """
    cursor, back = view.before or view.after, view.before is not None
    if cursor is None:
        return "", []
    than = "<" if view.descending != back else ">"
    if cursor.value is None:
        missing = f"({value} IS NULL AND {person_id} {than} ?)"
        return f" AND ({missing} OR {value} IS NOT NULL)" if back else f" AND {missing}", [cursor.person_id]
    # A cursor written by hand may hold anything: what does not fit the column comes before and after nobody.
    mark = f"try_cast(? AS {_SORT_TYPES[kind]})"
    beyond = f"{value} {than} {mark} OR ({value} = {mark} AND {person_id} {than} ?)"
    return f" AND ({beyond}{'' if back else f' OR {value} IS NULL'})", [cursor.value, cursor.value, cursor.person_id]


def _portable(value: Any) -> Value:
    return value.isoformat(sep=" ") if isinstance(value, dt.datetime) else value
