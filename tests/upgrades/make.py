"""Makes a fixture of the program as it is: `python -m tests.upgrades.make [NAME]`, by default named by the day.

Each of the two, a data folder with SQLite and one with PostgreSQL, is made by a process of its own, packed, and looked
through for anything about this machine. An existing folder is never written to.
"""

import datetime as dt
import gzip
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path

import psycopg

from tests.database import new_url, start_postgres
from tests.upgrades.opening import ELSEWHERE, HERE, SECRET_KEY, program

# What a server makes again, or needs only while it runs.
_LEFT_OUT = re.compile(r".*(\.lock|-wal|-shm|\.wal|\.part|uploads\.tmp)$")


def main(arguments: list[str]) -> None:
    """Makes both, or with `--tell FILE` tells the story in the data folder of the environment."""
    if arguments[:1] == ["--tell"]:
        _tell(Path(arguments[1]))
        return
    target = HERE / (arguments[0] if arguments else f"{dt.date.today():%Y-%m-%d}")
    if target.exists():
        raise SystemExit(f"{target.name} is there already. A fixture is never made again; give another name.")
    with tempfile.TemporaryDirectory(prefix="coterie-upgrades-", dir="/tmp" if os.geteuid() == 0 else None) as made:
        place = Path(made) / "packed"
        place.mkdir()
        _sqlite(Path(made), place)
        _postgres(Path(made), place)
        _reveals_nothing(Path(made), place)
        shutil.copytree(place, target)
    for path in sorted(target.iterdir()):
        print(f"{path.stat().st_size:>9,}  {target.name}/{path.name}")


def _tell(known: Path) -> None:
    from tests.upgrades.doors import set_up, terminal

    set_up()
    terminal("tidy")  # Brings the database up to date, like every command.
    from tests.upgrades import telling

    telling.write(telling.tell(), known)


def _run(data: Path, known: Path, **environment: str) -> None:
    data.mkdir(mode=0o700)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COTERIE_", "DATABASE_", "PG"))}
    command = [sys.executable, "-m", "tests.upgrades.make", "--tell", str(known)]
    subprocess.run(command, env={**kept, "COTERIE_DATA": str(data), **environment}, check=True)


def _sqlite(made: Path, place: Path) -> None:
    """With a secret key that the program made and keeps in its folder."""
    data = made / "sqlite"
    _run(data, place / "sqlite.json")
    with closing(sqlite3.connect(data / "coterie.sqlite3", isolation_level=None)) as database:
        database.execute("UPDATE journal_operation SET details = replace(details, ?, ?)", [str(data), ELSEWHERE])
        database.execute("VACUUM")
        assert database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    _pack(data, place / "sqlite.tar.gz")


def _postgres(made: Path, place: Path) -> None:
    """With a secret key that the operator gave."""
    data, folder, url = made / "postgres", made / "server", new_url()
    folder.mkdir()
    made.chmod(0o755)
    server = start_postgres(folder, url)
    try:
        _run(data, place / "postgres.json", DATABASE_URL=url, COTERIE_SECRET_KEY=SECRET_KEY)
        with psycopg.connect(url) as database:
            database.execute(
                "UPDATE journal_operation SET details = replace(details::text, %s, %s)::jsonb", [str(data), ELSEWHERE]
            )
        command = [program("pg_dump"), "--no-owner", "--no-privileges", url]
        dump = subprocess.run(command, check=True, capture_output=True).stdout
    finally:
        server.stop()
    with (place / "postgres.sql.gz").open("wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
        packed.write(dump)
    _pack(data, place / "postgres.tar.gz")


def _pack(data: Path, path: Path) -> None:
    """The folder, without whose it is and since when."""

    def plain(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
        member.uid = member.gid = member.mtime = 0
        member.uname = member.gname = ""
        return None if _LEFT_OUT.fullmatch(member.name) else member

    with (
        path.open("wb") as file,
        gzip.GzipFile("", "wb", 9, file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        archive.add(data, "data", filter=plain)


def _reveals_nothing(made: Path, place: Path) -> None:
    """Raises AssertionError when a fixture names a folder or the name of this machine."""
    named = [str(made).encode(), str(Path.home()).encode() + b"/", bytes(Path.cwd())]
    if len(socket.gethostname()) > 4:  # A shorter name is in any key.
        named.append(socket.gethostname().encode())
    for path in sorted(place.iterdir()):
        content = path.read_bytes()
        content = gzip.decompress(content) if path.suffix == ".gz" else content
        for text in named:
            assert text not in content, f"{path.name} names {text.decode()}"


if __name__ == "__main__":
    main(sys.argv[1:])
