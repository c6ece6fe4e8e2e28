"""Processes of the program that are there at once: forked from one that has loaded everything.

A test that kills a process twenty times would otherwise wait 20 × 1.5 s for imports. What a forked process runs is
the same: the command line, or a server of the same application. That the real start works is proven elsewhere
(`tests/cli`, `tests.streams.serving`).
"""

import contextlib
import importlib
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from tests.companion import Companion

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.preloaded"])
_NONE: Mapping[str, object] = {}


class Forked(Companion):
    """A companion that runs `run(*arguments)` and writes to `log`.

    `constants` are those of the program that are others in it, by their dotted names: with small steps, little work
    is enough for a kill to fall between two of them.
    """

    def __init__(
        self, run: Callable[..., None], arguments: Sequence[object], log: Path, constants: Mapping[str, object] = _NONE
    ) -> None:
        self.log = log
        self.end = signal.SIGTERM
        log.touch()
        self.process = _Process(run, arguments, log, constants)

    def unwatch(self) -> None:
        """It watches over itself."""


def coterie(*arguments: str, log: Path, constants: Mapping[str, object] = _NONE) -> Forked:
    """`coterie` with these arguments, on the database of the tests. `constants`: see `Forked`."""
    return Forked(_run_command, arguments, log, constants)


def server(port: int, log: Path) -> Forked:
    """The application on this port, without a worker."""
    return Forked(_run_server, [str(port)], log)


def run_coterie(
    arguments: Sequence[str], environment: Mapping[str, str], folder: Path
) -> subprocess.CompletedProcess[str]:
    """`coterie` with a whole environment, and so settings, of its own; what it prints passes through `folder`."""
    out, err = folder / "stdout", folder / "stderr"
    process = _CONTEXT.Process(target=_run_apart, args=(arguments, environment, out, err), daemon=True)
    process.start()
    process.join(120)
    assert process.exitcode is not None, f"coterie {' '.join(arguments)} did not end"
    printed = [path.read_bytes().decode().replace("\r\n", "\n") for path in (out, err)]
    return subprocess.CompletedProcess([*arguments], process.exitcode, *printed)


class _Process:
    """What a `Companion` needs of a process, as `subprocess.Popen` has it."""

    def __init__(
        self, run: Callable[..., None], arguments: Sequence[object], log: Path, constants: Mapping[str, object]
    ) -> None:
        lifeline, self._mine = _CONTEXT.Pipe(duplex=False)
        self.args = arguments
        beginning = (run, arguments, log, constants, lifeline)
        self._process = _CONTEXT.Process(target=_begin, args=beginning, daemon=True)
        self._process.start()
        lifeline.close()

    @property
    def pid(self) -> int:
        return int(self._process.pid or 0)

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code at its end; raises TimeoutExpired."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired([*map(str, self.args)], timeout or 0)
        self._mine.close()
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self) -> None:
        self._process.kill()


def _begin(
    run: Callable[..., None],
    arguments: Sequence[object],
    log: Path,
    constants: Mapping[str, object],
    lifeline: Connection,
) -> None:
    os.setsid()
    _write_to(log, log)
    os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)
    threading.Thread(target=_end_with_the_tests, args=(lifeline,), daemon=True).start()
    for name, value in constants.items():
        _set(name, value)
    run(*arguments)


def _set(name: str, value: object) -> None:
    module_name, _dot, constant = name.rpartition(".")
    module = importlib.import_module(module_name)
    if not hasattr(module, constant):
        raise AttributeError(f"{module_name} has no {constant}")
    setattr(module, constant, value)


def _write_to(out: Path, err: Path) -> None:
    for number, path in ((1, out), (2, err)):
        with path.open("ab") as file:
            os.dup2(file.fileno(), number)


def _end_with_the_tests(lifeline: Connection) -> None:
    """The tests hold the other end for as long as they live, however they end."""
    try:
        lifeline.recv_bytes()
    except EOFError:
        os.kill(os.getpid(), signal.SIGKILL)


def _run_command(*arguments: str) -> None:
    from coterie.cli.main import main

    sys.argv = ["coterie", *arguments]
    main()


def _run_apart(arguments: Sequence[str], environment: Mapping[str, str], out: Path, err: Path) -> None:
    for path in (out, err):
        path.unlink(missing_ok=True)
    _write_to(out, err)
    os.environ.clear()
    os.environ.update(environment)
    warnings.simplefilter("error")
    _forget_the_settings()
    _run_command(*arguments)


def _forget_the_settings() -> None:
    """They are read again, from the environment of now. Nothing was opened with them yet."""
    from django.conf import settings
    from django.db import connections
    from django.db.utils import ConnectionHandler
    from django.utils.functional import empty

    settings._wrapped = empty
    sys.modules.pop("coterie.settings", None)
    vars(connections).pop("settings", None)
    ConnectionHandler.__init__(connections)


def _run_server(port: str) -> None:
    import uvicorn

    uvicorn.run("coterie.asgi:application", port=int(port), access_log=False)
