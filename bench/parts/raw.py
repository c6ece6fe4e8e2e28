"""The raw engine: a DuckDB of its own, set up like the replica's."""

from pathlib import Path

import duckdb
from django.conf import settings


def open_raw(path: Path) -> duckdb.DuckDBPyConnection:
    """DuckDB on a file of its own, with the memory and threads that the replica has."""
    return duckdb.connect(
        str(path), config={"memory_limit": settings.REPLICA_MEMORY, "threads": settings.REPLICA_THREADS}
    )
