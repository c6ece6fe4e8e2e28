"""Files that want to do harm, or cannot be what they say: refused with the reason, in little memory."""

import io
import tracemalloc
import zipfile

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from coterie.accounts.models import Workspace
from coterie.people.models import Person
from coterie.transfers import xlsx_parts
from coterie.transfers.checking import dry_run
from coterie.transfers.from_csv import CsvFile
from coterie.transfers.importer import import_file
from coterie.transfers.opening import open_file
from coterie.transfers.preview import preview
from coterie.transfers.reading import WrongFile
from coterie.transfers.wishes import Wishes

SHEET = "xl/worksheets/sheet1.xml"


@pytest.fixture
def refused(workspace, tmp_path):
    """Asserts that a file is refused before any change, by preview and import."""

    def run(content, words, name="people.xlsx"):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(WrongFile, match=words):
            preview(workspace, path)
        with pytest.raises(WrongFile, match=words):
            import_file(workspace, path, "test")
        assert Workspace.objects.get(pk=workspace.pk).revision == 0

    return run


def workbook(*rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def with_part(data, name, content, compression=zipfile.ZIP_DEFLATED):
    """The archive with one part replaced."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(result, "w", compression) as new:
        for each in old.namelist():
            new.writestr(each, content if each == name else old.read(each))
    return result.getvalue()


def sheet(rows):
    head = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    return f"{head}{rows}</sheetData></worksheet>".encode()


def test_a_workbook_of_a_spreadsheet_comes_in(workspace, tmp_path):
    import datetime as dt

    path = tmp_path / "people.xlsx"
    moment = dt.datetime(2024, 4, 3, 17, 40, 1, 123000)
    path.write_bytes(
        workbook(
            ["User ID", "Name", "First Seen", "age", "vip", "day", None],
            ["u1", "Żaneta\n_x0041_", moment, 41, True, dt.date(2024, 2, 29)],
            [None, None],
            [7, "=1+1", "2024-01-01", 0.5, None, None, None],
            ["u3", "a", None, None, None, None, None, "too much"],
        )
    )
    summary = import_file(workspace, path, "test")
    assert (summary.rows, summary.new, summary.rejected) == (3, 2, 1)
    one = Person.objects.get(workspace=workspace, user_id="u1")
    assert one.created_at.replace(tzinfo=None) == moment
    assert one.attributes == {"default_name": "Żaneta\nA", "age": "41", "vip": "true", "day": "2024-02-29"}
    assert Person.objects.get(workspace=workspace, user_id="7").attributes == {"age": "0.5"}
    assert '5,"8 cells, but the header names 6 columns",u3,a' in summary.rejected_file.read_text()


@pytest.mark.one_database
def test_sheets_with_another_header_are_left_out(workspace, tmp_path):
    book = openpyxl.Workbook()
    for number, rows in enumerate(([["User ID"], ["u1"]], [["Notes"], ["x"]], [["User ID"], ["u2"]])):
        page = book.active if not number else book.create_sheet()
        for row in rows:
            page.append(row)
    path = tmp_path / "people.xlsx"
    book.save(path)
    import_file(workspace, path, "test")
    assert set(Person.objects.filter(workspace=workspace).values_list("user_id", flat=True)) == {"u1", "u2"}


@pytest.mark.one_database
def test_a_zip_bomb_is_refused_by_what_it_declares(refused):
    bomb = sheet("<row><c><v>" + "0" * 100_000_000 + "</v></c></row>")
    data = with_part(workbook(["User ID"]), SHEET, bomb)
    assert len(data) < 200_000
    refused(data, "packed like a bomb")


@pytest.mark.one_database
def test_a_part_that_is_too_big_is_refused(refused, monkeypatch):
    monkeypatch.setattr(xlsx_parts, "MAX_PART", 1000)
    refused(with_part(workbook(["User ID"]), SHEET, sheet("<row/>" * 1000)), "bytes when unpacked")


@pytest.mark.one_database
def test_a_bomb_that_lies_about_its_size_is_noticed(refused):
    data = bytearray(with_part(workbook(["User ID"], ["u1"]), SHEET, sheet("<row/>" * 5_000_000)))
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
        real = archive.getinfo(SHEET).file_size
    # Both places that say the size: the entry's own head and the directory at the end.
    assert data.count(real.to_bytes(4, "little")) == 2
    refused(bytes(data.replace(real.to_bytes(4, "little"), (1000).to_bytes(4, "little"))), "damaged|empty")


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04rubbish", "not a workbook"),
        (workbook(["User ID"])[:-100], "not a workbook|damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel file"),
        (b"PAR1rubbish", "not a Parquet file"),
        (b"", "empty"),
        (b"\n\n\n", "empty"),
        (b"\x00" * 1000, "no text"),
        (b"{broken\n", "no whole JSON object"),
        (b"{}\n", "empty"),
        (b"User ID" + b",x" * 600 + b"\n", "601 columns"),
        (b"x" * 3_000_000, "header cannot be read|User ID or Email|128"),
    ],
)
def test_what_is_no_file_of_people_is_refused(refused, content, words):
    refused(content, words)


@pytest.mark.one_database
def test_an_archive_that_is_no_workbook_is_refused(refused):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("hello.txt", "hello")
    refused(data.getvalue(), "not a workbook")


@pytest.mark.one_database
@pytest.mark.parametrize(
    "content",
    [
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><worksheet><sheetData>&b;</sheetData></worksheet>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><worksheet/>',
    ],
)
def test_xml_with_declarations_is_refused(refused, content):
    refused(with_part(workbook(["User ID"]), SHEET, content), "declarations")


def test_a_sheet_that_breaks_off_fails_after_whole_chunks(workspace, tmp_path):
    from coterie.jobs.running import Failed

    head = '<row r="1"><c r="A1" t="str"><v>User ID</v></c></row>'
    rows = "".join(f'<row><c t="str"><v>u{n}</v></c></row>' for n in range(3))
    path = tmp_path / "people.xlsx"
    path.write_bytes(with_part(workbook(["x"]), SHEET, sheet(head + rows)[:-30]))
    with pytest.raises(Failed, match="damaged"):
        import_file(workspace, path, "test")
    assert not Person.objects.filter(workspace=workspace).exists()


@pytest.mark.one_database
@pytest.mark.parametrize("number", ["1", "-1", "99999999999999999999"])
def test_a_cell_whose_text_is_not_there_is_no_empty_cell(workspace, tmp_path, number):
    head = '<row r="1"><c r="A1" t="s"><v>0</v></c></row>'
    path = tmp_path / "people.xlsx"
    path.write_bytes(with_part(workbook(["User ID"]), SHEET, sheet(f'{head}<row><c t="s"><v>{number}</v></c></row>')))
    with pytest.raises(WrongFile, match="damaged"):
        dry_run(workspace, path)


def with_texts(data, texts):
    """The workbook with these shared texts, as XML."""
    result, parts = io.BytesIO(), {"xl/sharedStrings.xml": f"<sst>{texts}</sst>"}
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as new:
        for each in old.namelist():
            parts.setdefault(each, old.read(each).decode())
        place, kind = "xl/_rels/workbook.xml.rels", "http://schemas.openxmlformats.org/x/sharedStrings"
        relation = f'<Relationship Id="texts" Type="{kind}" Target="sharedStrings.xml"/></Relationships>'
        parts[place] = parts[place].replace("</Relationships>", relation)
        for name, content in parts.items():
            new.writestr(name, content)
    return result.getvalue()


@pytest.mark.one_database
def test_the_first_rows_do_not_wait_for_all_texts_of_a_workbook(workspace, tmp_path, monkeypatch):
    count = 30_000
    rows = '<row r="1"><c r="A1" t="s"><v>0</v></c></row>'
    rows += "".join(f'<row><c t="s"><v>{n}</v></c></row>' for n in range(1, count))
    texts = "<si><t>User ID</t></si>" + "".join(f"<si><t>ü{n}</t></si>" for n in range(1, count))
    path = tmp_path / "people.xlsx"
    path.write_bytes(with_texts(with_part(workbook(["x"]), SHEET, sheet(rows)), texts))
    read, unescaped = [], xlsx_parts.unescaped
    monkeypatch.setattr(xlsx_parts, "unescaped", lambda text: read.append(1) or unescaped(text))
    seen = preview(workspace, path)
    assert [column.samples for column in seen.columns] == [["ü1", "ü2", "ü3"]]
    assert 0 < len(read) < count / 3
    positions = []
    assert import_file(workspace, path, "test", progress=positions.append).new == count - 1
    assert len(set(positions)) > 3
    assert positions == sorted(positions)


@pytest.mark.one_database
def test_times_of_parquet_may_be_finer_than_ours(workspace, tmp_path):
    path = tmp_path / "people.parquet"
    seen = pa.array([1_700_000_000_123_456_789], pa.timestamp("ns", "UTC"))
    pq.write_table(pa.table({"userId": ["u1"], "createdAt": seen}), path)
    assert import_file(workspace, path, "test").new == 1
    (person,) = Person.objects.filter(workspace=workspace)
    assert person.created_at.isoformat() == "2023-11-14T22:13:20.123000+00:00"


@pytest.mark.one_database
@pytest.mark.parametrize("place", ["ZZZZ1", "A1", "XFD1"])
def test_cells_in_impossible_places_are_refused(refused, place):
    cells = f'<row><c r="B1"><v>1</v></c><c r="{place}"><v>2</v></c></row>'
    refused(with_part(workbook(["User ID"]), SHEET, sheet(cells)), "columns")


class Endless(io.RawIOBase):
    """A file of many gigabytes that nobody has to have on a disk."""

    def __init__(self, start, again, size):
        self._waiting, self._again, self._left, self._read = start, again, size, 0

    def readable(self):
        return True

    def seekable(self):
        return True

    def seek(self, offset, whence=0):
        return 0

    def tell(self):
        return self._read

    def readinto(self, buffer):
        missing = -((len(self._waiting) - len(buffer)) // len(self._again)) if self._left > 0 else 0
        self._waiting += self._again * missing
        self._left -= len(self._again) * missing
        piece, self._waiting = self._waiting[: len(buffer)], self._waiting[len(buffer) :]
        buffer[: len(piece)] = piece
        self._read += len(piece)
        return len(piece)


_WIDE = b"x" * 500


@pytest.mark.one_database
@pytest.mark.parametrize(
    "again",
    [
        b"u1," + _WIDE + b"\n",
        _WIDE,
        b'"' * 501,
        b'u1,"open' + _WIDE + b"\n",
        b"u1,caf\xe9" + _WIDE + b"\n",
    ],
)
def test_a_file_of_any_size_takes_little_memory(again):
    """40 MB stand for 5 GB: what is kept is the same after the first megabyte and after the last."""
    source = CsvFile(io.BufferedReader(Endless(b"User ID,Name\n", again, 40_000_000)), encoding="utf-8")
    tracemalloc.start()
    try:
        rows = sum(chunk.rows for chunk in source.chunks(5_000))
        assert rows > 0
        assert tracemalloc.get_traced_memory()[1] < 40_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.one_database
def test_a_delimiter_or_encoding_that_is_none_is_refused(workspace, tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("User ID\nu1\n")
    for wishes in (
        Wishes(encoding="klingon"),
        Wishes(encoding="base64"),
        Wishes(delimiter=";;"),
        Wishes(delimiter='"'),
    ):
        with pytest.raises(WrongFile):
            import_file(workspace, path, "test", wishes)


@pytest.mark.one_database
def test_any_delimiter_can_be_told(workspace, tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("User ID:Name\nu1:Ana\n")
    import_file(workspace, path, "test", Wishes(delimiter=":"))
    assert Person.objects.get(workspace=workspace).attributes == {"default_name": "Ana"}


@pytest.mark.one_database
def test_files_are_closed_when_they_are_refused(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("")
    with pytest.raises(WrongFile):
        open_file(path)
