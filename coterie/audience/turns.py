"""Taking turns: somebody who is still editing a filter wants the answer to the newest question only.

A newer turn of the same slot ends the older one: the query that it is at is interrupted, and it asks nothing more.
"""

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import duckdb

T = TypeVar("T")
# Seconds between two interruptions. One that comes between two queries is lost.
_AGAIN = 0.002


class Superseded(Exception):
    """A newer turn of the slot has begun; nobody waits for this answer any more."""


class Turn:
    """One request's turn. Of two turns the one with the higher number is newer; of equals, the later one."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._over = False
        self._reader: duckdb.DuckDBPyConnection | None = None
        # Held while the reader is set, taken away or interrupted: it must not be a connection that was closed.
        self._door = threading.Lock()

    def guarding(self, question: Callable[[duckdb.DuckDBPyConnection], T]) -> Callable[[duckdb.DuckDBPyConnection], T]:
        """`question`, which raises Superseded as soon as the turn is over."""

        def guarded(reader: duckdb.DuckDBPyConnection) -> T:
            with self._door:
                if self._over:
                    raise Superseded
                self._reader = reader
            try:
                return question(reader)
            except duckdb.InterruptException:
                if self._over:
                    raise Superseded from None
                raise
            finally:
                with self._door:
                    self._reader = None

        return guarded

    def end(self) -> None:
        """Ends the turn; returns when its query has let go of the processors."""
        while True:
            with self._door:
                self._over = True
                if self._reader is None:
                    return
                self._reader.interrupt()
            time.sleep(_AGAIN)


def hurrying(
    question: Callable[[duckdb.DuckDBPyConnection], T], seconds: float
) -> Callable[[duckdb.DuckDBPyConnection], T]:
    """`question`, which raises duckdb.InterruptException when it takes longer."""

    def hurried(reader: duckdb.DuckDBPyConnection) -> T:
        timer = threading.Timer(seconds, reader.interrupt)
        timer.start()
        try:
            return question(reader)
        finally:
            timer.cancel()

    return hurried


_turns: dict[Hashable, Turn] = {}
_turns_lock = threading.Lock()


@contextmanager
def take_turn(slot: Hashable, number: int = 0) -> Iterator[Turn]:
    """The newest turn of a slot in this process. Raises Superseded when a newer one is under way."""
    mine = Turn(number)
    with _turns_lock:
        older = _turns.get(slot)
        # Requests overtake each other on their way through threads.
        if older is not None and older.number > number:
            raise Superseded
        _turns[slot] = mine
    try:
        if older is not None:
            older.end()
        yield mine
    finally:
        with _turns_lock:
            if _turns.get(slot) is mine:
                del _turns[slot]
