"""CSV files come in, whole or not at all row by row, and nothing is lost on the way out and back."""

import datetime as dt
from pathlib import Path

import pytest

from coterie.accounts.models import Workspace
from coterie.audience.audience import audience_of
from coterie.audience.models import Attribute
from coterie.core.clock import UTC
from coterie.journal.models import JournalEntry, Operation
from coterie.people.models import Person
from coterie.segments.catalogue import create
from coterie.segments.models import Membership
from coterie.transfers import incoming
from coterie.transfers.export import export
from coterie.transfers.importer import import_file
from coterie.transfers.reading import WrongFile
from coterie.transfers.wishes import Wishes
from tests.makers import make_person


@pytest.fixture
def load(workspace, tmp_path):
    """Imports a text (or bytes) as a file."""

    def run(content, name="people.csv", **options):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        progress = options.pop("progress", lambda position: None)
        return import_file(workspace, path, "test", Wishes(**options), progress=progress)

    return run


def person(workspace, user_id):
    return Person.objects.get(workspace=workspace, user_id=user_id)


def revision(workspace):
    return Workspace.objects.get(pk=workspace.pk).revision


def test_new_people_are_made(workspace, load):
    summary = load("User ID,Email,Name,City,plan\nu1,ana@example.com,Ana,Łódź,pro\n")
    assert (summary.rows, summary.new, summary.rejected) == (1, 1, 0)
    ana = person(workspace, "u1")
    assert ana.attributes == {
        "default_email": "ana@example.com",
        "default_name": "Ana",
        "default_city": "Łódź",
        "plan": "pro",
    }
    assert Attribute.objects.get(workspace=workspace, key="plan").type == "text"
    assert audience_of(workspace).count(None) == 1


def test_columns_are_known_by_key_label_and_heading(workspace, load):
    load("userid,EMAIL,default_name,Source,Country,Referrer,default_url\nu1,a@b.c,Ana,widget,Poland,r,u\n")
    assert person(workspace, "u1").attributes == {
        "default_email": "a@b.c",
        "default_name": "Ana",
        "default_source": "widget",
        "default_country": "Poland",
        "default_referrer": "r",
        "default_url": "u",
    }


def test_columns_can_be_mapped_and_left_out(workspace, load):
    summary = load(
        "mail,Full name,secret\na@b.c,Ana,x\n", mapping={"mail": "Email", "Full name": "default_name", "secret": ""}
    )
    assert Person.objects.get(workspace=workspace).attributes == {"default_email": "a@b.c", "default_name": "Ana"}
    assert summary.columns == {"mail": "default_email", "Full name": "default_name", "secret": None}


def test_times_count_for_new_people_only(workspace, load):
    text = "User ID,First Seen,Last Seen\nu1,2020-01-02T03:04:05Z,2021-01-23 13:32:30.163Z\n"
    load(text)
    assert person(workspace, "u1").created_at == dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert person(workspace, "u1").last_seen == dt.datetime(2021, 1, 23, 13, 32, 30, 163000, tzinfo=UTC)
    before = revision(workspace)
    assert load(text.replace("2021", "2022")).same == 1
    assert revision(workspace) == before


def test_without_a_user_id_rows_are_matched_by_email_whatever_its_case(workspace, load):
    make_person(workspace, user_id="u1", default_email="Ana@Example.com")
    summary = load("Email,plan\nana@example.COM,pro\nbob@example.com,free\n")
    assert (summary.new, summary.changed) == (1, 1)
    assert person(workspace, "u1").attributes == {"default_email": "ana@example.COM", "plan": "pro"}
    bob = Person.objects.exclude(user_id="u1").get(workspace=workspace)
    assert bob.attributes == {"default_email": "bob@example.com", "plan": "free"}


def test_an_email_of_several_people_is_rejected(workspace, load):
    make_person(workspace, default_email="a@b.c")
    make_person(workspace, default_email="A@b.c")
    summary = load("Email,plan\na@b.c,pro\n")
    assert summary.rejected == 1
    assert "2 people have this e-mail" in summary.rejected_file.read_text()


