"""What `coterie worker` does."""

import os
import signal
import sys
import threading
from types import FrameType

import typer
from django.db import connections

from coterie.channels import processing, profiles
from coterie.cli.ground import migrate
from coterie.jobs.worker import answer, work
from coterie.segments.follow import follow


def run_worker(*, with_server: bool) -> None:
    """Works until the process is told to stop or, with a server, until that ends."""
    migrate()
    connections.close_all()
    stop = threading.Event()

    def leave(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, leave)
    if with_server:
        threading.Thread(target=_end_with_server, args=(stop,), daemon=True).start()
    else:
        typer.echo("Working. Stop with Ctrl-C; what is not finished goes on at the next start.")
    # In threads of their own: whoever changes, and whoever asks, must not wait for a bulk action.
    others = [
        threading.Thread(target=follow, args=(stop,), name="follower"),
        threading.Thread(target=answer, args=(stop,), name="answering"),
        threading.Thread(target=processing.work, args=(stop,), name="inbox"),
        threading.Thread(target=profiles.work, args=(stop,), name="profiles"),
    ]
    for thread in others:
        thread.start()
    work(stop)
    for thread in others:
        thread.join()


def _end_with_server(stop: threading.Event) -> None:
    """The input ends when the server does, in whatever way."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    stop.set()
