"""People as CSV (RFC 4180, UTF-8, CRLF), streamed in constant memory.

DuckDB makes the finished cells, Arrow joins them to lines, and the bytes leave batch by batch; no cell becomes a Python
object. Every text is in quotes, every number, time and boolean is not. Times are ISO 8601 in UTC.

The first headings are the ones that ChatBot's own export has, so that scripts which read that file read this one. Then
follow all other attributes by the program's label (so that renaming one in Settings breaks no script and no import),
custom ones by key, and `Segments`: the names of a person's segments, joined by
"; ". That column is for reading; the import does not read it (a name may contain "; ").
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from coterie.audience import query
from coterie.audience.audience import Audience
from coterie.audience.columns import DEFAULT_COLUMNS, Catalogue, Column, Group, Type
from coterie.audience.compiler import Predicate
from coterie.core.ids import to_public
from coterie.segments.catalogue import names
from coterie.transfers.guard import guard, guard_sql

# The known headings and their columns, in the known order. "Source" means the integration there.
HEADINGS = {
    "default_name": "Name",
    "default_email": "Email",
    "createdAt": "First Seen",
    "lastSeen": "Last Seen",
    "default_source": "Source",
    "userId": "User ID",
    "default_ip": "IP",
    "default_region": "Region",
    "default_country": "Country",
}
SEGMENTS = "Segments"
CUSTOM_PREFIX = "attribute."
_TAKEN = frozenset(
    name.lower()
    for name in (SEGMENTS, *HEADINGS.values(), *(name for c in DEFAULT_COLUMNS for name in (c.key, c.label)))
)
_LABELS = {column.key: column.label for column in DEFAULT_COLUMNS}
_ROWS = 20_000


def default_columns(catalogue: Catalogue) -> list[Column]:
    """Everything there is: known headings, other attributes by label, custom ones, segments."""
    known = [catalogue.by_key[key] for key in HEADINGS if key in catalogue.by_key]
    custom = sorted(catalogue.custom, key=lambda column: (column.key.lower(), column.key))
    rest = [
        column
        for column in catalogue.columns
        if column not in known and column not in custom and column.group != Group.COMPUTED
    ]
    segments = [column for column in rest if column.type == Type.SEGMENT]
    others = sorted((column for column in rest if column not in segments), key=lambda column: _LABELS[column.key])
    return [*known, *others, *custom, *segments]


def heading(column: Column) -> str:
    """The name of a column in the file, unique in it.

    A default attribute whose label is one of the known headings goes by its key; a custom one that is called like any
    other heading gets `attribute.` in front.
    """
    if column.type == Type.SEGMENT:
        return SEGMENTS
    if column.group == Group.CUSTOM:
        clashes = column.key.lower() in _TAKEN or column.key.startswith(CUSTOM_PREFIX)
        return f"{CUSTOM_PREFIX}{column.key}" if clashes else column.key
    known = HEADINGS.get(column.key)
    label = _LABELS[column.key]
    return known or (column.key if label in HEADINGS.values() else label)


def personal_keys(columns: Sequence[Column]) -> list[str]:
    """What of these the team marked as telling who somebody is, for the audit trail."""
    return [column.key for column in columns if column.personal]


def export_csv(audience: Audience, predicate: Predicate, columns: Sequence[Column] | None = None) -> Iterator[bytes]:
    """The file, in pieces. An error in the middle is raised, so that a download breaks instead of ending early."""
    wanted = default_columns(audience.catalogue) if columns is None else list(columns)
    segment_names = names(audience.workspace)
    # A damaged replica is noticed and repaired now, while nothing has been sent.
    audience.ask(lambda reader: query.count(reader, predicate))
    yield header(wanted)
    with audience.replica.reading() as reader:
        for batch in _cells(reader, predicate, wanted):
            if batch.num_rows:
                yield _lines(batch, wanted, segment_names)


def header(columns: Sequence[Column]) -> bytes:
    """The first line."""
    return (",".join(_quoted(heading(column)) for column in columns) + "\r\n").encode()


def _cells(
    reader: duckdb.DuckDBPyConnection, predicate: Predicate, columns: Sequence[Column]
) -> Iterator[pa.RecordBatch]:
    select = [f"{_cell(column)} AS c{index}" for index, column in enumerate(columns)]
    return query.batches(reader, predicate, select, _ROWS)


def _cell(column: Column) -> str:
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
    return f"""coalesce('"' || replace({guard_sql(text)}, '"', '""') || '"', '')"""


def _lines(batch: pa.RecordBatch, columns: Sequence[Column], segment_names: Mapping[str, str]) -> bytes:
    cells = [
        _named(values, segment_names) if column.type == Type.SEGMENT else values
        for column, values in zip(columns, batch.columns, strict=True)
    ]
    cells[-1] = pc.binary_join_element_wise(cells[-1], "\r\n", "")
    lines = pc.binary_join_element_wise(*cells, ",").cast(pa.large_string())
    # All lines of a string array lie behind one another in one buffer: that buffer is the piece of the file.
    return bytes(lines.buffers()[2])


def _named(ids: pa.Array, segment_names: Mapping[str, str]) -> pa.Array:
    """Names for lists of segment ids. Few different lists occur, so each is looked up once."""
    encoded = ids.dictionary_encode()
    texts = []
    for key in encoded.dictionary.to_pylist():
        found = [segment_names.get(to_public(int(row_id)), "") for row_id in key.split()]
        texts.append(_quoted("; ".join(sorted(filter(None, found)))) if key else "")
    return pa.array(texts, pa.string()).take(encoded.indices)


def _quoted(text: str) -> str:
    return '"' + guard(text).replace('"', '""') + '"'
