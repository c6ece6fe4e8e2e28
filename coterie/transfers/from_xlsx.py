"""XLSX workbooks, read as a stream: no sheet is ever in memory as a whole.

All sheets whose first row is the same as that of the first sheet are read, one after the other. Formulas count as their
last result, errors as empty cells.
"""

from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

import pyarrow as pa

from coterie.core.text import FORBIDDEN
from coterie.people.attributes import Value
from coterie.transfers.reading import MAX_CELL, MAX_COLUMNS, Broken, Chunk, WrongFile, checked_header
from coterie.transfers.xlsx_cells import Styles, column_of, number, unescaped
from coterie.transfers.xlsx_parts import Archive, Attributes, Texts, find_sheets, parse

_DIGITS = "0123456789"
Row = list[str | None]


class Workbook:
    """See `Source`. Rows are counted through all sheets."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self.form = "XLSX"
        self._size = raw.seek(0, 2)
        self._archive = Archive(raw)
        self._sheets, self._styles, self._texts = find_sheets(self._archive)
        # Bytes of the sheets, unpacked: all, in sheets that were read to their end, in the present one.
        self._bytes = sum(map(self._archive.size_of, self._sheets))
        self._done = self._within = 0
        try:
            self._head = next(self._rows(self._sheets[0]), [])
            self.header = checked_header([(cell or "").strip() for cell in self._head])
        except BaseException:
            self._texts.close()
            raise
        self.samples: dict[str, Value] = {}
        self.guarded = True

    @property
    def weight(self) -> int:
        """How many bytes all parts have when unpacked."""
        return self._archive.size

    @property
    def position(self) -> int:
        """About how many bytes of the file have been read."""
        # By the sheets alone: while they are read, texts are, from another place of the file.
        return int(self._size * (self._done + self._within) / max(self._bytes, 1))

    def close(self) -> None:
        """Closes the file."""
        self._texts.close()
        self._raw.close()

    def chunks(self, size: int) -> Iterator[Chunk]:
        """All rows but the empty ones."""
        width, counted, rows = len(self.header), 0, self._all()
        while taken := list(islice(rows, size)):
            numbers, good, broken = [], [], []
            for row in taken:
                counted += 1
                cells = row if any(row[width:]) else row[:width]
                if not any(cells):
                    continue
                if len(cells) > width:
                    problem = f"{len(cells)} cells, but the header names {width} columns"
                    broken.append(Broken(counted + 1, [cell or "" for cell in cells], problem))
                else:
                    numbers.append(counted + 1)
                    good.append(cells + [None] * (width - len(cells)))
            columns = zip(*good, strict=True) if good else ([] for _ in self.header)
            yield Chunk(numbers, [pa.array(list(column), pa.string()) for column in columns], broken)

    def _all(self) -> Iterator[Row]:
        for name in self._sheets:
            rows = self._rows(name)
            head = next(rows, None)
            if head == self._head:
                yield from rows
            self._done, self._within = self._done + self._archive.size_of(name), 0

    def _rows(self, name: str) -> Iterator[Row]:
        with self._archive.open(name) as stream:
            sheet = _Sheet(self._styles, self._texts)
            for _ in parse(stream, sheet.start, sheet.end, sheet.characters):
                self._within = stream.tell()
                yield from sheet.take()


class _Sheet:
    """Rows from the events of the parser."""

    def __init__(self, styles: Styles, texts: Texts) -> None:
        self._styles, self._texts = styles, texts
        self._done: list[Row] = []
        self._row: Row = []
        self._attributes: Attributes = {}
        self._column = 0
        # Characters count inside of <v>, or of <t> but not in the reading aids of Japanese texts.
        self._listening = False
        self._aside = False
        self._parts: list[str] = []

    def take(self) -> list[Row]:
        """The rows that are complete."""
        done, self._done = self._done, []
        return done

    def start(self, tag: str, attributes: Attributes) -> None:
        """An element begins."""
        if tag == "c":
            place = attributes.get("r")
            self._column = column_of(place.rstrip(_DIGITS)) if place else len(self._row)
            if not len(self._row) <= self._column < MAX_COLUMNS:
                raise WrongFile(f"A row has more than {MAX_COLUMNS} columns, or columns in a strange order.")
            self._attributes = attributes
            self._parts.clear()
        elif tag in ("v", "t"):
            self._listening = not self._aside
        elif tag == "row":
            self._row = []
        elif tag == "rPh":
            self._aside = True

    def characters(self, text: str) -> None:
        """Text inside of an element."""
        if self._listening:
            self._parts.append(text)

    def end(self, tag: str) -> None:
        """An element ends."""
        if tag in ("v", "t"):
            self._listening = False
        elif tag == "c":
            self._row += [None] * (self._column - len(self._row))
            self._row.append(self._value() if self._parts else None)
        elif tag == "row":
            self._done.append(self._row)
        elif tag == "rPh":
            self._aside = False

    def _value(self) -> str | None:
        text, kind = "".join(self._parts), self._attributes.get("t", "n")
        match kind:
            case "inlineStr" | "str":
                text = unescaped(text)
            case "s":
                text = self._texts[int(text)]
            case "b":
                text = "true" if text == "1" else "false"
            case "n":
                text = number(text, self._attributes.get("s"), self._styles)
            case "e":
                return None
        if len(text) > MAX_CELL:
            raise WrongFile(f"A cell is longer than {MAX_CELL:,} characters.")
        return text if text.isascii() else FORBIDDEN.sub("�", text)
