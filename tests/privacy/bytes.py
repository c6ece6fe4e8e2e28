"""Looking for bytes: in every file of the data folder and, on PostgreSQL, in every table."""

import json
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.db import connection


def places_of(needles: Iterable[str]) -> dict[str, list[str]]:
    """Needle → where it is found: files of the data folder, tables."""
    found: dict[str, list[str]] = {}
    files = [path for path in Path(settings.DATA).rglob("*") if path.is_file()]
    for needle in needles:
        forms = {needle.encode(), json.dumps(needle)[1:-1].encode(), needle.encode("utf-16-le")}
        places = [path.name for path in files if any(form in path.read_bytes() for form in forms)]
        places += _tables(needle)
        if places:
            found[needle] = places
    return found


def _tables(needle: str) -> list[str]:
    tables = connection.introspection.table_names()
    if connection.vendor != "postgresql":
        return []  # Its file was searched.
    with connection.cursor() as cursor:

        def has(table: str) -> bool:
            cursor.execute(f'SELECT 1 FROM "{table}" t WHERE strpos(t::text, %s) > 0 LIMIT 1', [needle])
            return cursor.fetchone() is not None

        return [table for table in tables if has(table)]
