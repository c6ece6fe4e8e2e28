"""Catching up with 1,000 changed people, and building the replica anew."""

import os
from collections.abc import Mapping
from pathlib import Path
from random import Random

import duckdb

from bench.measure import Figure, in_turns, seconds
from bench.parts.load import bench_workspace
from bench.parts.raw import open_raw
from coterie.accounts.models import Workspace
from coterie.audience.replicas import close_all, replica_of
from coterie.core.clock import now
from coterie.journal.commit import Transaction, commit
from coterie.people.changes import People
from coterie.people.models import Person

CHANGED = 1_000
CATCH_UPS = 11
REBUILDS = 3
CATCH_UP_GOAL_MS = 150.0
REBUILD_GOAL = 10.0


def run(people: int) -> list[Figure]:
    """Both, beside what DuckDB alone needs to write the same rows."""
    workspace = bench_workspace()
    replica_of(workspace).catch_up()
    folder = Path(os.environ["COTERIE_DATA"])
    rebuilds = in_turns(
        {
            "raw": lambda: _copy_seconds(workspace, folder / "raw.duckdb"),
            "ours": lambda: seconds(replica_of(workspace).repair),
        },
        REBUILDS,
        warm=0,
    )
    with open_raw(folder / "raw.duckdb") as raw:
        random = Random(people)
        ids = list(Person.objects.filter(workspace=workspace).values_list("id", flat=True))
        catch_ups = in_turns(
            {
                "raw": lambda: _rewrite_seconds(raw, random.sample(ids, CHANGED)) * 1000,
                "ours": lambda: _catch_up_seconds(workspace, random.sample(ids, CHANGED)) * 1000,
            },
            CATCH_UPS,
        )
    close_all()
    return _figures(catch_ups, rebuilds)


def _figures(catch_ups: Mapping[str, list[float]], rebuilds: Mapping[str, list[float]]) -> list[Figure]:
    return [
        Figure(
            f"catch up with {CHANGED:,} changed people",
            "ms",
            catch_ups["ours"],
            catch_ups["raw"],
            "catching up: DuckDB deletes and inserts as many rows of its own in one transaction",
            goal=CATCH_UP_GOAL_MS,
        ),
        Figure(
            "rebuild",
            "s",
            rebuilds["ours"],
            rebuilds["raw"],
            "rebuild: DuckDB copies the finished tables to another file",
            goal=REBUILD_GOAL,
        ),
    ]


def _catch_up_seconds(workspace: Workspace, ids: list[int]) -> float:
    """Changes these people, which does not count, and catches up."""

    def work(tx: Transaction) -> None:
        people = People.lock(tx, ids)
        for person in people:
            people.set(person, {"orders": int(person.attributes.get("orders", 0)) + 1}, tx.at)
            people.seen(person, now())
        people.save()

    commit(workspace.pk, "bench", work)
    return seconds(replica_of(workspace).catch_up)


def _rewrite_seconds(raw: duckdb.DuckDBPyConnection, ids: list[int]) -> float:
    raw.execute("CREATE OR REPLACE TEMP TABLE changed AS SELECT unnest(?::BIGINT[]) AS id", [ids])
    raw.execute("CREATE OR REPLACE TEMP TABLE incoming AS SELECT * FROM people WHERE id IN (FROM changed)")

    def work() -> None:
        raw.execute("BEGIN")
        raw.execute("DELETE FROM people WHERE id IN (FROM changed)")
        raw.execute("INSERT INTO people FROM incoming")
        raw.execute("COMMIT")

    return seconds(work)


def _copy_seconds(workspace: Workspace, target: Path) -> float:
    """DuckDB's own time for the replica's tables, file to file. The replica lets go of its file meanwhile."""
    source = replica_of(workspace).path
    close_all()
    target.unlink(missing_ok=True)
    with open_raw(target) as raw:
        raw.execute(f"ATTACH '{source}' AS replica (READ_ONLY)")

        def work() -> None:
            raw.execute("CREATE TABLE people AS FROM replica.people")
            raw.execute("CREATE TABLE memberships AS FROM replica.memberships")
            raw.execute("CHECKPOINT")

        return seconds(work)
