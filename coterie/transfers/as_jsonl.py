"""JSON Lines: one object per person, by attribute keys; what is not known is left out.

Texts, numbers and booleans are what they are stored as; times are ISO 8601 in UTC; `segment` is a list of names.
"""

import json
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from coterie.audience.columns import Column, Type
from coterie.transfers.headings import spelled
from coterie.transfers.rows import Rows

_ROWS = 20_000


def pieces(rows: Rows, bom: bool) -> Iterator[bytes]:
    """Lines by the thousand. JSON has no byte order mark."""
    for batch in rows.batches([_cell(column) for column in rows.columns], _ROWS):
        yield _lines(batch, rows)


def _cell(column: Column) -> str:
    """`"key":value` as a DuckDB expression: NULL when there is no value (of a segment column: its ids)."""
    name = (json.dumps(spelled(column.key), ensure_ascii=False) + ":").replace("'", "''")
    if column.type == Type.SEGMENT:
        return "s.segments"
    if column.is_custom:
        escaped = column.key.replace("'", "''")
        return f"'{name}' || p.custom['{escaped}']::JSON::VARCHAR"
    match column.type:
        case Type.TIME:
            value = f"strftime({column.sql}, '\"%Y-%m-%dT%H:%M:%S.%gZ\"')"
        case Type.BOOLEAN | Type.NUMBER:
            value = f"{column.sql}::VARCHAR"
        case _:
            value = f"to_json({column.sql})::VARCHAR"
    return f"'{name}' || {value}"


def _lines(batch: pa.RecordBatch, rows: Rows) -> bytes:
    cells = [
        rows.named(values, _listed, pa.string()) if column.type == Type.SEGMENT else values
        for column, values in zip(rows.columns, batch.columns, strict=True)
    ]
    inner = pc.binary_join_element_wise(*cells, ",", null_handling="skip")
    lines = pc.binary_join_element_wise("{", inner, "}\n", "").cast(pa.large_string())
    return bytes(lines.buffers()[2])


def _listed(names: list[str]) -> str:
    return '"segment":' + json.dumps(names, ensure_ascii=False)
