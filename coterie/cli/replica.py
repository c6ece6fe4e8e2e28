"""`coterie replica`."""

import fcntl
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
import typer
from django.conf import settings
from django.db.models import F

from coterie.accounts.models import Workspace
from coterie.audience.replicas import replica_of
from coterie.cli.ground import choose, migrate
from coterie.cli.options import JsonOption, WorkspaceOption
from coterie.cli.say import as_json, console

app = typer.Typer(no_args_is_help=True)


@dataclass(frozen=True, slots=True)
class ReplicaFile:
    """One replica file. Its revision can be read only while no server has it open."""

    file: str
    bytes: int
    in_use: bool
    revision: int | None
    epoch: int | None
    damaged: bool = False


@app.command()
def status(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Lists the replica files of a workspace. They may lag: a server catches up before it answers."""
    migrate()
    place = choose(workspace)
    folder = Path(settings.DATA) / "replica"
    files = [_inspect(path) for path in sorted(folder.glob(f"{place.uid}-*.duckdb"))]
    if json:
        as_json(
            {
                "workspace": {"id": place.pk, "name": place.name},
                "revision": place.revision,
                "epoch": place.replica_epoch,
                "folder": str(folder),
                "files": [asdict(file) for file in files],
            }
        )
        return
    typer.echo(f"“{place.name}” is at revision {place.revision:,}. Replica files in {folder}:")
    for file in files:
        typer.echo(f"  {file.file}  {file.bytes / 1e6:,.1f} MB  {_state(file, place)}")
    if not files:
        typer.echo("  none yet; the first request makes one")


@app.command()
def rebuild(workspace: WorkspaceOption = None) -> None:
    """Builds the replica anew: here now, in every running server with its next request."""
    migrate()
    place = choose(workspace)
    Workspace.objects.filter(pk=place.pk).update(replica_epoch=F("replica_epoch") + 1)
    began = time.monotonic()
    replica = replica_of(place)
    with console.status("Reading everybody"):
        revision = replica.catch_up()
    typer.echo(f"Rebuilt at revision {revision:,} in {time.monotonic() - began:.1f} s ({replica.path.name}).")
    replica.close()


def _inspect(path: Path) -> ReplicaFile:
    wal = path.with_name(f"{path.name}.wal")
    size = path.stat().st_size + (wal.stat().st_size if wal.exists() else 0)
    with path.with_suffix(".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return ReplicaFile(path.name, size, True, None, None)
        try:
            with duckdb.connect(str(path), read_only=True) as database:
                found = database.execute("SELECT revision, epoch FROM state").fetchone()
        except duckdb.Error:
            return ReplicaFile(path.name, size, False, None, None, damaged=True)
    revision, epoch = found if found else (None, None)
    return ReplicaFile(path.name, size, False, revision, epoch)


def _state(file: ReplicaFile, place: Workspace) -> str:
    if file.in_use:
        return "in use by a server, which keeps it up to date"
    if file.damaged or file.revision is None:
        return "cannot be read; it will be rebuilt when it is needed"
    if file.epoch != place.replica_epoch:
        return "will be rebuilt when it is needed"
    behind = place.revision - file.revision
    return "up to date" if behind == 0 else f"{behind:,} changes behind"
