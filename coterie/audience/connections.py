"""DuckDB connections: what damage looks like, and closing one that is in use."""

import time

import duckdb

# What DuckDB raises when a file is not what it should be.
DAMAGE = (duckdb.IOException, duckdb.InternalException, duckdb.FatalException, duckdb.SerializationException)


def is_damage(error: duckdb.Error) -> bool:
    """Whether a file is not what it should be. A wrong checksum has no class of its own."""
    return isinstance(error, DAMAGE) or type(error) is duckdb.Error


def end(connection: duckdb.DuckDBPyConnection) -> None:
    """Closes a connection that another thread may be using; its query fails."""
    while True:
        try:
            connection.interrupt()
            connection.close()
        except duckdb.ResourceInUseException:
            time.sleep(0.001)
        except duckdb.ConnectionException:  # Its thread was quicker.
            return
        else:
            return
