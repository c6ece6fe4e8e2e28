"""Files of everybody: ours, and DuckDB's own COPY of the same columns to CSV, each run in a process of its own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import duckdb

from bench.measure import Figure, in_turns, seconds
from bench.parts.load import bench_workspace
from bench.parts.raw import open_raw
from bench.processes import peak_mb, resident_mb
from bench.report import ROOT
from coterie.accounts.models import Workspace
from coterie.audience.audience import audience_of
from coterie.audience.replicas import close_all, replica_of
from coterie.audience.tree import Condition
from coterie.transfers.export import Form, Format, export

ROUNDS = 3
GOALS = {Format.CSV: 6.0, Format.PARQUET: 4.0}
_COLUMNS = (
    *("name", "email", "created_at", "last_seen", "source", "user_id", "ip", "region", "country", "avatar", "banned"),
    *("chats", "city", "gender", "language", "referrer", "url", "timezone", "username"),
)
_CUSTOM = ("birthday", "favorite_roast", "grinder", "newsletter", "order_number", "orders", "plan")
# A tenth of everybody or so: memory that does not grow with the people is about the same for them.
_FEW = Condition("default_language", "is", ("Portuguese",))


def run(people: int) -> list[Figure]:
    """Time and memory of both."""
    replica_of(bench_workspace()).catch_up()
    close_all()
    took: dict[str, list[dict[str, float]]] = {}
    in_turns({way: partial(_child, way, took) for way in ("raw", *Format, "few")}, ROUNDS)

    def values(way: str, key: str) -> list[float]:
        return [run[key] for run in took[way][1:]]

    raw_name = "DuckDB's COPY TO of the same columns in the same order, in a process of its own"
    size = f"a file of {took['csv'][-1]['megabytes']:,.0f} MB"
    return [
        Figure(
            f"CSV of {people:,} people",
            "s",
            values("csv", "seconds"),
            values("raw", "seconds"),
            raw_name,
            GOALS[Format.CSV],
            note=size,
        ),
        *(
            Figure(
                f"{format_.value.upper()} of the same",
                "s",
                values(format_, "seconds"),
                goal=GOALS.get(format_),
                note=f"{took[format_][-1]['megabytes']:,.0f} MB; memory grew by {took[format_][-1]['growth']:,.0f} MB",
            )
            for format_ in (Format.PARQUET, Format.JSONL, Format.XLSX)
        ),
        Figure("peak memory growth meanwhile", "MB", values("csv", "growth"), values("raw", "growth"), raw_name),
        Figure(
            "peak memory growth for a part of them",
            "MB",
            values("few", "growth"),
            note=f"the {took['few'][-1]['rows']:,.0f} people who speak Portuguese",
        ),
    ]


def _child(way: str, took: dict[str, list[dict[str, float]]]) -> float:
    command = [sys.executable, "-m", "bench.parts.export", way]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd=ROOT)
    answer: dict[str, float] = json.loads(done.stdout)
    took.setdefault(way, []).append(answer)
    return answer["seconds"]


def _export(workspace: Workspace, way: str, target: Path) -> None:
    audience = audience_of(workspace)
    form = Form() if way == "few" else Form(Format(way))
    with target.open("wb") as file:
        for piece in export(audience, audience.predicate(_FEW if way == "few" else None), form):
            file.write(piece)


def _raw(raw: duckdb.DuckDBPyConnection, target: Path) -> None:
    custom = ", ".join(f"custom['{key}']::VARCHAR AS {key}" for key in _CUSTOM)
    segments = "(SELECT string_agg(segment_id, ';') FROM memberships WHERE person_id = people.id) AS segments"
    raw.execute(
        f"COPY (SELECT {', '.join(_COLUMNS)}, {custom}, {segments} FROM people"
        f" ORDER BY last_seen DESC NULLS LAST, id DESC) TO '{target}' (HEADER, FORCE_QUOTE *)"
    )


def _prepared(way: str, target: Path) -> Callable[[], None]:
    """The work of one way, with files open and ready."""
    workspace = bench_workspace()
    path = replica_of(workspace).path
    if way == "raw":
        close_all()
        copy = target.with_suffix(".duckdb")
        shutil.copyfile(path, copy)
        raw = open_raw(copy)
        raw.execute("SELECT count(*) FROM people").fetchall()
        return partial(_raw, raw, target)
    audience_of(workspace).count(None)
    return partial(_export, workspace, way, target)


def main() -> None:
    """One run of one way in this process, printed as JSON."""
    target = Path(os.environ["COTERIE_DATA"]) / "bench.csv"
    work = _prepared(sys.argv[1], target)
    before = resident_mb(os.getpid())
    taken = seconds(work)
    growth = peak_mb() - before
    with target.open("rb") as file:
        rows = sum(1 for _ in file) - 1 if sys.argv[1] in ("raw", "csv", "few") else 0
    megabytes = target.stat().st_size / 1e6
    target.unlink()
    print(json.dumps({"seconds": taken, "growth": growth, "rows": rows, "megabytes": megabytes}))


if __name__ == "__main__":
    main()
