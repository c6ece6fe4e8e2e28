"""The real server in a process of its own, and a plain HTTP client for it."""

import contextlib
import http.client
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.processes import resident_mb
from bench.report import ROOT
from tests.companion import Companion, free_port


@dataclass(slots=True)
class Server:
    """A running server."""

    port: int
    process: Companion

    def memory_mb(self) -> float:
        """Its resident memory now."""
        return resident_mb(self.process.process.pid)

    def answers(self) -> bool:
        """Whether it can be asked."""
        try:
            Reader(self).get("/healthz")
        except OSError:
            return False
        return True


@dataclass(slots=True)
class Reader:
    """One kept-open connection that asks for pages."""

    server: Server
    headers: Mapping[str, str] = field(default_factory=dict)
    _connection: http.client.HTTPConnection | None = None

    def get(self, path: str) -> bytes:
        """The body of a 200 answer; anything else raises RuntimeError."""
        try:
            answer = self._ask(path)
        except (http.client.RemoteDisconnected, ConnectionResetError):  # Nothing was asked for some seconds.
            self._connection = None
            answer = self._ask(path)
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"GET {path} was answered {answer.status}: {body[:300]!r}")
        return body

    def _ask(self, path: str) -> http.client.HTTPResponse:
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=120)
        self._connection.request("GET", path, headers=dict(self.headers))
        return self._connection.getresponse()


@contextlib.contextmanager
def serving() -> Iterator[Server]:
    """The server on the database and data folder of this process, ready to answer."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "coterie.asgi:application", "--port", str(port), "--no-access-log"]
    log = Path(os.environ["COTERIE_DATA"]) / "server.log"
    server = Server(port, Companion(command, log=log, env=dict(os.environ), cwd=ROOT))
    try:
        server.process.wait_until(server.answers)
        yield server
    finally:
        server.process.stop()
