"""`coterie demo`."""

from typing import Annotated

import typer

from coterie.accounts.models import Workspace
from coterie.cli.demo_login import WORKSPACE, make_demo_login
from coterie.cli.ground import migrate
from coterie.cli.say import progress
from coterie.demo.load import fill


def run(
    people: Annotated[int, typer.Option(min=1, max=20_000_000, help="How many people to add.")] = 5_000,
    chats_per_person: Annotated[float, typer.Option(min=0, max=100, help="Chats per person, on average.")] = 1.5,
    seed: Annotated[int, typer.Option(help="The same seed gives the same people.")] = 1,
    once: Annotated[bool, typer.Option("--once", help="Do nothing when there is a workspace already.")] = False,
) -> None:
    """Adds invented people, chats and segments to the workspace “Fernhill Coffee”, with a login to look at them."""
    migrate()
    if once and Workspace.objects.exists():
        return
    workspace = Workspace.objects.filter(name=WORKSPACE).order_by("pk").first()
    workspace = workspace or Workspace.objects.create(name=WORKSPACE, time_zone="Europe/Warsaw")
    login = make_demo_login(workspace)
    with progress("people") as bar:
        task = bar.add_task("Inventing", total=people)
        summary = fill(workspace, people, chats_per_person, seed, lambda done: bar.update(task, completed=done))
    typer.echo(
        f"{workspace.name}: {summary.people:,} people, {summary.chats:,} chats, {summary.messages:,} messages added."
    )
    typer.echo(f"Log in as {login['email']} with the password {login['password']}")
