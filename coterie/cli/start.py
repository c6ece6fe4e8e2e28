"""How a command comes to Django, and how the process ends when it cannot.

The modules `serve`, `worker`, `importing` and `doctor` only say what a command takes. What they need to do it stands in
`serving`, `working`, `taking_in` and `answering`, which are loaded when they run: help and wrong use take no second.
"""

import os
from typing import NoReturn

import django
import typer
from django.core.exceptions import ImproperlyConfigured


def set_up() -> None:
    """Loads the settings and the models; ends the process when the settings are wrong."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coterie.settings")
    try:
        django.setup()
    except (ValueError, OSError, ImproperlyConfigured) as error:
        end(f"The settings are wrong: {error}. `coterie doctor` explains them.")


def end(message: str) -> NoReturn:
    """Ends the process as failed."""
    typer.echo(message, err=True)
    raise SystemExit(1)
