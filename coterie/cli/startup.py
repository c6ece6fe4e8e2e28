"""Load Django for a command, or end the process with a message when the settings are wrong.

The modules `serve`, `worker`, `importing` and `doctor` only declare what a command takes. What runs it is in
`serve_process`, `worker_process`, `import_file` and `database_check`, imported when the command runs, so that help and
wrong use need not load the libraries (1 s).
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
