"""`coterie import`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from coterie.cli.options import WorkspaceOption
from coterie.cli.say import wrong_use
from coterie.cli.startup import set_up
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
    wishes = Wishes(
        policy=on_conflict.value,
        match="email" if match == Match.EMAIL else "user_id",
        mapping=dict(_wish(text) for text in maps or []),
        new_attributes=new_attributes,
        dates=dates.value if dates else None,
        encoding=encoding,
        delimiter=delimiter,
        raw=raw,
    )
    set_up()
    from coterie.cli.import_file import import_and_report  # noqa: PLC0415, see `startup`

    import_and_report(file, wishes, segment or [], workspace, dry_run=dry_run)


def _wish(text: str) -> tuple[str, str]:
    column, equals, attribute = text.rpartition("=")
    if not equals or not column:
        wrong_use(f"--map takes column=attribute, not “{text}”.")
    return column, attribute
