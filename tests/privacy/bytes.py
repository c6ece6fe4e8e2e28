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
    asked = json.dumps({"folder": str(settings.DATA), "texts": needles})
    command = [sys.executable, "-I", "-S", str(Path(__file__).with_name("search_files.py"))]
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
