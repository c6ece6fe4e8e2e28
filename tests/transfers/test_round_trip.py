"""Whatever is exported can be imported again, in every format that can be read, and changes nobody."""

import itertools
import subprocess
import sys

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.accounts.models import Workspace
from coterie.audience.audience import audience_of
from coterie.people.attributes import Refused, validated
from coterie.people.models import Person
from coterie.transfers.export import Form, Format, export
from coterie.transfers.importer import import_file
from coterie.transfers.wishes import Wishes
from tests.makers import make_person
from tests.profiles import examples
from tools.office import converted

FORMATS = list(Format)
POLICIES = ("merge", "replace", "skip")
HOSTILE = {
    "default_name": '=HYPERLINK("http://x","y")',
    "default_city": "'=x",
    "note": 'a "b", c;\nd\te\rf \\n \\ x',
    "xml": "<a>&amp;</a>]]> _x0041_ _x005F_",
    "controls": "a\x01b\x1fc\x7fd",
    "emoji": "👩‍👩‍👧 ż́ 😀",
    "formula": "@SUM(A1)",
    "minus": "-2+3",
    "phone": "+48 601 123 456",
    "zip": "007",
    "long digits": "12345678901234567890",
    "n": 12,
    "big": 2**60 + 1,
    "ratio": 0.1,
    "tiny": -1.5e-9,
    "huge": 1e18,
    "vip": True,
    "no": False,
    "born": "2000-02-29",
    "at": "2026-05-01T12:30:15+02:00",
    "like a time": "12:30",
    "Name": "custom",
    "attribute.z": "x",
    "x [y]": "z",
    "k\"'\\~/.*$ż": "x",
    "null": "null",
    "true": "TRUE",
}


def everybody(workspace):
    fields = ("user_id", "attributes", "banned", "created_at", "last_seen", "chats")
    return sorted(Person.objects.filter(workspace=workspace).values_list(*fields), key=str)


def written(workspace, format_, folder, **options):
    audience = audience_of(workspace)
    path = folder / f"people.{format_.value}"
    path.write_bytes(b"".join(export(audience, audience.predicate(None), Form(format_, **options))))
    return path


def assert_nothing_changes(workspace, path, policies=POLICIES, **options):
    before, revision = everybody(workspace), Workspace.objects.get(pk=workspace.pk).revision
    for policy in policies:
        summary = import_file(workspace, path, "test", Wishes(policy=policy, **options))
        text = summary.rejected_file.read_text() if summary.rejected_file else ""
        assert (summary.new, summary.changed, summary.rejected, text) == (0, 0, 0, "")
        assert summary.same == len(before)
    assert everybody(workspace) == before
    assert Workspace.objects.get(pk=workspace.pk).revision == revision


@pytest.mark.parametrize("format_", FORMATS)
def test_hostile_people_come_back_as_they_were(workspace, tmp_path, format_):
    make_person(workspace, user_id="-=x'", **HOSTILE)
    make_person(workspace, user_id="2", last_seen=None, n="about", vip="yes", ratio="0.5", zip=7, no="false")
    make_person(workspace, user_id="3")
    assert_nothing_changes(workspace, written(workspace, format_, tmp_path))


@pytest.mark.one_database
@pytest.mark.parametrize("format_", [Format.CSV, Format.XLSX])
def test_raw_files_come_back_when_that_is_said(workspace, tmp_path, format_):
    make_person(workspace, default_name="'=1", note="=1")
    assert_nothing_changes(workspace, written(workspace, format_, tmp_path, raw=True), raw=True)


@pytest.mark.one_database
def test_with_a_byte_order_mark(workspace, tmp_path):
    make_person(workspace, **HOSTILE)
    assert_nothing_changes(workspace, written(workspace, Format.CSV, tmp_path, bom=True))


@pytest.mark.one_database
@pytest.mark.parametrize("format_", FORMATS)
def test_another_workspace_gets_the_same_people(workspace, other_workspace, tmp_path, format_):
    make_person(
        workspace, user_id="=u", default_name="=1+1", default_email="Ana@b.c", plan="'@x", note="ż\n😀", zip="007"
    )
    summary = import_file(other_workspace, written(workspace, format_, tmp_path), "test")
    assert (summary.new, summary.rejected) == (1, 0)
    (theirs,), (ours,) = everybody(other_workspace), everybody(workspace)
    assert theirs[:3] == ours[:3]
    assert theirs[3:5] == ours[3:5]


