"""CSV files as people really have them: any delimiter, old encodings, ragged and broken rows."""

import csv
import io
import os
import re
from collections import deque
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

import pyarrow as pa

from coterie.people.attributes import Value
from coterie.transfers.encoding import checked, detect
from coterie.transfers.reading import MAX_CELL, Broken, Chunk, WrongFile, checked_header

_DELIMITERS = ",;\t|^~"
_BROKEN = re.compile("[\ud800-\udfff]")
# After a quote that is never closed, the lines behind it are read anew; not for ever, or a file could take days.
_SECOND_CHANCES = 100
_BLOCK = 1 << 17
_LONGEST = 10 * MAX_CELL
# Characters of a chunk: rows may be wide.
_HEAVY = 16 << 20
# Blocks: more than the longest cell has.
_KEPT = 12


Row = tuple[int, list[str]]


class CsvFile:
    """See `Source`. Bytes that are not in the file's encoding spoil their row only."""

    def __init__(self, raw: BinaryIO, encoding: str | None = None, delimiter: str | None = None) -> None:
        self._raw = raw
        self.encoding = checked(encoding) if encoding else detect(raw)
        try:
            self._lines = _Lines(raw, self.encoding)
        except UnicodeError as error:  # UTF-16 that does not say which half comes first.
            raise WrongFile(f"The file is not {self.encoding.upper()} text: {error}.") from error
        self.delimiter = delimiter or sniff(self._lines.first)
        if len(self.delimiter) != 1 or self.delimiter in '"\r\n':
            raise WrongFile(f"The delimiter must be one character, not “{self.delimiter}”.")
        csv.field_size_limit(MAX_CELL)
        self._begin(1)
        try:
            self.header = checked_header([cell.strip() for cell in next(self._reader, [])])
        except csv.Error as error:
            raise WrongFile(f"The header cannot be read: {error}.") from error
        if any("\x00" in cell for cell in self.header):
            raise WrongFile("This is no text: there are NUL characters in its first line.")
        if any(_BROKEN.search(cell) for cell in self.header):
            raise WrongFile(f"The header is not {self.encoding} text. Save the file as “CSV UTF-8”.")
        self.samples: dict[str, Value] = {}
        self.guarded = True
        shown = "TAB" if self.delimiter == "\t" else f"“{self.delimiter}”"
        self.form = f"CSV, {self.encoding.removesuffix('-sig').upper()}, {shown}"
        self._chances = _SECOND_CHANCES

    @property
    def weight(self) -> int:
        """How many bytes there are."""
        return os.fstat(self._raw.fileno()).st_size

    @property
    def position(self) -> int:
        """How many bytes have been read."""
        return self._raw.tell()

    def close(self) -> None:
        """Closes the file."""
        self._lines.close()

    def chunks(self, size: int) -> Iterator[Chunk]:
        """All rows but the empty ones."""
        ended = False
        while not ended:
            good: list[Row] = []
            broken: list[Broken] = []
            ended = True
            begun = self._lines.size
            for row in self._rows():
                if isinstance(row, Broken):
                    broken.append(row)
                else:
                    good.append(row)
                if len(good) + len(broken) == size or self._lines.size - begun > _HEAVY:
                    ended = False
                    break
            if good or broken:
                yield self._chunk(good, broken)

    def _chunk(self, good: list[Row], broken: list[Broken]) -> Chunk:
        columns = zip(*[cells for _, cells in good], strict=True) if good else [() for _ in self.header]
        return Chunk([number for number, _ in good], [pa.array(c, pa.string()) for c in columns], broken)

    def _begin(self, number: int) -> None:
        """Reads on from that line."""
        self._base = number - 1
        self._reader = csv.reader(self._lines.read_from(number), delimiter=self.delimiter, strict=True)

    def _rows(self) -> "Iterator[Row | Broken]":
        width, lines = len(self.header), self._lines
        while True:
            reader, base = self._reader, self._base
            number = base + reader.line_num + 1
            try:
                for cells in reader:
                    if len(cells) == width and not lines.suspicious:
                        yield number, cells
                    elif cells:
                        problem = self._problem(cells)
                        yield Broken(number, cells, problem) if problem else (number, cells)
                    number = base + reader.line_num + 1
                return
            except csv.Error as error:
                yield self._lost(number, base + reader.line_num, str(error))

    def _lost(self, number: int, last: int, error: str) -> Broken:
        """A row that cannot even be split, as it was, in one cell. What was taken for a part of it is read anew."""
        badly_closed = "expected after" in error and last == number
        if self._chances and last > number >= self._lines.oldest:
            self._chances -= 1
            last = number
            self._begin(last + 1)
        text = "".join(self._lines.between(number, last))
        why = (
            "text behind a closing quote"
            if badly_closed
            else f"a cell is longer than {MAX_CELL:,} characters, or a quote is not closed"
        )
        return Broken(number, [text], why)

    def _problem(self, cells: list[str]) -> str | None:
        if len(cells) != len(self.header):
            return f"{len(cells)} cells, but the header names {len(self.header)} columns"
        if any("\x00" in cell for cell in cells):
            return "a NUL character"
        return f"not {self.encoding.upper()} text" if any(map(_BROKEN.search, cells)) else None


