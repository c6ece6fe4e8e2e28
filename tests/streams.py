"""Reading `/users/live` as a browser does, and a server of one's own to stop."""

import asyncio
import contextlib
import os
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import httpx

from tests.companion import Companion, free_port
from tests.conftest import ROOT
from tests.forking import coterie

T = TypeVar("T")
Event = dict[str, str]


class Stream:
    """One open stream. `headers` are those of the answer."""

    def __init__(self, response: httpx.Response) -> None:
        self.headers = response.headers
        self._lines = response.iter_lines()

    def next(self) -> Event:
        """The next block: its fields, a comment under the empty name. Raises ReadTimeout, or EOFError at the end."""
        fields: Event = {}
        for line in self._lines:
            if not line:
                return fields
            name, _colon, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        raise EOFError

    def signal(self) -> int:
        """The revision of the next signal; signs of life are passed over."""
        while True:
            event = self.next()
            if "data" in event:
                assert event["data"] == event["id"]
                return int(event["id"])


@contextlib.contextmanager
def streaming(
    url: str, cookie: str, *, since: int | None = None, last: str | None = None, patience: float = 8
) -> Iterator[Stream]:
    """An open stream of the member with this session. A wait of more than `patience` seconds raises ReadTimeout."""
    headers = {"Cookie": f"sessionid={cookie}", "Accept": "text/event-stream", "Accept-Encoding": "gzip"}
    headers |= {} if last is None else {"Last-Event-ID": last}
    address = f"{url}/users/live" + ("" if since is None else f"?since={since}")
    with httpx.stream("GET", address, headers=headers, timeout=patience) as response:
        assert response.status_code == 200, response.status_code
        yield Stream(response)


@contextlib.contextmanager
def serving(folder: Path, *options: str, port: int | None = None) -> Iterator[tuple[Companion, str]]:
    """`coterie serve`, without a worker, on the database of the tests, and its address."""
    port = port or free_port()
    url = f"http://127.0.0.1:{port}"
    arguments, log = ["serve", "--port", str(port), "--no-worker", *options], folder / f"serve-{port}.log"
    # Several processes are started for real: a forked one may not have any of its own.
    server = _started(arguments, log) if "--processes" in options else coterie(*arguments, log=log)
    try:
        server.wait_until(lambda: _answers(url))
        yield server, url
    finally:
        server.stop()


def _started(arguments: Sequence[str], log: Path) -> Companion:
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_ALLOW_ASYNC_UNSAFE"}
    return Companion([sys.executable, "-m", "coterie.cli.main", *arguments], log=log, env=environment, cwd=ROOT)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=5):
            return True
    except OSError:
        return False


def apart(work: Callable[[], Coroutine[Any, Any, T]], seconds: float = 60) -> T:
    """The result of `work` in an event loop of its own, in a thread of its own."""
    found: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            found.append(asyncio.run(asyncio.wait_for(work(), seconds)))
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return found[0]


def soon(check: Callable[[], bool], seconds: float = 5) -> bool:
    """Whether `check()` becomes true in that time."""
    deadline = time.monotonic() + seconds
    while not check():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
