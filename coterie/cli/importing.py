"""`coterie import`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from coterie.accounts.models import Workspace
from coterie.cli.ground import ACTOR, WorkspaceOption, choose, migrate
from coterie.cli.say import failed, progress, wrong_use
from coterie.jobs.running import Failed
from coterie.segments.catalogue import create, find
from coterie.segments.membership import ByRule
from coterie.transfers.checking import dry_run as foresee
from coterie.transfers.importer import Summary, import_file
from coterie.transfers.reading import WrongFile
from coterie.transfers.wishes import Wishes


class Policy(StrEnum):
    """What happens to people who are there already."""

    MERGE = "merge"
    SKIP = "skip"
    REPLACE = "replace"


class Match(StrEnum):
    """How the person of a row is found."""

    USER_ID = "userId"
    EMAIL = "email"


class Dates(StrEnum):
    """What 03/04/2024 means."""

    DMY = "dmy"
    MDY = "mdy"


def run(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV, XLSX, JSON Lines or Parquet.")
    ],
    maps: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="COLUMN=ATTRIBUTE", help="Which attribute a column fills; nothing: none."),
    ] = None,
    on_conflict: Annotated[
        Policy, typer.Option(help="People who are there: merge values, skip them, or replace values (empty removes).")
    ] = Policy.MERGE,
    match: Annotated[
        Match, typer.Option(help="Whom a row is about: by user id (by e-mail where it has none), or by e-mail alone.")
    ] = Match.USER_ID,
    segment: Annotated[list[str] | None, typer.Option(help="Put everybody in this segment; made when missing.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    new_attributes: Annotated[bool, typer.Option(help="Whether columns may become new attributes.")] = True,
    dates: Annotated[Dates | None, typer.Option(help="What 03/04/2024 means: day or month first.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Of a CSV; default: found out.")] = None,
    delimiter: Annotated[str | None, typer.Option(help="Of a CSV; default: found out.")] = None,
    raw: Annotated[bool, typer.Option("--raw", help="The file was exported with --raw.")] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Reads people from a file. Rejected rows go to a file beside it, with line and reason."""
    mapping = dict(_wish(text) for text in maps or [])
    migrate()
    place = choose(workspace, create=True)
    wishes = Wishes(
        policy=on_conflict.value,
        match="email" if match == Match.EMAIL else "user_id",
        mapping=mapping,
        segments=_segments(place, segment or [], make=not dry_run),
        new_attributes=new_attributes,
        dates=dates.value if dates else None,
        encoding=encoding,
        delimiter=delimiter,
        raw=raw,
    )
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


def _wish(text: str) -> tuple[str, str]:
    column, equals, attribute = text.rpartition("=")
    if not equals or not column:
        wrong_use(f"--map takes column=attribute, not “{text}”.")
    return column, attribute


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
