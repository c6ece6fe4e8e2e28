"""`coterie token`."""

import datetime as dt
from typing import Annotated

import typer

from coterie.accounts import tokens
from coterie.cli.ground import ACTOR, choose, migrate
from coterie.cli.options import JsonOption, WorkspaceOption
from coterie.cli.say import as_json, wrong_use
from coterie.core.clock import iso, now

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Tokens for the API."""


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    scopes: Annotated[str, typer.Option(help=f"Joined by commas, of: {', '.join(tokens.SCOPES)}.")] = "read",
    days: Annotated[int | None, typer.Option(min=1, max=36_500, help="After so many days it ends.")] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Makes an API token and prints it, once."""
    migrate()
    place = choose(workspace, create=True)
    wanted = [scope.strip() for scope in scopes.split(",") if scope.strip()]
    ends = now() + dt.timedelta(days=days) if days else None
    try:
        token, secret = tokens.create(place, name, wanted, ACTOR, ends)
    except ValueError as error:
        wrong_use(str(error))
    if json:
        as_json({"name": token.name, "token": secret, "scopes": token.scopes, "expiresAt": iso(ends)})
        return
    typer.echo(secret)
    typer.echo("Keep it: it cannot be shown again. Use it as “Authorization: Bearer …” with /api/.", err=True)
