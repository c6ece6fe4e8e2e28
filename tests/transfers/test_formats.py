"""XLSX, JSON Lines and Parquet: the same people as in CSV, in the form that each reader knows; files and manifests."""

import csv
import datetime as dt
import hashlib
import io
import json
import stat

import duckdb
import openpyxl
import pyarrow.parquet as pq
import pytest
import python_calamine

from coterie.audience.audience import audience_of
from coterie.audience.models import Attribute, AttributeType
from coterie.audience.tree import Condition
from coterie.core.clock import UTC
from coterie.segments.catalogue import create
from coterie.transfers import as_xlsx, files
from coterie.transfers.export import Form, Format, export
from coterie.transfers.files import Reason
from coterie.transfers.rows import Stopped
from tests.makers import make_person, put_in

AT = dt.datetime(2026, 5, 1, 12, 30, 15, 123000, tzinfo=UTC)
HOSTILE = [
    "=1+1",
    "@SUM(A1)",
    "-2+3",
    "'=x",
    'a "b", c;\nd\te',
    "<b>&amp;",
    "_x0041_",
    "emoji 😀 ż",
    "\x01\x02",
    "a\rb",
]


def exported(workspace, format_, columns=None, node=None, **options):
    audience = audience_of(workspace)
    chosen = None if columns is None else [audience.catalogue.by_key[key] for key in columns]
    return b"".join(export(audience, audience.predicate(node), Form(Format(format_), chosen, **options)))


def sheets(data):
    return openpyxl.load_workbook(io.BytesIO(data)).worksheets


def objects(data):
    return [json.loads(line) for line in data.decode().splitlines()]


@pytest.fixture
def ana(workspace):
    segments = [create(workspace, name, "test").id for name in ("News", "=Buyers")]
    person = make_person(
        workspace,
        user_id="u1",
        default_name="=Ana",
        created_at=AT,
        last_seen=AT,
        orders=12,
        ratio=0.5,
        vip=True,
        zip="007",
    )
    put_in(workspace, "test", segments, [person.id])
    return person


def test_jsonl_has_values_as_they_are_stored_and_nothing_for_what_is_not_known(workspace, ana):
    assert objects(exported(workspace, "jsonl")) == [
        {
            "default_name": "=Ana",
            "createdAt": "2026-05-01T12:30:15.123Z",
            "lastSeen": "2026-05-01T12:30:15.123Z",
            "userId": "u1",
            "banned": False,
            "chats": 1,
            "orders": 12,
            "ratio": 0.5,
            "vip": True,
            "zip": "007",
            "segment": ["=Buyers", "News"],
        }
    ]


@pytest.mark.one_database
def test_jsonl_survives_hostile_texts_and_names(workspace):
    name = "k\"'\\ż"
    for number, text in enumerate(HOSTILE):
        make_person(workspace, user_id=f"u{number}", **{name: text})
    found = {row["userId"]: row[name] for row in objects(exported(workspace, "jsonl"))}
    assert found == {f"u{number}": text for number, text in enumerate(HOSTILE)}


@pytest.mark.one_database
def test_parquet_has_types(workspace, ana):
    table = pq.read_table(io.BytesIO(exported(workspace, "parquet")))
    (row,) = table.to_pylist()
    assert (row["orders"], row["ratio"], row["vip"], row["zip"]) == (12.0, 0.5, True, "007")
    assert (row["createdAt"], row["chats"], row["banned"]) == (AT, 1, False)
    assert row["segment"] == ["=Buyers", "News"]
    assert row["default_email"] is None
    assert [str(table.schema.field(key).type) for key in ("orders", "vip", "zip")] == ["double", "bool", "string"]


@pytest.mark.one_database
def test_parquet_keeps_values_that_do_not_fit_their_attribute(workspace, ana):
    make_person(workspace, user_id="u2", orders="about 12")
    rows = pq.read_table(io.BytesIO(exported(workspace, "parquet"))).to_pylist()
    assert {row["userId"]: row["orders"] for row in rows} == {"u1": "12", "u2": "about 12"}


