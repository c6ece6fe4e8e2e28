"""Many rows at once, below the ORM: building model objects takes two thirds of the time of a bulk change.

Table and column names come from our own code, values are always bound.
"""

import datetime as dt
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from django.db import connection

Row = tuple[Any, ...]


def insert(table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Inserts rows: COPY on PostgreSQL, one prepared statement on SQLite. Raises IntegrityError like any INSERT."""
    insert_stored(table, columns, map(_plain if connection.vendor == "postgresql" else _stored, rows))


def insert_stored(
    table: str, columns: Sequence[str], rows: Iterable[Row], common: Mapping[str, Any] | None = None
) -> None:
    """The same for values that are as they will be stored: JSON encoded, times as the database takes them.

    `common`: further columns, in which all rows have the same value.
    """
    common = common or {}
    names = ", ".join((*columns, *common))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with connection.wrap_database_errors, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                # In lines of our own making: psycopg looks for the right form of each value, which takes twice as long.
                end = "".join(f"\t{_field(value)}" for value in common.values()) + "\n"
                lines = (_line(row) + end for row in rows)
                while block := "".join(islice(lines, 1000)):
                    copy.write(block)
        else:
            marks = ", ".join(["%s"] * (len(columns) + len(common)))
            shared = tuple(common.values())
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", [(*row, *shared) for row in rows])


def insert_missing(table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Inserts the rows whose keys are not there yet, and waits for other writers that are inserting the same."""
    marks = ", ".join(["%s"] * len(columns))
    form = _plain if connection.vendor == "postgresql" else _stored
    sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks}) ON CONFLICT DO NOTHING"
    with connection.cursor() as cursor:
        cursor.executemany(sql, [form(row) for row in rows])


def update(table: str, columns: Sequence[str], keys: Sequence[str], rows: Iterable[Row]) -> None:
    """Updates rows, each `(*columns, *keys)`, with one prepared statement.

    (Django's bulk_update sends a CASE per column that grows with the rows.)
    """
    changes = ", ".join(f"{column} = %s" for column in columns)
    where = " AND ".join(f"{key} = %s" for key in keys)
    form = _plain if connection.vendor == "postgresql" else _stored
    values = [form(row) for row in rows]
    if values:
        with connection.cursor() as cursor:
            cursor.executemany(f"UPDATE {table} SET {changes} WHERE {where}", values)


def among(ids: Sequence[int]) -> tuple[str, Any]:
    """(SQL, value) of "is one of these ids" as one bound value: no list is too long for either database."""
    if connection.vendor == "postgresql":
        return "= ANY(%s::bigint[])", list(ids)
    return "IN (SELECT value FROM json_each(%s))", json.dumps(list(ids))


_NULL = "\\N"
# JSON as it is stored.
encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_PLAIN: dict[type, Callable[[Any], Any]] = {dict: encode, list: encode}
# As Django itself stores values in SQLite.
_STORED: dict[type, Callable[[Any], Any]] = {
    **_PLAIN,
    dt.datetime: lambda moment: str(moment.astimezone(dt.UTC).replace(tzinfo=None)),
}


def among_texts(texts: Iterable[str]) -> tuple[str, Any]:
    """The same for texts."""
    if connection.vendor == "postgresql":
        return "= ANY(%s::text[])", list(texts)
    return "IN (SELECT value FROM json_each(%s))", json.dumps(list(texts))


def _line(row: Row) -> str:
    """The beginning of a row as COPY takes it."""
    return "\t".join(
        [_escaped(value) if type(value) is str else _NULL if value is None else str(value) for value in row]
    )


def _field(value: Any) -> str:
    return _line((value,))


def _escaped(text: str) -> str:
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    if "\n" in text or "\t" in text or "\r" in text:
        text = text.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    return text


def _plain(row: Row) -> Row:
    return tuple([form(value) if (form := _PLAIN.get(type(value))) else value for value in row])


def _stored(row: Row) -> Row:
    return tuple([form(value) if (form := _STORED.get(type(value))) else value for value in row])
