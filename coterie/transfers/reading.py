"""Reading CSV files as people really have them: with a byte order mark, semicolons, ragged and broken rows."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from coterie.transfers.mapping import WrongFile

MAX_CELL = 100_000
MAX_COLUMNS = 500
_DELIMITERS = ",;\t|"


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the file. `problem` tells why it cannot be read."""

    number: int
    cells: list[str]
    problem: str | None = None


class CsvFile:
    """A CSV file: its header, then its rows. Bytes that are not UTF-8 spoil their row only."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        # Surrogates carry broken bytes through to the file of rejected rows, unchanged.
        text = io.TextIOWrapper(raw, encoding="utf-8-sig", errors="surrogateescape", newline="")
        start = text.readline(1_000_000)
        self.delimiter = sniff(start)
        csv.field_size_limit(MAX_CELL)
        self._lines = _Lines(start, text)
        self._rows = csv.reader(self._lines, delimiter=self.delimiter)
        try:
            self.header = [cell.strip() for cell in next(self._rows, [])]
        except csv.Error as error:
            raise WrongFile(f"The header cannot be read: {error}.") from error
        if not any(self.header):
            raise WrongFile("The file is empty: its first line must name the columns.")
        if len(self.header) > MAX_COLUMNS:
            raise WrongFile(f"The header names {len(self.header)} columns; at most {MAX_COLUMNS}.")
        if _broken(self.header):
            raise WrongFile("The header is not UTF-8 text. Save the file as “CSV UTF-8”.")

    @property
    def position(self) -> int:
        """How many bytes have been read."""
        return self._raw.tell()

    def __iter__(self) -> Iterator[Line]:
        while True:
            # The reader begins a row with the line after those it took so far.
            number = self._lines.taken + 1
            self._lines.kept.clear()
            try:
                cells = next(self._rows)
            except StopIteration:
                return
            except csv.Error:
                lost = "".join(self._lines.kept)
                yield Line(number, [lost], f"a cell is longer than {MAX_CELL:,} characters, or a quote is not closed")
                continue
            if cells:
                yield Line(number, cells, self._problem(cells))

    def _problem(self, cells: list[str]) -> str | None:
        if len(cells) != len(self.header):
            return f"{len(cells)} cells, but the header names {len(self.header)} columns"
        if any("\x00" in cell for cell in cells):
            return "a NUL character"
        return "not UTF-8 text" if _broken(cells) else None


class _Lines:
    """The lines of a text, counted as they are taken. `kept` are those of the present row, for when it is rejected."""

    def __init__(self, first: str, rest: io.TextIOWrapper) -> None:
        self.taken = 0
        self.kept: list[str] = []
        self._first: str | None = first
        self._rest = rest

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._first if self._first is not None else self._rest.readline(10 * MAX_CELL)
        self._first = None
        if not line:
            raise StopIteration
        self.taken += 1
        self.kept.append(line)
        return line


def sniff(header: str) -> str:
    """The delimiter that occurs most outside quotes; a comma when there is none."""
    outside = "".join(header.split('"')[::2])
    best = max(_DELIMITERS, key=outside.count)
    return best if outside.count(best) else ","


def _broken(cells: list[str]) -> bool:
    return any(not cell.isascii() and any("\ud800" <= character <= "\udfff" for character in cell) for cell in cells)
