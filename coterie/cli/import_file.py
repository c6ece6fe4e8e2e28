"""What `coterie import` does."""

from dataclasses import replace
from pathlib import Path

import typer

from coterie.accounts.models import Workspace
from coterie.cli.ground import ACTOR, choose, migrate
from coterie.cli.say import failed, progress, wrong_use
from coterie.jobs.running import Failed
from coterie.segments.catalogue import create, find
from coterie.segments.membership import ByRule
from coterie.transfers.checking import dry_run as foresee
from coterie.transfers.importer import Summary, import_file
from coterie.transfers.reading import WrongFile
from coterie.transfers.wishes import Wishes


def import_and_report(file: Path, wishes: Wishes, segments: list[str], workspace: str | None, *, dry_run: bool) -> None:
    """Imports the file, or says what that would do, and tells what came of it. `segments` are names."""
    migrate()
    place = choose(workspace, create=True)
    wishes = replace(wishes, segments=_segments(place, segments, make=not dry_run))
    _report(_carry_out(place, file, wishes, dry_run), dry_run)


def _carry_out(workspace: Workspace, file: Path, wishes: Wishes, dry: bool) -> Summary:
    with progress("%") as bar:
        task = bar.add_task("Checking" if dry else "Importing", total=file.stat().st_size)

        def shown(position: int) -> None:
            bar.update(task, completed=position)

        try:
            if dry:
                return foresee(workspace, file, wishes, progress=shown)
            return import_file(workspace, file, ACTOR, wishes, progress=shown)
        except WrongFile as error:
            wrong_use(str(error))
        except Failed as error:
            failed(f"Stopped: {error} Rows before this are in.")


def _report(summary: Summary, dry: bool) -> None:
    typer.echo(
        f"{summary.rows:,} rows: {summary.new:,} people {'would be created' if dry else 'created'},"
        f" {summary.changed:,} updated, {summary.same:,} unchanged, {summary.rejected:,} rejected."
    )
    if unread := [name for name, key in summary.columns.items() if key is None]:
        typer.echo(f"Columns not read: {', '.join(unread)}.")
    if summary.joined:
        typer.echo(f"{summary.joined:,} people {'would join' if dry else 'joined'} the segment.")
    if summary.rejected_file:
        typer.echo(f"The rejected rows, with reasons: {summary.rejected_file}")


def _segments(workspace: Workspace, names: list[str], *, make: bool) -> tuple[int, ...]:
    """Ids of the segments; those that are missing are made, but not for a dry run."""
    found = []
    for name in names:
        try:
            segment = find(workspace, name) or (create(workspace, name, ACTOR) if make else None)
        except ValueError as error:
            wrong_use(str(error))
        if segment is not None and segment.is_rule:
            wrong_use(str(ByRule(segment.name)))
        if segment is not None:
            found.append(segment.id)
        else:
            typer.echo(f"The segment “{name}” would be made; everybody in the file would join it.")
    return tuple(dict.fromkeys(found))
