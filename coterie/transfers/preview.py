"""What a file looks like before anything is imported: for somebody who decides what its columns mean."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coterie.accounts.models import Workspace
from coterie.audience.audience import audience_of
from coterie.audience.models import AttributeType
from coterie.people.attributes import guess_type
from coterie.transfers.mapping import guess, remembered
from coterie.transfers.opening import open_file
from coterie.transfers.reading import names_of
from coterie.transfers.wishes import Dates

ROWS = 10
# So many rows are looked at for samples and for the order of dates.
_LOOKED_AT = 1_000
_SAMPLES = 3
_SHORT_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,6})(\.[0-9]{1,6})?")
_DATE = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-]\d{4}\b")


@dataclass(frozen=True, slots=True)
class ColumnPreview:
    """A column: its heading, the attribute it probably fills ("" for "do not read"), some of its values.

    `type` is the one of a new attribute with such values.
    """

    heading: str
    attribute: str
    samples: list[str]
    type: AttributeType = AttributeType.TEXT


@dataclass(frozen=True, slots=True)
class Preview:
    """`form` says how the file was read ("CSV, UTF-8, “;”"), `rows` are the first ones as they are written.

    `remembered`: the attributes are those chosen for a file with the same headings before. `dates`: what 03/04/2024
    means, as far as the times in the file tell; None when they do not or when there are none of this kind.
    `ambiguous_dates`: there are some, and somebody has to say. `broken`: how many of the first rows cannot be read.
    """

    form: str
    columns: list[ColumnPreview]
    rows: list[list[str]]
    remembered: bool
    dates: Dates | None
    ambiguous_dates: bool
    broken: int
    bytes: int

    @property
    def mapping(self) -> dict[str, str]:
        """As `Wishes.mapping` takes it."""
        return {column.heading: column.attribute for column in self.columns if column.heading}


def preview(
    workspace: Workspace,
    path: Path,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    raw: bool = False,
) -> Preview:
    """Looks at the beginning of a file. Raises WrongFile or OSError."""
    source = open_file(path, encoding, delimiter)
    try:
        chunk = next(source.chunks(_LOOKED_AT), None)
        names = names_of(source, raw)
        known = remembered(workspace, names)
        mapping = guess(names, audience_of(workspace).catalogue) if known is None else known
        columns = []
        for index, heading in enumerate(names):
            cells = [cell for cell in chunk.columns[index].to_pylist() if cell] if chunk else []
            samples = list(dict.fromkeys(cells))[:_SAMPLES]
            columns.append((ColumnPreview(heading, mapping.get(heading, ""), samples, type_of(cells)), cells))
        times = [cell for column, cells in columns if column.attribute in ("createdAt", "lastSeen") for cell in cells]
        order, ambiguous = guess_dates(times)
        return Preview(
            source.form,
            [column for column, _ in columns],
            [chunk.cells(index) for index in range(min(ROWS, len(chunk.numbers)))] if chunk else [],
            known is not None,
            order,
            ambiguous,
            len(chunk.broken) if chunk else 0,
            path.stat().st_size,
        )
    finally:
        source.close()


def type_of(cells: Sequence[str]) -> AttributeType:
    """What these texts probably are: long rows of digits may be telephone numbers, so they are texts."""
    if not cells:
        return AttributeType.TEXT
    if all(cell.lower() in ("true", "false") for cell in cells):
        return AttributeType.BOOLEAN
    if all(_SHORT_NUMBER.fullmatch(cell) for cell in cells):
        return AttributeType.NUMBER
    return AttributeType.TIME if all(guess_type(cell) == AttributeType.TIME for cell in cells) else AttributeType.TEXT


def guess_dates(cells: Sequence[str]) -> tuple[Dates | None, bool]:
    """The order of day and month in these texts, and whether it is there but does not tell itself."""
    found = [match for cell in cells if (match := _DATE.match(cell.strip()))]
    day_first = any(int(match[1]) > 12 for match in found)
    month_first = any(int(match[2]) > 12 for match in found)
    if day_first == month_first:
        return None, bool(found)
    return ("dmy" if day_first else "mdy"), False
