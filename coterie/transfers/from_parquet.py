"""Parquet, as our own export writes it and others do: texts, numbers, booleans, times."""

import json
from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from coterie.people.attributes import Value
from coterie.transfers.reading import Chunk, WrongFile, checked_header

# Beyond this a row group does not fit the memory that an import may take.
_BIGGEST_GROUP = 512 << 20
# Bytes that a cell has at least in the files of other formats.
_PER_CELL = 10


class ParquetFile:
    """See `Source`. Columns of lists and other structures have no cells."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self.form = "Parquet"
        try:
            self._file = pq.ParquetFile(raw)
            groups = [self._file.metadata.row_group(n) for n in range(self._file.metadata.num_row_groups)]
        except (pa.ArrowException, OSError) as error:
            raise WrongFile(f"This is not a Parquet file that can be read: {error}.") from error
        if any(group.total_byte_size > _BIGGEST_GROUP for group in groups):
            raise WrongFile("A row group of this file is bigger than 512 MB. Write it with smaller row groups.")
        self._fields = list(self._file.schema_arrow)
        self.header = checked_header([field.name for field in self._fields])
        self.samples: dict[str, Value] = {}
        self.guarded = False
        self._unpacked: int = sum(group.total_byte_size for group in groups)
        for name, field in zip(self.header, self._fields, strict=True):
            if pa.types.is_boolean(field.type):
                self.samples[name] = True
            elif pa.types.is_integer(field.type) or pa.types.is_floating(field.type):
                self.samples[name] = 0
        self._part = 0.0

    @property
    def weight(self) -> int:
        """A column of one value takes no room, however many rows there are: they count, too."""
        rows: int = self._file.metadata.num_rows
        return max(self._unpacked, _PER_CELL * rows * len(self._fields))

    @property
    def position(self) -> int:
        """About how many bytes have been read."""
        return int(self._part * self._raw.seek(0, 2))

    def close(self) -> None:
        """Closes the file."""
        self._file.close()
        self._raw.close()

    def chunks(self, size: int) -> Iterator[Chunk]:
        """All rows; they are numbered from 1."""
        number = 1
        try:
            for batch in self._file.iter_batches(size):
                numbers = list(range(number, number + batch.num_rows))
                number += batch.num_rows
                yield Chunk(numbers, [_texts(values) for values in batch.columns])
                self._part = number / max(self._file.metadata.num_rows, 1)
        except pa.ArrowException as error:
            raise WrongFile(f"The file is damaged after row {number:,}: {error}.") from error


def _texts(values: pa.Array) -> pa.Array:
    if isinstance(values, pa.DictionaryArray):
        values = values.dictionary_decode()
    if pa.types.is_timestamp(values.type):  # What is finer than milliseconds nobody keeps.
        return pc.strftime(values.cast(pa.timestamp("ms", values.type.tz), safe=False), "%Y-%m-%dT%H:%M:%SZ")
    if pa.types.is_boolean(values.type) or pa.types.is_integer(values.type):
        return values.cast(pa.string())
    if pa.types.is_floating(values.type):
        return pa.array([None if number is None else json.dumps(number) for number in values.to_pylist()], pa.string())
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        return values.cast(pa.string())
    return pa.nulls(len(values), pa.string())
