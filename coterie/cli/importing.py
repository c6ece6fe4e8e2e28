"""`coterie import`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from coterie.accounts.models import Workspace
from coterie.cli.ground import ACTOR, WorkspaceOption, choose, migrate
from coterie.cli.say import failed, progress, wrong_use
from coterie.people.attributes import Refused
from coterie.segments.catalogue import create, find
from coterie.segments.membership import ByRule
from coterie.segments.models import Segment
from coterie.transfers.importer import Summary, import_csv
from coterie.transfers.mapping import WrongFile


class Policy(StrEnum):
    """What happens to people who are there already."""

    MERGE = "merge"
    SKIP = "skip"
    REPLACE = "replace"


def run(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A CSV file with a header.")],
    maps: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="COLUMN=ATTRIBUTE", help="Which attribute a column fills; nothing: none."),
    ] = None,
    on_conflict: Annotated[
        Policy, typer.Option(help="People who are there: merge values, skip them, or replace values (empty removes).")
    ] = Policy.MERGE,
    segment: Annotated[str | None, typer.Option(help="Put everybody in this segment; made when missing.")] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Reads people from a CSV file, known by User ID or e-mail address. Rejected rows go to a file beside it."""
    wishes = dict(_wish(text) for text in maps or [])
    migrate()
    place = choose(workspace, create=True)
    with progress("%") as bar:
        task = bar.add_task("Importing", total=None)
        try:
            summary = import_csv(
                place,
                file,
                ACTOR,
                policy=on_conflict.value,
                mapping=wishes,
                segment=_segment(place, segment),
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
        except WrongFile as error:
            wrong_use(str(error))
        except Refused as error:
            failed(f"Stopped: {error} Rows before this are in.")
    _report(summary)


def _report(summary: Summary) -> None:
    typer.echo(
        f"{summary.rows:,} rows: {summary.created:,} people created, {summary.updated:,} updated,"
        f" {summary.unchanged:,} unchanged, {summary.rejected:,} rejected."
    )
    if unread := [name for name, key in summary.columns.items() if key is None]:
        typer.echo(f"Columns not read: {', '.join(unread)}.")
    if summary.joined:
        typer.echo(f"{summary.joined:,} people joined the segment.")
    if summary.rejected_file:
        typer.echo(f"The rejected rows, with reasons: {summary.rejected_file}")


def _wish(text: str) -> tuple[str, str]:
    column, equals, attribute = text.rpartition("=")
    if not equals or not column:
        wrong_use(f"--map takes column=attribute, not “{text}”.")
    return column, attribute


def _segment(workspace: Workspace, name: str | None) -> Segment | None:
    if name is None:
        return None
    try:
        found = find(workspace, name) or create(workspace, name, ACTOR)
    except ValueError as error:
        wrong_use(str(error))
    if found.is_rule:
        wrong_use(str(ByRule(found.name)))
    return found
