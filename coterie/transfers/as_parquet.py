"""Parquet, by attribute keys: texts, numbers, booleans, times in UTC, and `segment` as a list of names.

A custom attribute has a column of its type if all of its values fit it, and a column of texts otherwise: nothing is
lost. Custom times stay texts, because they may say less than a moment does.
"""

from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq

from coterie.audience.columns import Column, Type
from coterie.transfers.cells import is_number
from coterie.transfers.headings import spelled
from coterie.transfers.rows import Rows, Sink

# A row group: enough for good compression, few enough for constant memory.
_ROWS = 60_000
_TYPES = {
    Type.TEXT: pa.string(),
    Type.NUMBER: pa.float64(),
    Type.BOOLEAN: pa.bool_(),
    Type.TIME: pa.timestamp("ms", "UTC"),
    Type.SEGMENT: pa.list_(pa.string()),
}


def pieces(rows: Rows, bom: bool) -> Iterator[bytes]:
    """Row group by row group, then the footer."""
    columns = [_fitting(column, rows) for column in rows.columns]
    schema = pa.schema(
        [(spelled(column.key), pa.int32() if column.key == "chats" else _TYPES[column.type]) for column in columns]
    )
    sink = Sink()
    writer = pq.ParquetWriter(pa.PythonFile(sink, "w"), schema, compression="snappy")
    for batch in rows.batches([_cell(column) for column in columns], _ROWS):
        arrays = [
            rows.named(values, _listed, field.type) if column.type == Type.SEGMENT else values.cast(field.type)
            for column, values, field in zip(columns, batch.columns, schema, strict=True)
        ]
        writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
        yield sink.take()
    writer.close()
    yield sink.take()


def _fitting(column: Column, rows: Rows) -> Column:
    """A custom column with the type that it can have in the file."""
    if not column.is_custom:
        return column
    text = replace(column, type=Type.TEXT)
    fits = {Type.NUMBER: is_number(text.sql), Type.BOOLEAN: f"({column.sql}) IS NOT NULL"}.get(column.type)
    return column if fits and rows.all_have(f"({text.sql} IS NULL OR {fits})") else text


def _cell(column: Column) -> str:
    match column.type:
        case Type.SEGMENT:
            return "coalesce(s.segments, '')"
        case Type.TIME:
            return f"({column.sql})::TIMESTAMP_MS"
        case _:
            return column.sql


def _listed(names: list[str]) -> list[str]:
    return names
