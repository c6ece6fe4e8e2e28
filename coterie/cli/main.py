"""`coterie …`: the terminal.

Only the command that was asked for is loaded, and Django with it: `coterie --help` needs neither.
"""

import importlib
import sys
from collections.abc import Sequence

import typer
from django.db import DatabaseError

from coterie.cli.startup import end, set_up

# Name → module in this folder and what the overview says. A module has a function `run` or, for a group, an `app`.
COMMANDS = {
    "serve": ("serve", "Serve pages, API and channels."),
    "worker": ("worker", "Do background work without serving."),
    "demo": ("demo", "Load invented people, chats and segments, and a login to look at them."),
    "member": ("member", "Logins of the team."),
    "token": ("token", "Tokens for the API."),
    "channel": ("channel", "Sources of chats: widgets, bots, Slack, Messenger and the others."),
    "export": ("exporting", "Write people to a CSV file."),
    "import": ("importing", "Read people from a CSV file."),
    "replica": ("replica", "The fast read side: status, rebuild."),
    "tidy": ("tidy", "Give languages and countries from before their one name each."),
    "doctor": ("doctor", "Explain every setting and what is wrong with it."),
}
# Their modules need no settings to say what they take; `doctor` looks at settings that may be too broken to start with.
_WITHOUT_SETTINGS = {"serve", "worker", "import", "doctor"}


def main() -> None:
    """Runs the command line of this process. Exit codes: 0 done, 1 failed, 2 wrong use."""
    arguments = sys.argv[1:]
    app = build(arguments)
    try:
        app(arguments)
    except DatabaseError as error:
        end(f"The database failed: {error}".strip())
    except OSError as error:
        end(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}")


def build(arguments: Sequence[str]) -> typer.Typer:
    """The application, with the command that `arguments` name loaded and the others by name."""
    app = typer.Typer(
        name="coterie",
        help="Coterie: everyone who chats with your bot becomes a person you can see, filter, group and export.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    chosen = next((argument for argument in arguments if not argument.startswith("-")), None)
    for name, (module_name, summary) in COMMANDS.items():
        if name == chosen:
            _load(app, name, module_name, summary)
        else:
            app.command(name, help=summary)(_not_loaded)
    return app


def _load(app: typer.Typer, name: str, module_name: str, summary: str) -> None:
    if name not in _WITHOUT_SETTINGS:
        set_up()
    module = importlib.import_module(f"coterie.cli.{module_name}")
    if isinstance(getattr(module, "app", None), typer.Typer):
        app.add_typer(module.app, name=name, help=summary)
    else:
        app.command(name)(module.run)


def _not_loaded() -> None:
    """Stands for a command in the overview; another one was asked for."""


if __name__ == "__main__":
    main()
