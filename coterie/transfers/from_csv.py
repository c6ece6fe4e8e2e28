"""CSV files as people really have them: any delimiter, old encodings, ragged and broken rows."""

import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

import pyarrow as pa

from coterie.people.attributes import Value
from coterie.transfers.encoding import checked, detect
from coterie.transfers.reading import MAX_CELL, Broken, Chunk, WrongFile, checked_header

_DELIMITERS = ",;\t|^~"
_BROKEN = re.compile("[\ud800-\udfff]")
# After a quote that is never closed, the lines behind it are read anew; not for ever, or a file could take days.
_SECOND_CHANCES = 100


class CsvFile:
    """See `Source`. Bytes that are not in the file's encoding spoil their row only."""

    def __init__(self, raw: BinaryIO, encoding: str | None = None, delimiter: str | None = None) -> None:
        self._raw = raw
        self.encoding = checked(encoding) if encoding else detect(raw)
        # Surrogates carry broken bytes through to the file of rejected rows, unchanged; UTF-16 has no such thing.
        errors = "replace" if self.encoding.startswith(("utf-16", "utf-32")) else "surrogateescape"
        text = io.TextIOWrapper(raw, encoding=self.encoding, errors=errors, newline="")
        self._text = text
        start = text.readline(1_000_000)
        self.delimiter = delimiter or sniff(start)
        if len(self.delimiter) != 1 or self.delimiter in '"\r\n':
            raise WrongFile(f"The delimiter must be one character, not “{self.delimiter}”.")
        csv.field_size_limit(MAX_CELL)
        self._lines = _Lines(start, text)
        self._reader = csv.reader(self._lines, delimiter=self.delimiter, strict=True)
        try:
            self.header = checked_header([cell.strip() for cell in next(self._reader, [])])
        except csv.Error as error:
            raise WrongFile(f"The header cannot be read: {error}.") from error
        if any(_BROKEN.search(cell) for cell in self.header):
            raise WrongFile(f"The header is not {self.encoding} text. Save the file as “CSV UTF-8”.")
        self.samples: dict[str, Value] = {}
        shown = "TAB" if self.delimiter == "\t" else f"“{self.delimiter}”"
        self.form = f"CSV, {self.encoding.removesuffix('-sig').upper()}, {shown}"
        self._chances = _SECOND_CHANCES

    @property
    def position(self) -> int:
        """How many bytes have been read."""
        return self._raw.tell()

    def close(self) -> None:
        """Closes the file."""
        self._text.close()

    def chunks(self, size: int) -> Iterator[Chunk]:
        """All rows but the empty ones."""
        rows = self._rows()
        while taken := list(islice(rows, size)):
            broken = [row for row in taken if isinstance(row, Broken)]
            good = [row for row in taken if not isinstance(row, Broken)] if broken else taken
            columns = zip(*(cells for _, cells in good), strict=True) if good else ([] for _ in self.header)  # type: ignore[misc]
            yield Chunk([number for number, _ in good], [pa.array(c, pa.string()) for c in columns], broken)  # type: ignore[misc]

    def _rows(self) -> "Iterator[tuple[int, list[str]] | Broken]":
        lines, reader, width = self._lines, self._reader, len(self.header)
        while True:
            # The reader begins a row with the line after those it took so far.
            number = lines.begin()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield self._lost(number, str(error))
                continue
            if len(cells) == width and not lines.suspicious:
                yield number, cells
            elif cells:
                problem = self._problem(cells)
                yield Broken(number, cells, problem) if problem else (number, cells)

    def _lost(self, number: int, error: str) -> Broken:
        """A row that cannot even be split, as it was, in one cell."""
        taken = self._lines.kept
        if len(taken) > 1 and self._chances:
            self._chances -= 1
            self._lines.put_back(taken[1:])
            taken = taken[:1]
        why = (
            "text behind a closing quote"
            if "expected after" in error
            else (f"a cell is longer than {MAX_CELL:,} characters, or a quote is not closed")
        )
        return Broken(number, ["".join(taken)], why)

    def _problem(self, cells: list[str]) -> str | None:
        if len(cells) != len(self.header):
            return f"{len(cells)} cells, but the header names {len(self.header)} columns"
        if any("\x00" in cell for cell in cells):
            return "a NUL character"
        return f"not {self.encoding.upper()} text" if any(map(_BROKEN.search, cells)) else None


class _Lines:
    """The lines of a text, counted as they are taken. `kept` are those of the present row, for when it is rejected.

    `suspicious`: one of them has characters that a cell may not have.
    """

    def __init__(self, first: str, rest: io.TextIOWrapper) -> None:
        self.taken = 0
        self.kept: list[str] = []
        self.suspicious = False
        self._waiting: deque[str] = deque([first] if first else [])
        self._rest = rest

    def begin(self) -> int:
        """A new row; returns the number of its first line."""
        self.kept.clear()
        self.suspicious = False
        return self.taken + 1

    def put_back(self, lines: list[str]) -> None:
        """These will be taken again."""
        self._waiting.extendleft(reversed(lines))
        self.taken -= len(lines)

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else self._rest.readline(10 * MAX_CELL)
        if not line:
            raise StopIteration
        self.taken += 1
        self.kept.append(line)
        if "\x00" in line or not (line.isascii() or _BROKEN.search(line) is None):
            self.suspicious = True
        return line


def sniff(header: str) -> str:
    """The delimiter that occurs most outside quotes; a comma when there is none."""
    outside = "".join(header.split('"')[::2])
    best = max(_DELIMITERS, key=outside.count)
    return best if outside.count(best) else ","
