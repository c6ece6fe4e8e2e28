"""`coterie worker`."""

from typing import Annotated

import typer

from coterie.cli.startup import set_up

# Tells the worker that it is the child of a server, which holds the other end of its input.
CHILD = "--with-server"


def run(
    with_server: Annotated[bool, typer.Option(CHILD, hidden=True)] = False,
) -> None:
    """Does background work until it is stopped: the inbox, bulk actions, undo, rules. Several may run at once."""
    set_up()
    from coterie.cli.worker_process import run_worker  # noqa: PLC0415, see `startup`

    run_worker(with_server=with_server)
