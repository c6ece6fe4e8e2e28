"""Who has to join and leave the segments that are filled by rules: only the differences leave the replica."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from coterie.audience import query
from coterie.audience.columns import Catalogue
from coterie.audience.compiler import Predicate
from coterie.audience.rows import Row, rows

# (segment id, person id)
Pair = tuple[int, int]
# (segment id, what its rule means)
Rule = tuple[int, Predicate]

# Planning a query takes more than linear time in its predicates; so many at a time are quickest.
_RULES = 20
_FIELD = re.compile(r"\bp\.(\w+)")


def differences(
    reader: duckdb.DuckDBPyConnection, rules: Sequence[Rule], person_ids: Sequence[int]
) -> tuple[list[Pair], list[Pair]]:
    """(who has to join, who has to leave) of these people, for all rules in one pass over them.

    Leaves the connection with these people only, and not fit for other questions.
    """
    rows: list[tuple[int, int, bool]] = []
    if rules and person_ids:
        _only(reader, rules, person_ids)
        for start in range(0, len(rules), _RULES):
            rows += _tested(reader, rules[start : start + _RULES])
    joining = [(segment_id, person_id) for segment_id, person_id, inside in rows if inside]
    return joining, [(segment_id, person_id) for segment_id, person_id, inside in rows if not inside]


def _only(reader: duckdb.DuckDBPyConnection, rules: Sequence[Rule], person_ids: Sequence[int]) -> None:
    """Puts tables in front of those of the replica: what a predicate asks of everybody, it then asks of these people.

    Only with the fields that the predicates name: there may be hundreds that they do not.
    """
    there = {row[0] for row in reader.execute("DESCRIBE main.people").fetchall()}
    named = {field for _, predicate in rules for field in _FIELD.findall(predicate.sql)}
    fields = ", ".join(f'"{field}"' for field in sorted({"id"} | (named & there)))
    reader.execute("CREATE TEMP TABLE these AS SELECT unnest(?::BIGINT[]) AS id", [list(person_ids)])
    reader.execute(f"CREATE TEMP TABLE people AS SELECT {fields} FROM main.people WHERE id IN (FROM these)")
    reader.execute(
        "CREATE TEMP TABLE memberships AS SELECT * FROM main.memberships WHERE person_id IN (FROM these)",
    )
    # Planning is most of the time, and for so few people there is little to gain by a better plan.
    reader.execute("PRAGMA disable_optimizer")


def _tested(reader: duckdb.DuckDBPyConnection, rules: Sequence[Rule]) -> list[tuple[int, int, bool]]:
    numbers = ", ".join(str(int(segment_id)) for segment_id, _ in rules)
    truths = ", ".join(predicate.sql for _, predicate in rules)
    return reader.execute(
        f"""
        WITH truth AS (
            SELECT p.id, unnest([{numbers}]::BIGINT[]) AS segment_id, unnest([{truths}]) AS inside FROM people p)
        SELECT coalesce(t.segment_id, m.segment_id), coalesce(t.id, m.person_id), t.id IS NOT NULL
        FROM (FROM truth WHERE inside) t
        FULL JOIN (FROM memberships WHERE segment_id IN ({numbers})) m
            ON m.segment_id = t.segment_id AND m.person_id = t.id
        WHERE t.id IS NULL OR m.person_id IS NULL""",
        [value for _, predicate in rules for value in predicate.params],
    ).fetchall()


def effect(
    reader: duckdb.DuckDBPyConnection, predicate: Predicate, segment_id: int, shown: int, catalogue: Catalogue
) -> "Effect":
    """What a rule would do to a segment (0: to a new one), with the first `shown` people of each kind."""
    sql, params = _changing(predicate, segment_id)
    counts = dict(reader.execute(f"SELECT joins, count(*) FROM ({sql}) GROUP BY ALL", params).fetchall())

    def first(joins: bool) -> list[Row]:
        ids = reader.execute(
            f"SELECT p.id FROM people p JOIN ({sql}) c ON c.id = p.id WHERE c.joins = ?"
            f" ORDER BY p.last_seen DESC NULLS LAST, p.id DESC LIMIT {int(shown)}",
            [*params, joins],
        ).fetchall()
        return rows(catalogue, [row[0] for row in ids])

    people, enters, leaves = query.count(reader, predicate), counts.get(True, 0), counts.get(False, 0)
    return Effect(people, enters, leaves, first(True), first(False))


@dataclass(frozen=True, slots=True)
class Effect:
    """How many people a rule finds, how many of them would enter the segment and how many others would leave it,
    exactly; and the first of each kind, who were seen last.
    """

    people: int
    enters: int
    leaves: int
    entering: Sequence[Row]
    leaving: Sequence[Row]


def _changing(predicate: Predicate, segment_id: int) -> tuple[str, list[Any]]:
    """(SQL, values) of everybody who has to join or leave that segment: their `id` and whether the person `joins`."""
    sql = f"""
        SELECT coalesce(t.id, m.person_id) AS id, t.id IS NOT NULL AS joins
        FROM (SELECT p.id FROM people p WHERE {predicate.sql}) t
        FULL JOIN (SELECT person_id FROM memberships WHERE segment_id = {int(segment_id)}) m ON m.person_id = t.id
        WHERE t.id IS NULL OR m.person_id IS NULL"""
    return sql, [*predicate.params]


def all_changing(reader: duckdb.DuckDBPyConnection, predicate: Predicate, segment_id: int) -> pa.Table:
    """Everybody who has to join or leave that segment: `id`, ascending, and `joins`."""
    sql, params = _changing(predicate, segment_id)
    return reader.sql(f"{sql} ORDER BY id", params=params).to_arrow_table()


def replica_revision(reader: duckdb.DuckDBPyConnection) -> int:
    """The revision whose people this connection sees."""
    return int(reader.execute("SELECT revision FROM state").fetchall()[0][0])
