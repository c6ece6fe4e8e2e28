"""The people that everything is measured on: loaded once, kept between runs, and copied for each run.

A run changes people, so it works on a copy; the next run finds the loaded ones as they were.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.postgres import Cluster
from bench.report import ROOT

DATA = Path(os.environ.get("BENCH_DATA") or ROOT / "bench" / ".data").resolve()
# From so many people on, the replica gets what an operator would give it.
_MANY = 5_000_000


@dataclass(frozen=True, slots=True)
class Ground:
    """`people` on one database; `cluster` is None on SQLite."""

    people: int
    database: str
    cluster: Cluster | None

    @property
    def loaded(self) -> Path:
        """The folder of the loaded people."""
        return DATA / f"{self.database}-{self.people}"

    @property
    def running(self) -> Path:
        """The folder of the copy."""
        return DATA / f"{self.database}-{self.people}-run"

    def environment(self, folder: Path) -> dict[str, str]:
        """The environment of a process that works in `folder`. Nothing of the operator's own Coterie reaches it."""
        mine = {name: value for name, value in os.environ.items() if not name.startswith(("COTERIE_", "PG"))}
        mine.pop("DATABASE_URL", None)
        mine |= {"COTERIE_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "coterie.settings"}
        if self.people >= _MANY:
            mine["COTERIE_REPLICA_MEMORY"] = "2GB"
        if self.cluster is not None:
            mine["DATABASE_URL"] = self.cluster.url(_name(folder))
        return mine

    def load(self, fresh: bool = False, *, keep: bool = True) -> None:
        """Loads the people unless they are there from an earlier run. Only with `keep` the time it took is a result."""
        mark = self.loaded / "loaded.json"
        if mark.exists() and not fresh:
            return
        self._empty(self.loaded)
        if self.cluster is not None:
            self.cluster.create(_name(self.loaded))
        self.run_part("load", self.loaded, keep=keep)
        mark.write_text(json.dumps({"people": self.people}), encoding="ascii")

    @contextlib.contextmanager
    def copy(self) -> Iterator[Path]:
        """A copy of the loaded people, in a folder that is removed afterwards."""
        self._empty(self.running)
        if self.cluster is None:
            shutil.copytree(self.loaded, self.running, dirs_exist_ok=True)
        else:
            self.cluster.create(_name(self.running), _name(self.loaded))
        try:
            yield self.running
        finally:
            self._empty(self.running)
            self.running.rmdir()

    def run_part(self, part: str, folder: Path, *, keep: bool = True) -> None:
        """Runs a part in a process of its own and waits for it; raises when it fails."""
        command = [sys.executable, "-m", "bench.part", part, self.database, str(self.people)]
        command += [] if keep else ["--no-result"]
        subprocess.run(command, check=True, env=self.environment(folder), cwd=ROOT)

    def _empty(self, folder: Path) -> None:
        if self.cluster is not None:
            self.cluster.drop(_name(folder))
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)


def _name(folder: Path) -> str:
    """The PostgreSQL database that belongs to a folder."""
    return folder.name.replace("-", "_")


@contextlib.contextmanager
def database_server(database: str) -> Iterator[Cluster | None]:
    """The running PostgreSQL, or nothing for SQLite."""
    DATA.mkdir(parents=True, exist_ok=True)
    if database == "sqlite":
        yield None
        return
    cluster = Cluster.start(DATA / "postgres")
    try:
        yield cluster
    finally:
        cluster.stop()
