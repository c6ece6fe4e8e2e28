"""Several writers at once."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from django.db import connection


def parallel(works: Sequence[Callable[[], None]]) -> None:
    """Runs all at once, each with a database connection of its own, and raises what any of them raised."""

    def run(work: Callable[[], None]) -> None:
        try:
            work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        for future in [pool.submit(run, work) for work in works]:
            future.result(120)
