"""Looking for bytes: in every file of the data folder and, on PostgreSQL, in every table."""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.db import connection


def places_of(needles: Iterable[str]) -> dict[str, list[str]]:
    """Needle → where it is found: files of the data folder, tables."""
    needles = list(needles)
    # In a process of its own: closing SQLite's file here would let go of all locks that this process has on it, and
    # the next one to come would damage it (sqlite.org/howtocorrupt.html, section 2.2).
    asked = json.dumps({"folder": str(settings.DATA), "needles": needles})
    command = [sys.executable, __file__]
    answer = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)
    found: dict[str, list[str]] = json.loads(answer.stdout)
    places = {needle: found.get(needle, []) + _tables(needle) for needle in needles}
    return {needle: where for needle, where in places.items() if where}


def _tables(needle: str) -> list[str]:
    if connection.vendor != "postgresql":
        return []  # Its file was searched.
    tables = connection.introspection.table_names()
    with connection.cursor() as cursor:

        def has(table: str) -> bool:
            cursor.execute(f'SELECT 1 FROM "{table}" t WHERE strpos(t::text, %s) > 0 LIMIT 1', [needle])
            return cursor.fetchone() is not None

        return [table for table in tables if has(table)]


def _in_files(folder: str, needles: list[str]) -> dict[str, list[str]]:
    forms = {n: {n.encode(), json.dumps(n)[1:-1].encode(), n.encode("utf-16-le")} for n in needles}
    found: dict[str, list[str]] = {}
    for path in Path(folder).rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        for needle in needles:
            if any(form in content for form in forms[needle]):
                found.setdefault(needle, []).append(path.name)
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_in_files(**json.load(sys.stdin))))
