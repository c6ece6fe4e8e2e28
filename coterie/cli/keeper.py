"""The worker beside a server: a process of its own, started again should it end.

A thread would share the interpreter with the pages; see docs/decisions/0012-background-work.md.
"""

import logging
import subprocess
import sys
import threading
import time

from coterie.cli.worker import CHILD

log = logging.getLogger(__name__)
_COMMAND = (sys.executable, "-m", "coterie.cli.main", "worker", CHILD)
_PAUSE = 2.0


def keep_worker() -> None:
    """Starts the worker and, for as long as this process lives, another one whenever it ends."""
    threading.Thread(target=_keep, args=(_start(),), name="keeper", daemon=True).start()


def _keep(process: "subprocess.Popen[bytes]") -> None:
    while True:
        if code := process.wait():
            log.warning("the background worker ended with %s; starting another", code)
        time.sleep(_PAUSE)
        process = _start()


def _start() -> "subprocess.Popen[bytes]":
    # The worker ends when its input does: with us, also when we are killed.
    return subprocess.Popen(_COMMAND, stdin=subprocess.PIPE)  # noqa: S603
