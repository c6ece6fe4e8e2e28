"""The people of an export, as the formats see them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from coterie.audience import query
from coterie.audience.columns import Column
from coterie.audience.compiler import Predicate
from coterie.core.ids import to_public


class Stopped(Exception):
    """Somebody wished it to stop. What was made so far is no file."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Everybody who matches, in the snapshot of `reader`; there are so many `people`.

    `segment_names` maps public ids. `guarded`: texts that a spreadsheet would run get an apostrophe in front.
    `progress` is told the people that went by; when `stop` says so, Stopped is raised.
    """

    reader: duckdb.DuckDBPyConnection
    predicate: Predicate
    columns: Sequence[Column]
    segment_names: Mapping[str, str]
    people: int
    guarded: bool
    progress: Callable[[int], None]
    stop: Callable[[], bool]

    def batches(self, cells: Sequence[str], size: int) -> Iterator[pa.RecordBatch]:
        """These DuckDB expressions (see `query.batches`), at most `size` people at a time.

        Raises RuntimeError when it were not as many people as there are: a file never ends early unnoticed.
        """
        done = 0
        select = [f"{cell} AS c{index}" for index, cell in enumerate(cells)]
        for batch in query.batches(self.reader, self.predicate, select, size):
            if self.stop():
                raise Stopped
            if batch.num_rows:
                yield batch
                done += batch.num_rows
                self.progress(done)
        if done != self.people:
            raise RuntimeError(f"the file has {done} people instead of {self.people}")

    def all_have(self, condition: str) -> bool:
        """Whether the condition (a DuckDB expression) is true for everybody."""
        missing = Predicate(f"({self.predicate.sql}) AND NOT coalesce({condition}, false)", self.predicate.params)
        return query.count(self.reader, missing) == 0

    def named(self, ids: pa.Array, join: Callable[[list[str]], object], type_: pa.DataType) -> pa.Array:
        """Lists of segment ids as what `join` makes of their sorted names.

        Few different lists occur, so each is looked up once.
        """
        encoded = ids.dictionary_encode()
        values = []
        for key in encoded.dictionary.to_pylist():
            found = [self.segment_names.get(to_public(int(row_id)), "") for row_id in key.split()]
            values.append(join(sorted(filter(None, found))))
        return pa.array(values, type_).take(encoded.indices)


class Sink:
    """A file that keeps what is written to it until it is taken: for writers that want a file, not an iterator."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> int:
        """Keeps it."""
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """What was written can still be taken."""
        self.closed = True

    def take(self) -> bytes:
        """What was written since the last call."""
        data, self._parts = b"".join(self._parts), []
        return data
