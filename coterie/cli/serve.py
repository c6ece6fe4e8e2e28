"""`coterie serve`."""

from typing import Annotated

import typer

from coterie.cli.startup import set_up


def run(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8000,
    processes: Annotated[int, typer.Option(min=1, max=64, help="How many processes share the work.")] = 1,
    worker: Annotated[bool, typer.Option("--worker/--no-worker", help="Do background work, too.")] = True,
) -> None:
    """Brings the database up to date and serves pages, API and channels until it is stopped."""
    set_up()
    from coterie.cli.serve_process import serve  # noqa: PLC0415, see `startup`

    serve(host, port, processes, worker=worker)