@pytest.mark.one_database
def test_duckdb_reads_parquet_and_jsonl(workspace, ana, tmp_path):
    for format_ in ("parquet", "jsonl"):
        path = tmp_path / f"people.{format_}"
        path.write_bytes(exported(workspace, format_))
        with duckdb.connect() as database:
            assert database.execute(f"SELECT userId, zip, orders FROM '{path}'").fetchall() == [("u1", "007", 12)]


@pytest.mark.one_database
def test_xlsx_has_headings_times_numbers_and_booleans(workspace, ana):
    (sheet,) = sheets(exported(workspace, "xlsx"))
    assert (sheet.title, sheet.freeze_panes) == ("People", "A2")
    head, row = ([cell.value for cell in line] for line in sheet.iter_rows())
    found = dict(zip(head, row, strict=True))
    assert found["First Seen"] == AT.replace(tzinfo=None)
    assert (found["Chats"], found["Banned"], found["zip"], found["Segments"]) == (1, False, "007", "'=Buyers; News")
    assert (found["Name"], found["orders"], found["Email"]) == ("'=Ana", "12", None)


@pytest.mark.one_database
def test_hostile_texts_are_texts_in_xlsx(workspace):
    for number, text in enumerate(HOSTILE):
        make_person(workspace, user_id=f"u{number}", default_name=text)
    data = exported(workspace, "xlsx", ["userId", "default_name"], raw=True)
    (sheet,) = sheets(data)
    assert {cell.data_type for line in sheet.iter_rows() for cell in line} <= {"s", "inlineStr"}
    read = python_calamine.load_workbook(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    assert len(read) == len(HOSTILE) + 1
    plain = {row[0]: row[1] for row in read}
    for number in (0, 1, 2, 3, 4, 5, 7):
        assert plain[f"u{number}"] == HOSTILE[number]


@pytest.mark.one_database
def test_more_people_than_a_sheet_holds_get_more_sheets(workspace, monkeypatch):
    monkeypatch.setattr(as_xlsx, "MAX_ROWS", 3)
    for number in range(5):
        make_person(workspace, user_id=f"u{number}")
    found = sheets(exported(workspace, "xlsx", ["userId"]))
    assert [sheet.title for sheet in found] == ["People", "People 2", "People 3"]
    assert [sheet.max_row for sheet in found] == [3, 3, 2]
    assert {sheet["A1"].value for sheet in found} == {"User ID"}
    assert {sheet[f"A{n}"].value for sheet in found for n in (2, 3)} - {None} == {f"u{n}" for n in range(5)}


@pytest.mark.one_database
@pytest.mark.parametrize("format_", ["csv", "xlsx", "jsonl", "parquet"])
def test_nobody_is_a_file_without_people(workspace, format_):
    data = exported(workspace, format_, ["userId", "segment"])
    match format_:
        case "csv":
            assert data == b'"User ID","Segments"\r\n'
        case "jsonl":
            assert data == b""
        case "parquet":
            assert pq.read_table(io.BytesIO(data)).num_rows == 0
        case "xlsx":
            assert [cell.value for cell in sheets(data)[0][1]] == ["User ID", "Segments"]


@pytest.mark.one_database
@pytest.mark.parametrize("format_", ["csv", "xlsx", "jsonl", "parquet"])
def test_every_format_breaks_when_people_are_missing(workspace, format_, monkeypatch):
    make_person(workspace)
    from coterie.audience import query

    monkeypatch.setattr(query, "batches", lambda *args, **kwargs: iter(()))
    with pytest.raises(RuntimeError, match="0 people instead of 1"):
        exported(workspace, format_)


@pytest.mark.one_database
def test_a_byte_order_mark_and_raw_formulas_on_request(workspace):
    make_person(workspace, default_name="=1+1")
    assert exported(workspace, "csv", ["default_name"], bom=True).startswith(b'\xef\xbb\xbf"Name"')
    assert exported(workspace, "csv", ["default_name"], raw=True) == b'"Name"\r\n"=1+1"\r\n'


@pytest.mark.one_database
def test_python_and_duckdb_read_the_csv_alike(workspace, tmp_path):
    for number, text in enumerate(HOSTILE):
        make_person(workspace, user_id=f"u{number}", default_name=text)
    path = tmp_path / "people.csv"
    path.write_bytes(exported(workspace, "csv", ["userId", "default_name"], raw=True))
    with path.open(encoding="utf-8", newline="") as file:
        python = sorted(map(tuple, list(csv.reader(file))[1:]))
    with duckdb.connect() as database:
        form = "header=true, all_varchar=true, quote='\"', escape='\"', delim=',', new_line='\\r\\n'"
        sql = f"SELECT * FROM read_csv(?, {form})"
        assert sorted(database.execute(sql, [str(path)]).fetchall()) == python
    assert dict(python) == {f"u{number}": text for number, text in enumerate(HOSTILE)}


REASON = Reason("cli", "Country is Poland", "f=default_country:is:Poland")


@pytest.mark.one_database
def test_a_manifest_says_what_the_file_is(workspace, tmp_path):
    make_person(workspace, user_id="u1", default_country="Poland", default_email="a@b.c")
    make_person(workspace, user_id="u2")
    audience = audience_of(workspace)
    predicate = audience.predicate(Condition("default_country", "is", ("poland",)))
    columns = [audience.catalogue.by_key[key] for key in ("userId", "default_email")]
    path = tmp_path / "poles.csv"
    manifest = files.write(path, audience, predicate, Form(columns=columns, raw=True), REASON)
    told = json.loads((tmp_path / "poles.csv.manifest.json").read_text())
    assert told.pop("made_at").endswith("Z")
    assert told == {
        "file": "poles.csv",
        "format": "csv",
        "people": 1,
        "filter": "Country is Poland",
        "query": "f=default_country:is:Poland",
        "revision": audience.replica.revision,
        "actor": "cli",
        "columns": ["userId", "default_email"],
        "personal": ["default_email"],
        "raw": True,
        "bytes": path.stat().st_size,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    assert manifest.people == 1
    assert {stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()} == {0o600}


@pytest.mark.one_database
def test_stopping_leaves_no_file(workspace, tmp_path):
    make_person(workspace)
    audience = audience_of(workspace)
    with pytest.raises(Stopped):
        files.write(tmp_path / "x.csv", audience, audience.predicate(None), Form(), REASON, stop=lambda: True)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(Stopped):
        files.keep("x", audience, audience.predicate(None), Form(), REASON, stop=lambda: True)
    assert list(files.folder(workspace).iterdir()) == []


def test_kept_exports_are_found_for_seven_days_and_only_in_their_workspace(workspace, other_workspace, monkeypatch):
    make_person(workspace)
    audience = audience_of(workspace)
    one = files.keep("users", audience, audience.predicate(None), Form(Format.JSONL), REASON)
    two = files.keep("users", audience, audience.predicate(None), Form(), REASON)
    assert [each.id for each in files.kept(workspace)] == [two.id, one.id]
    assert files.find(workspace, one.id) == one
    assert one.path.name == "users.jsonl"
    assert files.find(other_workspace, one.id) is None
    assert files.find(workspace, "../" + one.id) is None
    files.remove(workspace, two.id)
    assert files.find(workspace, two.id) is None
    files.clean()
    assert files.find(workspace, one.id) == one
    later = one.until + dt.timedelta(seconds=1)
    monkeypatch.setattr(files, "now", lambda: later)
    assert files.find(workspace, one.id) is None
    assert files.clean() >= 1
    assert not one.path.exists()


def test_progress_reaches_everybody(workspace):
    make_person(workspace)
    attribute = Attribute.objects.create(workspace=workspace, key="n", type=AttributeType.NUMBER)
    assert attribute.key == "n"
    seen = []
    audience = audience_of(workspace)
    files.keep("users", audience, audience.predicate(None), Form(), REASON, seen.append)
    assert seen == [1]