def test_people_of_another_workspace_are_not_matched(workspace, other_workspace, load):
    theirs = make_person(other_workspace, user_id="u1", default_email="a@b.c", plan="free")
    assert load("User ID,Email,plan\nu1,a@b.c,pro\n").new == 1
    assert load("Email,plan\na@b.c,team\n").changed == 1
    assert Person.objects.get(workspace=other_workspace).attributes == theirs.attributes


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("merge", {"plan": "new", "kept": "x", "gone": "y"}),
        ("replace", {"plan": "new", "kept": "x"}),
        ("skip", {"plan": "old", "kept": "x", "gone": "y"}),
    ],
)
def test_the_policy_decides_about_people_who_are_there(workspace, load, policy, expected):
    make_person(workspace, user_id="u1", plan="old", kept="x", gone="y")
    summary = load("User ID,plan,gone\nu1,new,\nu2,new,\n", policy=policy)
    assert person(workspace, "u1").attributes == expected
    assert (summary.new, summary.changed) == (1, int(policy != "skip"))


def test_everybody_in_the_file_joins_the_segment_also_when_skipped(workspace, load):
    segment = create(workspace, "Import", "test")
    make_person(workspace, user_id="u1")
    summary = load("User ID\nu1\nu2\n", policy="skip", segments=(segment.id,))
    assert summary.joined == 2
    assert Membership.objects.filter(workspace=workspace, segment_id=segment.id).count() == 2


def test_it_is_one_operation(workspace, load, monkeypatch):
    monkeypatch.setattr(incoming, "CHUNK", 2)
    load("User ID,plan\n" + "".join(f"u{n},pro\n" for n in range(5)))
    operation = Operation.objects.get(workspace=workspace)
    assert (operation.label, operation.people, operation.finished_at is not None) == ("Import people.csv", 5, True)
    entries = JournalEntry.objects.filter(workspace=workspace)
    assert set(entries.values_list("operation_id", flat=True)) == {operation.id}


def test_progress_reaches_the_end(load):
    seen = []
    load("User ID\nu1\n", progress=seen.append)
    assert seen[-1] == 11


def test_bad_rows_are_rejected_with_line_and_reason_and_the_others_come_in(workspace, load):
    content = (
        b"User ID,Name,First Seen\r\n"
        b"u1,Ana,\r\n"
        b"u2,too,many,cells\r\n"
        b"u3\r\n"
        b"u4,N\x00L,\r\n"
        b"u5,caf\xe9,\r\n"
        b",nobody,\r\n"
        b"u7,Bob,yesterday\r\n"
        b"\r\n"
        b"u8,\"two\r\nlines\",\r\n"
        b"u9," + b"x" * 300 + b",\r\n" + b"u" * 257 + b",x,\r\n"
        b"u11,\"" + b"x" * 100_001 + b"\",\r\n"
        b"u12,Zoe,\r\n"
    )  # fmt: skip
    summary = load(content)
    assert sorted(Person.objects.filter(workspace=workspace).values_list("user_id", flat=True)) == ["u1", "u12", "u8"]
    assert (summary.rows, summary.rejected, summary.new) == (12, 9, 3)
    rejected = summary.rejected_file.read_bytes().decode(errors="surrogateescape").replace("\r\n", "\n")
    assert rejected.startswith('line,reason,User ID,Name,First Seen\n3,"4 cells')
    for number, reason in [(3, "4 cells"), (4, "1 cells"), (5, "NUL"), (6, "not UTF-8"), (7, "neither"), (8, "time")]:
        assert f"\n{number}," in rejected
        assert reason in rejected
    assert "caf\udce9" in rejected
    assert "\n13,userId: 257 characters" in rejected.replace('"', "")
    # A row that cannot even be split is kept as it was, in one cell.
    assert f'14,"a cell is longer than 100,000 characters, or a quote is not closed","u11,""{"x" * 100_001}' in rejected


