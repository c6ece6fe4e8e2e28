"""Reading a file of people, whatever kind it is, in chunks of columns.

Which kind it is says its content, not its name.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa

from coterie.people.attributes import Value
from coterie.transfers.guard import unguard

MAX_CELL = 100_000
MAX_COLUMNS = 500
# The first columns of a file of rejected rows, which can be mended and imported again.
LINE, REASON = "line", "reason"


class WrongFile(ValueError):
    """A file that cannot be imported at all, and what to do about it."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that cannot be read: where it is, what is there, and why not."""

    number: int
    cells: list[str]
    problem: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of a file: their line numbers, and per column of its header the cells as they are written (or null)."""

    numbers: list[int]
    columns: list[pa.Array]
    broken: list[Broken] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many rows, the broken ones included."""
        return len(self.numbers) + len(self.broken)

    def cells(self, index: int) -> list[str]:
        """One row, as it is written."""
        return [column[index].as_py() or "" for column in self.columns]


class Source(Protocol):
    """A file being read. `samples` are first values that the file itself gives a type (JSON does, CSV does not).

    `header` names each column once. `form` says in words how it is read: `CSV, UTF-8, “;”`. `guarded`: a file of this
    kind may come from a spreadsheet, and so has guards against formulas.
    """

    header: list[str]
    samples: dict[str, Value]
    form: str
    guarded: bool

    @property
    def weight(self) -> int:
        """About how many bytes there are to read, unpacked."""

    @property
    def position(self) -> int:
        """About how many bytes of the file have been read."""

    def chunks(self, size: int) -> Iterator[Chunk]:
        """All rows, `size` at a time."""

    def close(self) -> None:
        """Lets go of the file."""


def names_of(source: Source, raw: bool = False) -> list[str]:
    """The header without guards; of a `raw` file, as it is."""
    return [unguard(name) for name in source.header] if source.guarded and not raw else list(source.header)


def checked_header(names: Sequence[str]) -> list[str]:
    """The header with every name once: the second `Email` is called `Email (2)`. Raises WrongFile."""
    if not any(names):
        raise WrongFile("The file is empty: its first line must name the columns.")
    if len(names) > MAX_COLUMNS:
        raise WrongFile(f"The header names {len(names)} columns; at most {MAX_COLUMNS}.")
    found: list[str] = []
    for name in names:
        number, unique = 1, name
        while unique and unique in found:
            number += 1
            unique = f"{name} ({number})"
        found.append(unique)
    return found
