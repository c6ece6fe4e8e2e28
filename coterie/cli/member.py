"""`coterie member`."""

import secrets
from typing import Annotated

import typer
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from coterie.accounts.audit import record
from coterie.accounts.models import Member, Role, User
from coterie.cli.ground import ACTOR, choose, migrate
from coterie.cli.options import WorkspaceOption
from coterie.cli.say import failed, wrong_use

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Logins of the team."""


@app.command()
def add(
    email: Annotated[str, typer.Argument(help="The address to log in with.")],
    role: Annotated[Role, typer.Option(help="What they may do.")],
    password: Annotated[str | None, typer.Option(help="Made and printed once when left out.")] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Lets somebody log in. For somebody who can already: changes the role and, if one is given, the password."""
    email = email.strip().lower()
    _check(email, password)
    migrate()
    place = choose(workspace, create=True)
    user = User.objects.filter(email=email).first()
    generated = None
    if user is None:
        generated = None if password else secrets.token_urlsafe(12)
        user = User.objects.create_user(email, password or generated)
    elif password:
        user.set_password(password)
        user.save()
    Member.objects.update_or_create(workspace=place, user=user, defaults={"role": role})
    record(place, ACTOR, "member.add", {"email": email, "role": role.value})
    typer.echo(f"{email} can log in as {role.value} of “{place.name}”.")
    if generated:
        typer.echo(f"Password (shown only now): {generated}")


def _check(email: str, password: str | None) -> None:
    try:
        validate_email(email)
    except ValidationError:
        wrong_use(f"“{email}” is not an e-mail address.")
    if password is not None:
        try:
            validate_password(password, User(email=email))
        except ValidationError as error:
            failed(" ".join(error.messages))