def test_values_behind_guards_come_back(workspace, load):
    load("User ID,Name,'=evil,phone\nu1,'=cmd,''@x,+48 601\n")
    assert person(workspace, "u1").attributes == {"default_name": "=cmd", "=evil": "'@x", "phone": "+48 601"}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_recognised(workspace, load, delimiter):
    load(delimiter.join(("User ID", '"Name, first; last"', "x")) + "\n" + delimiter.join(("u1", "Ana", "y")) + "\n")
    assert person(workspace, "u1").attributes == {"Name, first; last": "Ana", "x": "y"}


def test_a_byte_order_mark_is_no_part_of_the_header(workspace, load):
    load(b"\xef\xbb\xbfEmail;Name\na@b.c;Ana\n")
    assert Person.objects.get(workspace=workspace).attributes["default_email"] == "a@b.c"


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("", {}, "empty"),
        ("Name,City\nAna,x\n", {}, "User ID or Email"),
        ("Email,default_email\na,b\n", {}, "both fill default_email"),
        ("Email,default_shoe\na,b\n", {}, "reserved"),
        ("Email,id\na,b\n", {}, "reserved"),
        ("Email\na\n", {"mapping": {"Mail": "Email"}}, "no column “Mail”"),
        (b"Email,caf\xe9\na,b\n", {"encoding": "utf-8"}, "UTF-8"),
        ("Email," + "x" * 129 + "\na,b\n", {}, "128"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_before_any_change(workspace, load, content, options, message):
    with pytest.raises(WrongFile, match=message):
        load(content, **options)
    assert revision(workspace) == 0
    assert not Operation.objects.filter(workspace=workspace).exists()


def test_importing_an_export_changes_nothing(workspace, tmp_path):
    make_person(
        workspace,
        default_name="=1+1",
        default_email="Ana@B.c",
        n=12,
        ratio=0.1,
        tiny=-1.5e-9,
        vip=True,
        zip="00-123",
        Name="x",
    )
    make_person(
        workspace, default_name="'quoted", n="about", vip="yes", born="2000-01-01", note='a "b", c;\nd\te', big=1e18
    )
    make_person(workspace, user_id="-x", last_seen=None, n="1" * 30, zip="007", **{"=x": "＝y", "plan": "pro"})
    before = {p.user_id: (p.attributes, p.created_at, p.last_seen) for p in Person.objects.filter(workspace=workspace)}
    path = export_to(workspace, tmp_path)
    known = revision(workspace)
    for policy in ("merge", "replace", "skip"):
        summary = import_file(workspace, path, "test", Wishes(policy=policy))
        assert (summary.same, summary.rejected) == (3, 0)
    assert revision(workspace) == known
    after = {p.user_id: (p.attributes, p.created_at, p.last_seen) for p in Person.objects.filter(workspace=workspace)}
    assert after == before


def test_an_export_imported_elsewhere_makes_the_same_people(workspace, other_workspace, tmp_path):
    make_person(workspace, default_name="=1+1", plan="'@x", default_source="widget", default_url="https://x.example")
    import_file(other_workspace, export_to(workspace, tmp_path), "test")
    one, two = Person.objects.get(workspace=workspace), Person.objects.get(workspace=other_workspace)
    assert (one.user_id, one.attributes, one.created_at, one.last_seen) == (
        two.user_id,
        two.attributes,
        two.created_at,
        two.last_seen,
    )


def export_to(workspace, folder: Path) -> Path:
    audience = audience_of(workspace)
    path = folder / "export.csv"
    path.write_bytes(b"".join(export(audience, audience.predicate(None))))
    return path


def test_a_hidden_attribute_is_still_filled_in_its_type(workspace, load):
    make_person(workspace, size=3)
    Attribute.objects.filter(workspace=workspace, key="size").update(hidden=True)
    load("User ID,size\nu1,42\n")
    assert person(workspace, "u1").attributes == {"size": 42}
