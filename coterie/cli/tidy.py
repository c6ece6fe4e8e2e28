"""`coterie tidy`."""

import typer

from coterie.accounts.models import Workspace
from coterie.cli.ground import ACTOR, migrate
from coterie.people.tidying import tidy


def run() -> None:
    """Gives the languages and countries that were stored in other spellings (en-GB, USA) their one name each.

    Needed once, after an upgrade from a version that kept what API and files wrote as it was.
    """
    migrate()
    changed = sum(sum(tidy(workspace.pk, ACTOR)) for workspace in Workspace.objects.order_by("pk"))
    typer.echo(f"{changed:,} values were renamed." if changed else "Everything has its one name already.")
