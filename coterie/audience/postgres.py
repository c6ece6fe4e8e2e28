"""Reading a whole PostgreSQL table as Arrow, through ADBC.

A module of its own because loading these drivers takes a fifth of a second, which a Coterie on SQLite has no use for.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import adbc_driver_postgresql.dbapi as adbc
import pyarrow as pa
from psycopg.conninfo import make_conninfo


@contextmanager
def streamed(sql: str, settings: Mapping[str, Any]) -> Iterator[pa.RecordBatchReader]:
    """What `sql` selects, from the database that these settings of Django's name."""
    conninfo = make_conninfo(
        host=settings["HOST"] or None,
        port=settings["PORT"] or None,
        dbname=settings["NAME"],
        user=settings["USER"] or None,
        password=settings["PASSWORD"] or None,
        **{name: value for name, value in settings["OPTIONS"].items() if name != "pool"},
    )
    with adbc.connect(conninfo, autocommit=True) as session, session.cursor() as cursor:
        cursor.execute(sql)
        yield cursor.fetch_record_batch()
