"""How commands end and how they show that they work."""

import json
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

# Progress goes where it does not get into a file or a pipe.
console = Console(stderr=True)


def failed(message: str) -> NoReturn:
    """Exit code 1."""
    typer.echo(message, err=True)
    raise typer.Exit(1)


def wrong_use(message: str) -> NoReturn:
    """Exit code 2."""
    typer.echo(message, err=True)
    raise typer.Exit(2)


def as_json(data: dict[str, Any]) -> None:
    """One JSON object on standard output."""
    typer.echo(json.dumps(data, ensure_ascii=False))


def progress(unit: str) -> Progress:
    """A bar that is seen on a terminal only."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %" if unit == "%" else f"{{task.completed:,.0f}} {unit}"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )
