"""JSON Lines: one object per line, by attribute keys or headings."""

import json
import os
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO

import pyarrow as pa

from coterie.core.text import FORBIDDEN
from coterie.people.attributes import Value
from coterie.transfers.headings import attribute_of
from coterie.transfers.mapping import NOT_READ
from coterie.transfers.reading import MAX_CELL, Broken, Chunk, WrongFile, checked_header

NO_LINES = (
    "Save it as JSON Lines: each person is one object on a line of its own, without commas or brackets around them:"
    ' {"userId": "u-17", "default_name": "Maya Ortiz"}'
)
_BOM = b"\xef\xbb\xbf"
_LONGEST = 20 * MAX_CELL
_SUSPICIOUS = re.compile(rb"\\u(0000|[dD][89a-fA-F])|\x00")


class JsonLines:
    """See `Source`. The header is every name that occurs anywhere: the file is read once for it."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self.form = "JSON Lines"
        self.samples: dict[str, Value] = {}
        self.guarded = False
        names: dict[str, None] = {}
        broken = False
        for _, line in self._numbered():
            item = _object(line)
            if isinstance(item, str):
                broken = True
            else:
                names.update(dict.fromkeys(item))
                self._sample(item)
                if len(names) > 10_000:
                    break
        if broken and not names:
            raise WrongFile(f"There is no whole JSON object on any line. {NO_LINES}")
        self.header = checked_header([_clean(name) for name in names])
        self._names = list(names)
        self._raw.seek(0)

    def _sample(self, item: dict[str, Any]) -> None:
        for name, value in item.items():
            if name not in self.samples and isinstance(value, str | int | float):
                self.samples[name] = value

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
        self._raw.close()

    def chunks(self, size: int) -> Iterator[Chunk]:
        """All objects."""
        lines = self._numbered()
        while taken := list(islice(lines, size)):
            numbers, rows, broken = [], [], []
            for number, line in taken:
                row = self._row(line)
                if isinstance(row, str):
                    broken.append(Broken(number, self._as_written(line), row))
                else:
                    numbers.append(number)
                    rows.append(row)
            columns = zip(*rows, strict=True) if rows else ([] for _ in self.header)
            yield Chunk(numbers, [pa.array(list(column), pa.string()) for column in columns], broken)

    def _numbered(self) -> Iterator[tuple[int, bytes]]:
        number = 0
        while line := self._raw.readline(_LONGEST):
            number += 1
            if number == 1:
                line = line.removeprefix(_BOM)
            if line.strip():
                yield number, line

    def _as_written(self, line: bytes) -> list[str]:
        """A line that cannot be read, in its cells if it has any."""
        item = _object(line)
        if isinstance(item, str):
            return [_clean(line.decode(errors="replace"))]
        values = (item.get(name) for name in self._names)
        texts = (one if isinstance(one, str | None) else json.dumps(one, ensure_ascii=False) for one in values)
        return [_clean(text or "") for text in texts]

    def _row(self, line: bytes) -> list[str | None] | str:
        """The cells, or what is wrong with the line."""
        item = _object(line)
        if isinstance(item, str):
            return item
        try:
            cells = [_cell(item.get(name), name) for name in self._names]
        except WrongFile as error:
            return str(error)
        return [cell and _clean(cell) for cell in cells] if _SUSPICIOUS.search(line) else cells


def _object(line: bytes) -> dict[str, Any] | str:
    try:
        item = json.loads(line, parse_constant=_refused)
    except UnicodeDecodeError:
        return "not UTF-8 text"
    except (ValueError, RecursionError):
        return "this line is not JSON"
    return item if isinstance(item, dict) else "this line is not a JSON object"


def _refused(text: str) -> Any:
    raise ValueError(text)


def _cell(value: Any, name: str) -> str | None:
    if isinstance(value, str) or value is None:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if attribute_of(name) in NOT_READ:
        return None
    raise WrongFile(f"{name}: expected a text, a number or true/false")


def _clean(text: str) -> str:
    return FORBIDDEN.sub("�", text)
