"""`coterie export`."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from coterie.accounts.audit import record
from coterie.accounts.models import Workspace
from coterie.audience.audience import Audience, audience_of
from coterie.audience.columns import Column
from coterie.audience.tree import All, Condition, FilterError, Node
from coterie.cli.ground import ACTOR, WorkspaceOption, choose, migrate
from coterie.cli.say import console, wrong_use
from coterie.segments.catalogue import find
from coterie.transfers.export import export_csv, personal_keys
from coterie.transfers.mapping import attribute_of


def run(
    segment: Annotated[str | None, typer.Option(help="Only people in this segment (name or id).")] = None,
    filters: Annotated[
        list[str] | None,
        typer.Option("--filter", metavar="ATTRIBUTE:RULE:VALUE", help="As in URLs: default_country:is:Poland."),
    ] = None,
    match: Annotated[str, typer.Option(help="How filters are joined: all or any.")] = "all",
    columns: Annotated[str | None, typer.Option(help="Attributes joined by commas; default: everything.")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="File; default: standard output.")] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Writes people to a CSV file."""
    migrate()
    place = choose(workspace)
    audience = audience_of(place)
    node = _node(audience, segment, filters or [], match)
    wanted = _columns(audience, columns)
    people = audience.count(node)
    details = {"people": people, "filters": filters or [], "segment": segment}
    personal = personal_keys(audience.catalogue.columns if wanted is None else wanted)
    record(place, ACTOR, "people.export", {**details, "personal": personal})
    pieces = export_csv(audience, audience.predicate(node), wanted)
    if output is None:
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        return
    with console.status(f"Writing {people:,} people"):
        _write(output, pieces)
    typer.echo(f"{people:,} people in {output}", err=True)


def _node(audience: Audience, segment: str | None, filters: list[str], match: str) -> Node | None:
    # Quoted as far as a terminal has it plain and a URL would not; the separators and quoted parts stay.
    parts = [f"match={quote(match)}", *(f"f={quote(text, safe=':|%')}" for text in filters)]
    parsed = audience.parse("&".join(parts))
    if parsed.problems:
        wrong_use("\n".join(_in_words(problem) for problem in parsed.problems))
    if segment is None:
        return parsed.view.node
    inside = _segment(audience.workspace, segment)
    return inside if parsed.view.node is None else All((inside, parsed.view.node))


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


def _write(path: Path, pieces: Iterator[bytes]) -> None:
    """Into a file beside it, which takes its name when complete: a failure leaves no half file."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        # People's data: for the operator alone, as the database is.
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            for piece in pieces:
                file.write(piece)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
