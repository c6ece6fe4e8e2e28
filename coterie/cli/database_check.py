"""Whether the database answers, for `coterie doctor`."""

import os

import django
import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor


def connected() -> tuple[str, str | None]:
    """What the database is, and what is wrong with it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coterie.settings")
    try:
        if url := os.environ.get("DATABASE_URL"):
            # Not through the pool, which tries for half a minute and then does not tell why.
            psycopg.connect(url, connect_timeout=5).close()
        django.setup()
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except (DatabaseError, psycopg.Error, ImproperlyConfigured, ValueError, OSError) as error:
        first = str(error).strip().partition("\n")[0]
        return "cannot be used", f"{type(error).__name__}: {first}"
    if waiting:
        return f"{connection.vendor}; {len(waiting)} changes to its tables wait for the next command", None
    return f"{connection.vendor}, up to date", None
