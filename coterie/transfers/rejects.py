"""The file of rejected rows: as they were in the source, with line and reason in front.

Mended, it can be imported as it is: the first two columns are not read.
"""

import csv
import io
import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from coterie.transfers.guard import guard
from coterie.transfers.reading import LINE, REASON

Reject = tuple[int, str, list[str]]


class Rejects:
    """Made with the first row. It grows in steps; one that did not come to be is overwritten by the next.

    Encoded as UTF-8; bytes of the source that are no text come back as they were.
    """

    def __init__(self, path: Path, header: Sequence[str], delimiter: str = ",") -> None:
        self.path = path
        self._header = header
        self.delimiter = delimiter

    def add(self, rows: Sequence[Reject], position: int) -> int:
        """Writes (line, reason, cells) behind the first `position` bytes; returns how many bytes the file has then."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=self.delimiter)
        if not position:
            writer.writerow([LINE, REASON, *self._header])
        for number, reason, cells in rows:
            writer.writerow([number, reason, *map(_harmless, cells)])
        data = text.getvalue().encode("utf-8", errors="surrogateescape")
        # For nobody else's eyes: these rows are people, too.
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(handle, "r+b") as file:
            file.truncate(position)
            file.seek(position)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        return position + len(data)


def _harmless(cell: str) -> str:
    """What a spreadsheet would run gets its guard; what has one already keeps it. Importing takes one away."""
    return cell if cell.startswith("'") else guard(cell)


def first(path: Path, count: int) -> tuple[list[str], list[Reject]]:
    """The header of the source, and the first rows of such a file; none when there is no file."""
    if not path.exists():
        return [], []
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        rows = _rows(file)
        header = next(rows, [])[2:]
        return header, [(int(line), reason, cells) for line, reason, *cells in islice(rows, count)]


def _rows(lines: Iterator[str]) -> Iterator[list[str]]:
    """What `add` wrote. Not by `csv`: its limit for a cell is one for all readers, and longer cells are rejected."""
    delimiter, record, inside = "", "", False
    for line in lines:
        # Behind the name of the first column stands what stands between all cells.
        delimiter = delimiter or line.replace(f'"{LINE}"', LINE)[len(LINE)]
        record += line
        inside ^= bool(line.count('"') % 2)
        if not inside:
            yield _cells(record.removesuffix("\r\n"), delimiter)
            record = ""


def _cells(record: str, delimiter: str) -> list[str]:
    cells = [""]
    parts = record.split('"')
    for index, part in enumerate(parts):
        if index % 2:
            cells[-1] += part
        elif not part and 0 < index < len(parts) - 1:  # Two quotes in a row stand for one.
            cells[-1] += '"'
        else:
            begun, *more = part.split(delimiter)
            cells[-1] += begun
            cells += more
    return cells
