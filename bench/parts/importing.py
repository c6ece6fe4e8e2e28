"""Importing the export of everybody: into an empty workspace, again, and as a dry run, each in a process of its own."""

import json
import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

from django.db import connection

from bench.measure import Figure, seconds
from bench.parts.load import bench_workspace
from bench.processes import peak_mb
from bench.report import ROOT
from coterie.accounts.models import Workspace
from coterie.audience.audience import audience_of
from coterie.audience.replicas import close_all
from coterie.transfers.checking import dry_run
from coterie.transfers.export import export
from coterie.transfers.importer import import_file
from coterie.transfers.wishes import Wishes

GOALS = {"sqlite": 20_000.0, "postgresql": 30_000.0}
MEMORY = 400.0
_TARGET = "Imported"


def run(people: int) -> list[Figure]:
    """Rows a second and the peak memory of the whole process, for a tenth of the people and for all of them."""
    folder = Path(os.environ["COTERIE_DATA"])
    whole, tenth = folder / "bench-import.csv", folder / "bench-import-tenth.csv"
    # In a process of its own, too: a child's peak begins with what its parent has.
    subprocess.run([sys.executable, "-m", "bench.parts.importing", "", str(whole), "write"], check=True, cwd=ROOT)
    with whole.open("rb") as source, tenth.open("wb") as target:
        target.writelines(islice(source, 1 + people // 10))
    goal = GOALS[connection.vendor]
    few = _child("tenth", tenth, "new")
    new = _child("all", whole, "new")
    same = _child("all", whole, "same")
    foreseen = _child("all", whole, "dry")
    note = f"{new['megabytes']:,.0f} MB with 27 columns; mapped, matched by user id, with the journal"
    return [
        Figure("new people", "rows/s", [new["rate"]], goal=goal, more_is_better=True, note=note),
        Figure("the same file again, which changes nobody", "rows/s", [same["rate"]], more_is_better=True),
        Figure("dry run of the same", "rows/s", [foreseen["rate"]], more_is_better=True),
        Figure("peak memory of the process", "MB", [new["memory"]], goal=MEMORY),
        Figure("peak memory of the process, same file again", "MB", [same["memory"]], goal=MEMORY),
        Figure("peak memory for a tenth of the rows", "MB", [few["memory"]]),
    ]


def _child(target: str, path: Path, way: str) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.parts.importing", target, str(path), way]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd=ROOT)
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def _write(path: Path) -> None:
    audience = audience_of(bench_workspace())
    with path.open("wb") as file:
        for piece in export(audience, audience.predicate(None)):
            file.write(piece)
    close_all()


def main() -> None:
    """One import in this process, printed as JSON."""
    target, path, way = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    if way == "write":
        _write(path)
        return
    workspace, _ = Workspace.objects.get_or_create(name=f"{_TARGET} {target}")
    counted: list[tuple[int, int, int]] = []

    def work() -> None:
        found = dry_run(workspace, path) if way == "dry" else import_file(workspace, path, "bench", Wishes())
        counted.append((found.rows, found.new, found.same))

    taken = seconds(work)
    rows, new, same = counted[0]
    assert rows == (new if way == "new" else same), counted
    print(json.dumps({"rate": rows / taken, "memory": peak_mb(), "megabytes": path.stat().st_size / 1e6}))


if __name__ == "__main__":
    main()
