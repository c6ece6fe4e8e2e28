"""The file of rejected rows: as they were in the source, with line and reason in front.

Mended, it can be imported as it is: the first two columns are not read.
"""

import csv
import io
import os
from collections.abc import Sequence
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


def first(path: Path, count: int, delimiter: str = ",") -> tuple[list[str], list[Reject]]:
    """The header of the source, and the first rows of such a file; none when there is no file."""
    if not path.exists():
        return [], []
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter)
        header = next(reader, [])[2:]
        return header, [(int(line), reason, cells) for line, reason, *cells in islice(reader, count)]
