"""CSV (RFC 4180, UTF-8, CRLF). Every text is in quotes, every number, time and boolean is not.

Times are ISO 8601 in UTC. `Segments` are the names of a person's segments, joined by "; "; that column is for reading,
the import does not read it (a name may contain "; ").
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from coterie.audience.columns import Column, Type
from coterie.transfers.guard import guard, guard_sql
from coterie.transfers.headings import heading
from coterie.transfers.rows import Rows

_ROWS = 20_000
_BOM = "\ufeff"


def pieces(rows: Rows, bom: bool) -> Iterator[bytes]:
    """The header, then lines by the thousand."""
    written = guard if rows.guarded else _as_it_is
    yield (_BOM * bom + ",".join(_quoted(written(heading(c))) for c in rows.columns) + "\r\n").encode()
    for batch in rows.batches([_cell(column, rows.guarded) for column in rows.columns], _ROWS):
        yield _lines(batch, rows, written)


def _cell(column: Column, guarded: bool) -> str:
    """The finished cell as a DuckDB expression: VARCHAR, never NULL (of a segment column: its ids)."""
    match column.type:
        case Type.SEGMENT:
            return "coalesce(s.segments, '')"
        case Type.TIME if column.field is not None:
            return f"coalesce(strftime({column.sql}, '%Y-%m-%dT%H:%M:%S.%gZ'), '')"
        case Type.BOOLEAN | Type.NUMBER if column.field is not None:
            return f"coalesce({column.sql}::VARCHAR, '')"
    # A custom value is written as it is stored, also when it does not fit the attribute's type.
    text = replace(column, type=Type.TEXT).sql
    return f"""coalesce('"' || replace({guard_sql(text) if guarded else text}, '"', '""') || '"', '')"""


def _lines(batch: pa.RecordBatch, rows: Rows, written: Callable[[str], str]) -> bytes:
    def joined(names: Sequence[str]) -> str:
        return _quoted(written("; ".join(names))) if names else ""

    cells = [
        rows.named(values, joined, pa.string()) if column.type == Type.SEGMENT else values
        for column, values in zip(rows.columns, batch.columns, strict=True)
    ]
    cells[-1] = pc.binary_join_element_wise(cells[-1], "\r\n", "")
    lines = pc.binary_join_element_wise(*cells, ",").cast(pa.large_string())
    # All lines of a string array lie behind one another in one buffer: that buffer is the piece of the file.
    return bytes(lines.buffers()[2])


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _as_it_is(text: str) -> str:
    return text