class _Lines:
    """The lines of a text, numbered from 1. The last ones are kept, so that they can be read again.

    `suspicious`: there may be characters near that a cell may not have.
    """

    def __init__(self, raw: BinaryIO, encoding: str) -> None:
        # Surrogates carry broken bytes through to the file of rejected rows, unchanged; UTF-16 has no such thing.
        errors = "replace" if encoding.startswith(("utf-16", "utf-32")) else "surrogateescape"
        self._text = io.TextIOWrapper(raw, encoding=encoding, errors=errors, newline="")
        # (number of the first line, lines, suspicious)
        self._blocks: deque[tuple[int, list[str], bool]] = deque()
        self.suspicious = False
        # Characters read so far.
        self.size = 0
        self._rest, self._odd = "", False
        self._old_mac: bool | None = None
        while not self._blocks and self._read() is not None:
            pass
        self.first = self._blocks[0][1][0] if self._blocks else ""

    def close(self) -> None:
        """Closes the file."""
        self._text.close()

    @property
    def oldest(self) -> int:
        """The first line that is kept."""
        return self._blocks[0][0] if self._blocks else 1

    def read_from(self, number: int) -> Iterator[str]:
        """The lines from that one on, which must be among those that are kept."""
        return chain.from_iterable(self._blocks_from(number))

    def between(self, first: int, last: int) -> list[str]:
        """Those of these lines, both included, that are kept."""
        return [
            line
            for start, lines, _ in self._blocks
            if start <= last and start + len(lines) > first
            for line in lines[max(first - start, 0) : last - start + 1]
        ]

    def _blocks_from(self, number: int) -> Iterator[list[str]]:
        for start, lines, _ in list(self._blocks):
            if start + len(lines) > number:
                yield lines[max(number - start, 0) :]
                number = max(number, start + len(lines))
        while (block := self._read()) is not None:
            yield block

    def _read(self) -> list[str] | None:
        """Takes the lines of the next block, which may be none; None at the end of the file."""
        text = self._text.read(_BLOCK)
        self.size += len(text)
        if self._old_mac is None:
            self._old_mac = "\r\n" not in text and text.count("\r") > text.count("\n")
        if self._old_mac:
            text = text.replace("\r", "\n")
        *lines, last = (self._rest + text).split("\n")
        lines = [f"{line}\n" for line in lines]
        # A line that never ends is cut, so that it does not fill the memory; nothing that is right is so long.
        self._rest = last if text and len(last) < _LONGEST else ""
        if last and not self._rest:
            lines.append(last)
        if not lines:
            self._odd = self._odd or _is_odd(text)
            return [] if text else None
        odd, self._odd = self._odd or _is_odd(text), False
        start = self._blocks[-1][0] + len(self._blocks[-1][1]) if self._blocks else 1
        self._blocks.append((start, lines, odd))
        while len(self._blocks) > _KEPT:
            self._blocks.popleft()
        self.suspicious = any(block[2] for block in self._blocks)
        return lines


def _is_odd(text: str) -> bool:
    """Whether there are characters that a cell may not have."""
    return "\x00" in text or not (text.isascii() or _BROKEN.search(text) is None)


def sniff(header: str) -> str:
    """The delimiter that occurs most outside quotes; a comma when there is none."""
    outside = "".join(header.split('"')[::2])
    best = max(_DELIMITERS, key=outside.count)
    return best if outside.count(best) else ","
