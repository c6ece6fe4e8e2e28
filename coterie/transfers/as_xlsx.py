"""XLSX, written as a stream: sheets of up to 1,048,576 rows, as many as it takes.

Texts are texts, also if they look like a formula; numbers, booleans and the times of the program are what they are
called. Written by ourselves, column by column: libraries think about each cell and take ten times as long; see
docs/decisions/0014-xlsx-of-our-own.md.
"""

import re
import zipfile
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import IO
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.compute as pc

from coterie.audience.columns import Column, Type
from coterie.transfers.guard import guard, guard_sql
from coterie.transfers.headings import heading
from coterie.transfers.rows import Rows, Sink

_ROWS = 20_000
# What a sheet can have; and below what a ZIP entry can have without extensions that Excel does not like.
MAX_ROWS = 1_048_576
MAX_BYTES = 1_500_000_000
MAX_CELL = 32_767
# What XML cannot say is written as _x0001_, and what already looks like that gets its own underscore written so.
_UNSAYABLE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")
_LIKE_ESCAPED = "_(x[0-9A-Fa-f]{4}_)"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
# Formats 0: none, 1: a time, 2: a heading.
_PLAIN = 'numFmtId="0" fontId="0" fillId="0" borderId="0"'
_STYLES = (
    f'{_XML}<styleSheet xmlns="{_MAIN}">'
    '<numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    f'<cellStyleXfs count="1"><xf {_PLAIN}/></cellStyleXfs>'
    f'<cellXfs count="3"><xf {_PLAIN} xfId="0"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
_DATE, _HEAD = 1, 2


_Batches = Iterator[pa.RecordBatch]


def pieces(rows: Rows, bom: bool) -> Iterator[bytes]:
    """The archive, as it grows: the sheets, then what leads to them."""
    sink = Sink()
    rest: _Batches | None = rows.batches([_cell(column, rows.guarded) for column in rows.columns], _ROWS)
    sheets = 0
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        while rest is not None:
            sheets += 1
            with archive.open(f"xl/worksheets/sheet{sheets}.xml", "w") as sheet:
                rest = yield from _sheet(sheet, sink, rows, rest)
        for name, text in _parts(sheets).items():
            archive.writestr(name, text)
    yield sink.take()


def _sheet(sheet: IO[bytes], sink: Sink, rows: Rows, batches: _Batches) -> Generator[bytes, None, _Batches | None]:
    """Fills one sheet; returns the batches that found no room in it, or None when there are none left."""
    written = sheet.write(_opening(rows).encode())
    row, rest = 2, None
    for batch in batches:
        room = MAX_ROWS - row + 1 if written < MAX_BYTES else 0
        fitting, more = batch.slice(0, room), batch.slice(room)
        if fitting.num_rows:
            written += sheet.write(_lines(fitting, rows, row))
            row += fitting.num_rows
            yield sink.take()
        if more.num_rows:
            rest = chain([more], batches)
            break
    sheet.write(b"</sheetData></worksheet>")
    return rest


def _opening(rows: Rows) -> str:
    """What comes before the people: a frozen line of headings."""
    headings = [guard(heading(column)) if rows.guarded else heading(column) for column in rows.columns]
    cells = "".join(
        f'<c r="{_letters(index)}1" s="{_HEAD}" t="inlineStr"><is><t xml:space="preserve">{_text(name)}</t></is></c>'
        for index, name in enumerate(headings)
    )
    view = '<sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    columns = f'<cols><col min="1" max="{len(headings)}" width="20" customWidth="1"/></cols>'
    return (
        f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews>{view}</sheetView></sheetViews>{columns}'
        f'<sheetData><row r="1">{cells}</row>'
    )


def _cell(column: Column, guarded: bool) -> str:
    """The value as a DuckDB expression; NULL when there is none (of a segment column: the ids)."""
    match column.type:
        case Type.SEGMENT:
            return "s.segments"
        case Type.TIME if column.field is not None:
            # Days since the day zero of spreadsheets.
            return f"(epoch_ms({column.sql}) / 86400000.0 + 25569)::VARCHAR"
        case Type.BOOLEAN if column.field is not None:
            return f"({column.sql})::INTEGER::VARCHAR"
        case Type.NUMBER if column.field is not None:
            return f"({column.sql})::VARCHAR"
    text = replace(column, type=Type.TEXT).sql
    return guard_sql(text) if guarded else text


def _lines(batch: pa.RecordBatch, rows: Rows, first: int) -> bytes:
    numbers = pa.array(range(first, first + batch.num_rows)).cast(pa.string())
    cells = [
        _placed(_letters(index), numbers, column, values, rows)
        for index, (column, values) in enumerate(zip(rows.columns, batch.columns, strict=True))
    ]
    inside = pc.binary_join_element_wise(*cells, "", null_handling="skip")
    lines = pc.binary_join_element_wise('<row r="', numbers, '">', inside, "</row>", "").cast(pa.large_string())
    return bytes(lines.buffers()[2])


def _placed(letters: str, numbers: pa.Array, column: Column, values: pa.Array, rows: Rows) -> pa.Array:
    """The cells of one column; NULL where there is no value."""
    if column.type == Type.SEGMENT:
        values = rows.named(values, partial(_segments, guarded=rows.guarded), pa.string())
    if column.field is None or column.type in (Type.TEXT, Type.SEGMENT):
        head, tail = '" t="inlineStr"><is><t xml:space="preserve">', "</t></is></c>"
        values = _escaped(values)
    else:
        head = {Type.TIME: f'" s="{_DATE}"><v>', Type.BOOLEAN: '" t="b"><v>'}.get(column.type, '"><v>')
        tail = "</v></c>"
    return pc.binary_join_element_wise(f'<c r="{letters}', numbers, head, values, tail, "")


def _segments(names: Sequence[str], guarded: bool) -> str | None:
    text = "; ".join(names)[:MAX_CELL]
    return (guard(text) if guarded else text) or None


def _escaped(values: pa.Array) -> pa.Array:
    """Texts as XML; quick where there is nothing to do."""
    if pc.any(pc.match_substring(values, "_x")).as_py():
        values = pc.replace_substring_regex(values, _LIKE_ESCAPED, r"_x005F_\1")
    if pc.any(pc.match_substring_regex(values, "[&<>]")).as_py():
        for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
            values = pc.replace_substring(values, sign, entity)
    if pc.any(pc.match_substring_regex(values, _UNSAYABLE.pattern)).as_py():
        values = pa.array([text and _sayable(text) for text in values.to_pylist()], pa.string())
    return values


def _text(text: str) -> str:
    return _sayable(escape(re.sub(_LIKE_ESCAPED, r"_x005F_\1", text)))


def _sayable(text: str) -> str:
    return _UNSAYABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def _letters(index: int) -> str:
    """`A`, `B` … `Z`, `AA` …"""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _parts(sheets: int) -> dict[str, str]:
    """The small files of the archive."""
    numbers = range(1, sheets + 1)
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_KIND}.worksheet+xml"/>' for n in numbers
    )
    listed = "".join(f'<sheet name="People{f" {n}" if n > 1 else ""}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers)
    related = "".join(
        f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
    )
    styles = f'<Relationship Id="rId{sheets + 1}" Type="{_OFFICE}/styles" Target="styles.xml"/>'
    return {
        "xl/styles.xml": _STYLES,
        "xl/workbook.xml": f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{_XML}<Relationships xmlns="{_RELS}">{related}{styles}</Relationships>',
        "_rels/.rels": (
            f'{_XML}<Relationships xmlns="{_RELS}">'
            f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
        ),
        "[Content_Types].xml": (
            f'{_XML}<Types xmlns="{_TYPES}">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{_KIND}.styles+xml"/>{overrides}</Types>'
        ),
    }
