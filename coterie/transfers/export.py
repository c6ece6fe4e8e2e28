"""People as a file: CSV, XLSX, JSON Lines or Parquet, streamed in constant memory.

DuckDB makes the finished cells, Arrow joins them to lines, and the bytes leave batch by batch; no cell becomes a Python
object. An error in the middle is raised, so that a download breaks instead of ending early; so it does when there were
other people in the file than were counted at its start.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

import duckdb

from coterie.audience import query
from coterie.audience.audience import Audience
from coterie.audience.columns import Column
from coterie.audience.compiler import Predicate
from coterie.transfers import as_csv, as_jsonl, as_parquet, as_xlsx
from coterie.transfers.headings import default_columns
from coterie.transfers.rows import Rows

# Makes the file; the flag asks for a byte order mark, where there are such things.
Writer = Callable[[Rows, bool], Iterator[bytes]]


class Format(StrEnum):
    """The kinds of files. The value is the ending of the name, too."""

    CSV = "csv"
    XLSX = "xlsx"
    JSONL = "jsonl"
    PARQUET = "parquet"

    @property
    def media_type(self) -> str:
        """For `Content-Type`."""
        return _MEDIA_TYPES[self]

    @property
    def words(self) -> str:
        """As people call it."""
        return _WORDS[self]


_MEDIA_TYPES = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.JSONL: "application/jsonl; charset=utf-8",
    Format.PARQUET: "application/vnd.apache.parquet",
}
_WORDS = {Format.CSV: "CSV", Format.XLSX: "XLSX", Format.JSONL: "JSON Lines", Format.PARQUET: "Parquet"}
_WRITERS: dict[Format, Writer] = {
    Format.CSV: as_csv.pieces,
    Format.XLSX: as_xlsx.pieces,
    Format.JSONL: as_jsonl.pieces,
    Format.PARQUET: as_parquet.pieces,
}


@dataclass(frozen=True, slots=True)
class Form:
    """What the file is like. `columns`: None for all of them, in the order of `default_columns`.

    `raw` leaves out the formula guard (of CSV and XLSX): programs want it, spreadsheets are endangered by it. `bom`
    puts a byte order mark in front of CSV, by which Excel knows UTF-8.
    """

    format: Format = Format.CSV
    columns: Sequence[Column] | None = None
    bom: bool = False
    raw: bool = False


@dataclass(frozen=True, slots=True)
class Export:
    """An export about to be written: how many people, as of which revision, with which columns."""

    form: Form
    columns: list[Column]
    people: int
    revision: int
    _reader: duckdb.DuckDBPyConnection
    _predicate: Predicate
    _segment_names: dict[str, str]

    def pieces(
        self, progress: Callable[[int], None] = lambda people: None, stop: Callable[[], bool] = lambda: False
    ) -> Iterator[bytes]:
        """The file. `progress` is told the people written so far; when `stop` says so, `rows.Stopped` is raised."""
        rows = Rows(
            self._reader,
            self._predicate,
            self.columns,
            self._segment_names,
            self.people,
            not self.form.raw,
            progress,
            stop,
        )
        return _WRITERS[self.form.format](rows, self.form.bom)


@contextmanager
def opened(audience: Audience, predicate: Predicate, form: Form) -> Iterator[Export]:
    """Everybody who matches, in one snapshot."""
    columns = default_columns(audience.catalogue) if form.columns is None else list(form.columns)
    segment_names = audience.catalogue.segment_names
    # A damaged replica is noticed and repaired now, while nothing has been sent.
    audience.ask(lambda reader: query.count(reader, predicate))
    with audience.replica.reading() as reader:
        people, revision = query.count(reader, predicate), query.revision(reader)
        yield Export(form, columns, people, revision, reader, predicate, segment_names)


def export(audience: Audience, predicate: Predicate, form: Form | None = None) -> Iterator[bytes]:
    """The file, in pieces."""
    with opened(audience, predicate, form or Form()) as found:
        yield from found.pieces()
