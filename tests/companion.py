"""Servers that run beside the tests."""

import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil

# Waits for the end of its input, which comes when the tests end in whatever way, then ends the server.
_WATCH = 'read -r _; kill -s "$2" "$1"; sleep 3; kill -s KILL "$1"; [ -z "$3" ] || rm -rf "$3"'


class Companion:
    """A process that never outlives the tests: not a failure, not Ctrl-C, not `kill -9` of pytest.

    It runs in a session of its own, so that Ctrl-C reaches pytest alone, which then stops it in order.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        log: Path,
        end: signal.Signals = signal.SIGTERM,
        folder: Path | None = None,
        **options: Any,
    ) -> None:
        """Start `command`. `end` asks it to stop; `folder` is removed with it when the tests were killed."""
        self.log = log
        self.end = end
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                **options,
            )
        self.watch = subprocess.Popen(
            [
                "sh",
                "-c",
                _WATCH,
                "sh",
                str(self.process.pid),
                end.name.removeprefix("SIG"),
                str(folder or ""),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def wait_until(self, ready: Callable[[], bool], seconds: float = 30) -> None:
        """Return when `ready()`; fail with the log when the process ended or the time is up."""
        deadline = time.monotonic() + seconds
        while not ready():
            ended = self.process.poll()
            if ended is not None or time.monotonic() > deadline:
                problem = f"ended with {ended}" if ended is not None else f"was not ready within {seconds:.0f} s"
                self.stop()
                raise RuntimeError(f"{self.process.args!r} {problem}. Its log:\n{self.text()}")
            time.sleep(0.01)

    def text(self, start: int = 0) -> str:
        """The log from byte `start`."""
        return self.log.read_bytes()[start:].decode(errors="replace")

    def stop(self) -> None:
        """End the process; the watch first, lest it signal a number that another process got since."""
        self.unwatch()
        if self.process.poll() is None:
            self.process.send_signal(self.end)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def kill(self) -> None:
        """`kill -9`, now; returns when it is gone."""
        self.process.kill()
        self.process.wait()
        self.unwatch()

    def unwatch(self) -> None:
        """Leave the process to itself."""
        self.watch.kill()
        self.watch.communicate()


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def alive(pid: int) -> bool:
    """Whether a process with this number runs. One that ended and waits to be collected does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