@pytest.mark.one_database
@pytest.mark.parametrize("number", ["1E100", "007", "1_000", " 1"])
def test_a_text_among_numbers_stays_the_text_it_is(workspace, other_workspace, tmp_path, number):
    for attributes in ({"n": 0}, {"n": number}):
        make_person(workspace, **attributes)
    path = written(workspace, Format.PARQUET, tmp_path)
    assert_nothing_changes(workspace, path)
    import_file(other_workspace, path, "test")
    assert number.strip() in [person[1]["n"] for person in everybody(other_workspace)]


@pytest.mark.one_database
@pytest.mark.parametrize("format_", [Format.JSONL, Format.PARQUET])
def test_types_travel_with_the_formats_that_have_them(workspace, other_workspace, tmp_path, format_):
    make_person(workspace, n=12, ratio=0.5, vip=True, zip="007")
    import_file(other_workspace, written(workspace, format_, tmp_path), "test")
    assert Person.objects.get(workspace=other_workspace).attributes == {
        "n": 12,
        "ratio": 0.5,
        "vip": True,
        "zip": "007",
    }


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.text(
    "'=+-@\t\r\n＝ 0123456789.eE\"\\,;_x&<a", max_size=12
)
_VALUE = (
    _TEXT | st.integers(-(2**62), 2**62) | st.floats(allow_nan=False, allow_infinity=False, width=64) | st.booleans()
)
_numbers = itertools.count()


@pytest.mark.usefixtures("database")
@examples(0.2)
@given(
    people=st.lists(st.dictionaries(st.sampled_from(["default_name", "a", "b", "=c"]), _VALUE, max_size=4), max_size=9),
    policy=st.sampled_from(POLICIES),
)
def test_any_values_come_back(tmp_path_factory, people, policy):
    workspace = Workspace.objects.create(name=f"Round trip {next(_numbers)}")
    make_person(workspace)
    for values in people:
        try:
            make_person(workspace, **validated(values))
        except Refused:
            continue
    for format_ in FORMATS:
        assert_nothing_changes(workspace, written(workspace, format_, tmp_path_factory.mktemp("trip")), [policy])


@pytest.mark.one_database
def test_libreoffice_opens_the_csv_and_the_workbook_and_runs_nothing(workspace, tmp_path):
    make_person(workspace, user_id="u1", **HOSTILE)
    for format_ in (Format.CSV, Format.XLSX):
        (tmp_path / format_.value).mkdir()
        path = written(workspace, format_, tmp_path / format_.value)
        saved = converted(path, "xlsx", tmp_path / f"{format_.value}-saved")
        sheet = openpyxl.load_workbook(saved).worksheets[0]
        head, row = ([cell.value for cell in line] for line in sheet.iter_rows())
        found = dict(zip(head, row, strict=True))
        # `false` in a CSV is saved as the function that gives it.
        formulas = {cell.value for line in sheet.iter_rows() for cell in line if cell.data_type == "f"}
        assert formulas <= {"=FALSE()", "=TRUE()"}
        assert found["Name"] == '\'=HYPERLINK("http://x","y")'
        assert (found["formula"], found["minus"]) == ("'@SUM(A1)", "'-2+3")
        assert found["emoji"] == HOSTILE["emoji"]
        # What LibreOffice saved is still the same person, but for what it writes in a way of its own.
        others = CHANGED if format_ is Format.XLSX else CHANGED | GUESSED
        summary = import_file(workspace, saved, "test", Wishes(mapping=dict.fromkeys(others, "")))
        assert (summary.same, summary.changed, summary.rejected) == (1, 0, 0)


# Control characters and carriage returns; what it takes for numbers, dates or booleans in a CSV.
CHANGED = {"controls", "note", "xml"}
GUESSED = {"zip", "long digits", "big", "born", "at", "like a time", "true"}


@pytest.mark.one_database
def test_a_process_of_its_own_reads_what_another_wrote(workspace, tmp_path):
    make_person(workspace, **HOSTILE)
    path = written(workspace, Format.XLSX, tmp_path)
    code = "import sys, zipfile; print(zipfile.ZipFile(sys.argv[1]).testzip())"
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout == "None\n"
