"""`coterie export`."""

import sys
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from coterie.accounts.audit import record
from coterie.accounts.models import Workspace
from coterie.audience.audience import Audience, audience_of
from coterie.audience.columns import Column
from coterie.audience.sentence import sentence
from coterie.audience.tree import Condition, FilterError
from coterie.audience.view import View
from coterie.cli.ground import ACTOR, choose, migrate
from coterie.cli.options import WorkspaceOption
from coterie.cli.say import progress, wrong_use
from coterie.segments.catalogue import find
from coterie.transfers.export import Form, Format, opened
from coterie.transfers.files import Reason, write
from coterie.transfers.headings import attribute_of, personal_keys


def run(
    segment: Annotated[str | None, typer.Option(help="Only people in this segment (name or id).")] = None,
    filters: Annotated[
        list[str] | None,
        typer.Option("--filter", metavar="ATTRIBUTE:RULE:VALUE", help="As in URLs: default_country:is:Poland."),
    ] = None,
    match: Annotated[str, typer.Option(help="How filters are joined: all or any.")] = "all",
    columns: Annotated[str | None, typer.Option(help="Attributes joined by commas; default: everything.")] = None,
    format_: Annotated[
        Format | None, typer.Option("--format", help="Default: by the name of the file, otherwise csv.")
    ] = None,
    bom: Annotated[bool, typer.Option("--bom", help="Begin a CSV so that Excel knows it is UTF-8.")] = False,
    raw: Annotated[bool, typer.Option("--raw", help="Leave formulas as they are: for programs only.")] = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="File; default: standard output.")] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Writes people to a file: CSV, XLSX, JSON Lines or Parquet. A file gets a manifest beside it."""
    migrate()
    place = choose(workspace)
    audience = audience_of(place)
    view = _view(audience, segment, filters or [], match)
    form = Form(_format(format_, output), _columns(audience, columns), bom, raw)
    said = sentence(view.node, audience.catalogue)
    personal = personal_keys(audience.catalogue.columns if form.columns is None else form.columns)
    with opened(audience, audience.predicate(view.node), form) as export:
        people = export.people
        details = {"people": people, "filter": said, "format": form.format.value, "raw": raw}
        record(place, ACTOR, "people.export", {**details, "personal": personal})
        if output is None:
            for piece in export.pieces():
                sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
            return
    _to_file(output, audience, view, form, Reason(ACTOR, said, view.query), people)


def _to_file(output: Path, audience: Audience, view: View, form: Form, reason: Reason, people: int) -> None:
    predicate = audience.predicate(view.node)
    with progress("people") as bar:
        task = bar.add_task("Exporting", total=people)
        manifest = write(output, audience, predicate, form, reason, lambda done: bar.update(task, completed=done))
    typer.echo(f"{manifest.people:,} people in {output}", err=True)


def _format(wanted: Format | None, output: Path | None) -> Format:
    if wanted is not None:
        return wanted
    ending = output.suffix.lower().removeprefix(".") if output is not None else ""
    return Format(ending) if ending in list(Format) else Format.CSV


def _view(audience: Audience, segment: str | None, filters: list[str], match: str) -> View:
    # Quoted as far as a terminal has it plain and a URL would not; the separators and quoted parts stay.
    parts = [f"match={quote(match)}", *(f"f={quote(text, safe=':|%')}" for text in filters)]
    parsed = audience.parse("&".join(parts))
    if parsed.problems:
        wrong_use("\n".join(_in_words(problem) for problem in parsed.problems))
    if segment is None:
        return parsed.view
    inside, node = _segment(audience.workspace, segment), parsed.view.node
    return View("all", (inside,) if node is None else (inside, node))


def _in_words(problem: FilterError) -> str:
    return str(problem).replace("f[", "--filter [", 1).replace("match:", "--match:", 1)


def _segment(workspace: Workspace, name: str) -> Condition:
    found = find(workspace, name)
    if found is None:
        wrong_use(f"There is no segment “{name}” in “{workspace.name}”.")
    return Condition("segment", "in", (found.public_id,))


def _columns(audience: Audience, text: str | None) -> list[Column] | None:
    if text is None:
        return None
    found = []
    for name in filter(None, (part.strip() for part in text.split(","))):
        column = audience.catalogue.get(name) or audience.catalogue.get(attribute_of(name))
        if column is None:
            wrong_use(_missing(name, audience))
        found.append(column)
    return found or None


def _missing(name: str, audience: Audience) -> str:
    hidden = audience.catalogue.hidden.get(attribute_of(name))
    if hidden is not None:
        return f"“{hidden.label}” is hidden in Settings."
    return f"There is no attribute “{name}”; there are {', '.join(audience.catalogue.by_key)}."
