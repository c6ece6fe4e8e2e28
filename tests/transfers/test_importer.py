"""CSV files come in, whole or not at all row by row, and nothing is lost on the way out and back."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from coterie.accounts.models import Workspace
from coterie.audience.audience import audience_of
from coterie.audience.models import Attribute
from coterie.bulk.start import undo
from coterie.core.clock import UTC, now
from coterie.jobs.running import LEASE, Run, rows
from coterie.jobs.worker import run
from coterie.journal.commit import commit
from coterie.journal.models import JournalEntry, Operation, State
from coterie.people.changes import People
from coterie.people.models import Person
from coterie.segments.catalogue import create
from coterie.segments.models import Membership
from coterie.transfers import importer, incoming
from coterie.transfers.checking import dry_run
from coterie.transfers.export import export
from coterie.transfers.importer import import_file
from coterie.transfers.preview import guess_dates, preview
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


@pytest.mark.one_database
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


@pytest.mark.one_database
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


@pytest.mark.one_database
def test_values_behind_guards_come_back(workspace, load):
    load("User ID,Name,'=evil,phone\nu1,'=cmd,''@x,+48 601\n")
    assert person(workspace, "u1").attributes == {"default_name": "=cmd", "=evil": "'@x", "phone": "+48 601"}


@pytest.mark.one_database
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_recognised(workspace, load, delimiter):
    load(delimiter.join(("User ID", '"Name, first; last"', "x")) + "\n" + delimiter.join(("u1", "Ana", "y")) + "\n")
    assert person(workspace, "u1").attributes == {"Name, first; last": "Ana", "x": "y"}


@pytest.mark.one_database
def test_a_byte_order_mark_is_no_part_of_the_header(workspace, load):
    load(b"\xef\xbb\xbfEmail;Name\na@b.c;Ana\n")
    assert Person.objects.get(workspace=workspace).attributes["default_email"] == "a@b.c"


@pytest.mark.one_database
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


# ---- whom a row is about


def test_somebody_twice_in_a_file_is_taken_once(workspace, load):
    make_person(workspace, user_id="u9", default_email="zoe@b.c")
    summary = load(
        "User ID,Email,plan\nu1,ana@b.c,first\nu1,ana@b.c,second\n,ANA@b.c,third\nu2,ana@b.c,other\n,zoe@b.c,x\nu9,,y\n"
    )
    assert (summary.new, summary.changed, summary.rejected) == (1, 1, 4)
    assert person(workspace, "u1").attributes["plan"] == "first"
    assert person(workspace, "u9").attributes["plan"] == "x"
    text = summary.rejected_file.read_text()
    for line, first in ((3, 2), (4, 2), (7, 6)):
        assert f"\n{line},line {first} is about the same person; the first one counts.," in text


@pytest.mark.parametrize("size", [1, 2, 6_000])
def test_an_address_twice_in_a_file_makes_no_second_person(workspace, load, monkeypatch, size):
    monkeypatch.setattr(incoming, "CHUNK", size)
    for user_id in ("here1", "here2"):
        make_person(workspace, user_id=user_id, default_email="both@b.c")
    rows = "here1,both@b.c\nhere2,BOTH@b.c\nn1,new@b.c\nn2,NEW@b.c\nn1,once@b.c\nn3,once@b.c\nn4,both@b.c\nn5,\nn6,\n"
    summary = load(f"User ID,Email\n{rows}")
    assert (summary.new, summary.changed, summary.same, summary.rejected) == (4, 1, 1, 3)
    text = summary.rejected_file.read_text()
    words = "has this address already, so it would be a second person with it."
    assert f'\n5,"default_email: line 4 {words}",n2,NEW@b.c' in text
    assert "\n6,line 4 is about the same person; the first one counts.,n1" in text
    assert f'\n8,"default_email: line 2 {words}",n4,both@b.c' in text
    assert sorted(Person.objects.filter(workspace=workspace).values_list("user_id", flat=True)) == [
        *("here1", "here2", "n1", "n3", "n5", "n6")
    ]
    assert load(f"User ID,Email\n{rows}").changed == 0


def test_somebody_twice_is_noticed_across_chunks(workspace, load, monkeypatch):
    monkeypatch.setattr(incoming, "CHUNK", 2)
    summary = load("Email,plan\na@b.c,1\nb@b.c,2\nc@b.c,3\nA@b.c,4\nd@b.c,5\nb@B.c,6\n")
    assert (summary.rows, summary.new, summary.rejected) == (6, 4, 2)


def test_rows_can_be_matched_by_email_alone(workspace, load):
    make_person(workspace, user_id="u1", default_email="ana@b.c")
    make_person(workspace, user_id="u2", default_email="bob@b.c")
    summary = load(
        "User ID,Email,plan\nother,ANA@b.c,pro\nu2,new@b.c,x\nu3,zoe@b.c,y\nu4,,z\nu3,eve@b.c,w\n", match="email"
    )
    assert (summary.new, summary.changed, summary.rejected) == (1, 1, 3)
    assert person(workspace, "u1").attributes["plan"] == "pro"
    assert person(workspace, "u3").attributes["plan"] == "y"
    text = summary.rejected_file.read_text()
    assert "belongs to somebody with another e-mail" in text
    assert "has no e-mail address" in text
    assert "line 4 is about the same person" in text


def test_an_email_that_changed_after_the_replica_was_asked_is_noticed(workspace, load):
    ana = make_person(workspace, default_email="ana@b.c")
    audience_of(workspace).count(None)
    commit(workspace.pk, "test", lambda tx: change(tx, ana.id, default_email="new@b.c"))
    assert load("Email,plan\nana@b.c,x\n").new == 1
    assert load("Email,plan\nNEW@b.c,x\n").changed == 1


def change(tx, person_id, **values):
    people = People.lock(tx, [person_id])
    people.set(people[person_id], values, now())
    people.save()


def test_ids_of_another_workspace_and_unknown_segments_are_refused(workspace, other_workspace, load):
    theirs = create(other_workspace, "Theirs", "test")
    with pytest.raises(WrongFile, match="No such segment in this workspace"):
        load("User ID\nu1\n", segments=(theirs.id,))
    with pytest.raises(WrongFile, match="No such segment"):
        load("User ID\nu1\n", segments=(12345,))
    assert not Person.objects.filter(workspace=workspace).exists()


def test_several_segments_at_once(workspace, load):
    one, two = create(workspace, "One", "test"), create(workspace, "Two", "test")
    summary = load("User ID\nu1\nu2\n", segments=(one.id, two.id))
    assert summary.joined == 4
    assert Membership.objects.filter(workspace=workspace).count() == 4


# ---- what it does


def test_a_dry_run_says_exactly_what_will_happen_and_changes_nothing(workspace, tmp_path, monkeypatch):
    monkeypatch.setattr(incoming, "CHUNK", 2)
    segment = create(workspace, "News", "test")
    make_person(workspace, user_id="u1", plan="old")
    make_person(workspace, user_id="u2", plan="pro")
    path = tmp_path / "people.csv"
    path.write_text("User ID,plan,shoe\nu1,pro,\nu2,pro,\nu3,pro,43\nu3,x,\nu4,a,b,c\n")
    before, wishes = revision(workspace), Wishes(segments=(segment.id,))
    told = dry_run(workspace, path, wishes)
    assert (told.rows, told.new, told.changed, told.same, told.rejected, told.joined) == (5, 1, 1, 1, 2, 3)
    assert told.rejected_file.read_text().count("\n") == 3
    assert revision(workspace) == before
    assert not Operation.objects.filter(workspace=workspace, kind="import").exists()
    assert not Attribute.objects.filter(workspace=workspace, key="shoe").exists()
    done = import_file(workspace, path, "test", wishes)
    assert replace(done, operation_id=None) == told


@pytest.mark.one_database
def test_new_attributes_can_be_refused(workspace, load):
    make_person(workspace, plan="x")
    with pytest.raises(WrongFile, match="There is no attribute “shoe” yet"):
        load("User ID,plan,shoe\nu1,pro,43\n", new_attributes=False)
    assert load("User ID,plan,shoe\nu1,pro,43\n", new_attributes=False, mapping={"shoe": ""}).new == 1


@pytest.mark.one_database
def test_a_column_without_values_is_no_new_attribute(workspace, load):
    load("User ID,shoe\nu1,\n")
    assert not Attribute.objects.filter(workspace=workspace, key="shoe").exists()


def test_entries_tell_before_and_after(workspace, load):
    make_person(workspace, user_id="u1", plan="old", gone="x", kept="y")
    known = revision(workspace)
    load("User ID,plan,gone\nu1,new,\nu2,first,\n", policy="replace")
    entries = JournalEntry.objects.filter(workspace=workspace, revision__gt=known).order_by("revision")
    found = [(entry.person_id, entry.kind, entry.before, entry.after) for entry in entries]
    one, two = person(workspace, "u1").id, person(workspace, "u2").id
    assert sorted(found, key=str) == sorted(
        [
            (one, "set", {"plan": "old"}, {"plan": "new"}),
            (one, "unset", {"gone": "x"}, None),
            (two, "created", None, {"plan": "first"}),
        ],
        key=str,
    )


def test_people_per_attribute_are_counted(workspace, load):
    make_person(workspace, user_id="u1", plan="old", gone="x")
    load("User ID,plan,gone\nu1,new,\nu2,first,\n", policy="replace")
    found = dict(Attribute.objects.filter(workspace=workspace).values_list("key", "count"))
    assert (found["plan"], found["gone"]) == (2, 0)


def test_stopping_leaves_whole_chunks_that_can_be_undone(workspace, load, tmp_path, monkeypatch):
    monkeypatch.setattr(incoming, "CHUNK", 2)
    path = tmp_path / "people.csv"
    path.write_text("User ID,plan\n" + "".join(f"u{n},pro\n" for n in range(7)))
    calls = iter([False, False, True])
    summary = import_file(workspace, path, "test", stop=lambda: next(calls))
    assert summary.stopped
    assert (summary.rows, Person.objects.filter(workspace=workspace).count()) == (4, 4)
    operation = Operation.objects.get(workspace=workspace, id=summary.operation_id)
    assert (operation.state, operation.people) == (State.CANCELLED, 4)
    undo(workspace, "test", operation.id)
    assert not Person.objects.filter(workspace=workspace).exists()


def test_a_worker_does_a_queued_import_and_goes_on_where_another_stopped(workspace, tmp_path, monkeypatch):
    monkeypatch.setattr(incoming, "CHUNK", 2)
    segment = create(workspace, "News", "test")
    path = tmp_path / "people.csv"
    path.write_text("User ID,Email\n" + "".join(f"u{n},u{n}@b.c\n" for n in range(5)) + ",u0@b.c\nu1\nu6,\n")
    operation = importer.queue(workspace, path, "member:1", Wishes(segments=(segment.id,)))
    assert (operation.state, operation.total) == (State.QUEUED, path.stat().st_size)
    for position in (2, 4, 6, 8, 8):
        mine = claimed(operation)
        importer.step(Run(mine, mine.worker))
        importer._close_all()  # As if this worker had been killed and the next one knew nothing.
        operation.refresh_from_db()
        assert operation.position == position
    assert (operation.state, operation.done, operation.people) == (State.DONE, operation.total, 6)
    found = importer.summary(operation)
    assert (found.rows, found.new, found.rejected, found.joined) == (8, 6, 2, 6)
    assert found.rejected_file.read_text().splitlines() == [
        "line,reason,User ID,Email",
        "7,line 2 is about the same person; the first one counts.,,u0@b.c",
        '8,"1 cells, but the header names 2 columns",u1',
    ]


def claimed(operation):
    rows(operation).update(state=State.RUNNING, worker="w", leased_until=now() + LEASE)
    return rows(operation).get()


def test_a_file_that_is_gone_fails_the_operation_with_the_reason(workspace, tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("User ID\nu1\n")
    operation = importer.queue(workspace, path, "member:1", Wishes())
    path.unlink()
    mine = claimed(operation)
    run(mine, mine.worker)
    operation.refresh_from_db()
    assert operation.state == State.FAILED
    assert "people.csv" in operation.reason


def test_a_file_of_rejected_rows_can_be_mended_and_imported(workspace, load):
    summary = load("User ID,Name,First Seen\nu1,=1+1,yesterday\nu2,'=x,yesterday\n")
    assert summary.rejected == 2
    text = summary.rejected_file.read_text()
    assert ",'=1+1," in text
    assert load(text.replace("yesterday", "2024-01-01"), "mended.csv").new == 2
    assert person(workspace, "u1").attributes == {"default_name": "=1+1"}
    assert person(workspace, "u2").attributes == {"default_name": "=x"}


# ---- cells


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12", 12),
        ("-1.5", -1.5),
        ("007", "007"),
        ("00-123", "00-123"),
        ("+5", "+5"),
        ("1e999", "1e999"),
        ("x", "x"),
    ],
)
def test_numbers_are_numbers_only_as_computers_write_them(workspace, load, text, expected):
    Attribute.objects.create(workspace=workspace, key="n", type="number")
    load(f"User ID,n\nu1,{text}\n")
    found = person(workspace, "u1").attributes["n"]
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.one_database
@pytest.mark.parametrize("dates", ["dmy", "mdy"])
def test_the_order_of_dates_is_told_or_the_row_is_rejected(workspace, load, dates):
    content = "User ID,First Seen\nu1,03/04/2024\nu2,03.04.2024 17:40\n"
    told = load(content)
    assert told.rejected == 2
    assert "is the day or the month first?" in told.rejected_file.read_text()
    load(content, dates=dates)
    month, day = (4, 3) if dates == "dmy" else (3, 4)
    assert person(workspace, "u1").created_at == dt.datetime(2024, month, day, tzinfo=UTC)
    assert person(workspace, "u2").created_at == dt.datetime(2024, month, day, 17, 40, tzinfo=UTC)


@pytest.mark.one_database
@pytest.mark.parametrize("text", ["infinity", "epoch", "1999-12-31", "2024-13-01", "0x10", "now"])
def test_what_is_no_time_is_rejected(load, text):
    assert load(f"User ID,First Seen\nu1,{text}\n").rejected == 1


def test_times_to_come_are_now(workspace, load):
    load("User ID,Last Seen\nu1,2999-01-01\n")
    assert person(workspace, "u1").last_seen <= now()


def test_values_that_are_too_long_are_rejected_by_characters_not_bytes(workspace, load):
    summary = load(f"User ID,note,Name\nu1,{'ż' * 1024},\nu2,{'x' * 1025},\nu3,,{'x' * 257}\n")
    assert (summary.new, summary.rejected) == (1, 2)
    text = summary.rejected_file.read_text()
    assert "note: 1,025 characters; at most 1,024." in text
    assert "default_name: 257 characters; at most 256." in text


# ---- files as people have them


@pytest.mark.one_database
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1250"])
def test_encodings_are_found_out(workspace, load, encoding):
    names = ["Żółć Gęślą", "Łukasz Jaźń", "Świętosława Śnieżyńska", "Grażyna Brzęczyszczykiewicz", "Józef Ćwiąkała"]
    cities = ["Łódź", "Poznań", "Wrocław", "Świnoujście", "Gdańsk"]
    text = "User ID;Imię i nazwisko;City\n" + "".join(
        f"u{n};{name};{city}\n" for n, (name, city) in enumerate(zip(names, cities, strict=True))
    )
    load(text.encode(encoding), mapping={"Imię i nazwisko": "Name"})
    assert {p.attributes["default_name"] for p in Person.objects.filter(workspace=workspace)} == set(names)
    assert {p.attributes["default_city"] for p in Person.objects.filter(workspace=workspace)} == set(cities)


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("encoding", "name"),
    [("cp1252", "Zoë Müller-François"), ("shift_jis", "山田太郎はとても元気です"), ("iso8859_2", "Łódź Żółć")],
)
def test_an_encoding_can_be_told(workspace, load, encoding, name):
    load(f"User ID,Name\nu1,{name}\n".encode(encoding), encoding=encoding)
    assert person(workspace, "u1").attributes == {"default_name": name}


@pytest.mark.one_database
def test_japanese_is_found_out(workspace, load):
    lines = "".join(f"u{n},山田太郎{n}号は東京都に住んでいる会社員です\n" for n in range(30))
    load(f"User ID,Name\n{lines}".encode("shift_jis"))
    assert person(workspace, "u7").attributes == {"default_name": "山田太郎7号は東京都に住んでいる会社員です"}


@pytest.mark.one_database
def test_a_quote_that_is_never_closed_costs_one_row(workspace, load):
    lines = "".join(f"u{n},x\n" for n in range(20))
    summary = load(f'User ID,Name\na,"open\n{lines}b,"also open\nc,fine\nd,"closed" badly\ne,end\n')
    assert (summary.new, summary.rejected) == (22, 3)
    text = summary.rejected_file.read_text()
    assert '\n2,"a cell is longer than 100,000 characters, or a quote is not closed","a,""open' in text
    assert "text behind a closing quote" in text


@pytest.mark.one_database
def test_headings_that_occur_twice_are_refused_until_one_is_chosen(workspace, load):
    content = "User ID,Email,Email\nu1,a@b.c,d@e.f\n"
    with pytest.raises(WrongFile, match="both fill default_email"):
        load(content)
    load(content, mapping={"Email": ""})
    assert person(workspace, "u1").attributes == {"default_email": "d@e.f"}
    load("User ID,x,x\nu2,1,2\n", mapping={"x (2)": "y"})
    assert person(workspace, "u2").attributes == {"x": "1", "y": "2"}


@pytest.mark.one_database
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_endings_of_all_systems(workspace, load, ending):
    load(ending.join(["User ID,Name", "u1,Ana", 'u2,"two\nlines"', "u3,Zoe"]))
    assert person(workspace, "u3").attributes == {"default_name": "Zoe"}
    assert person(workspace, "u2").attributes == {"default_name": "two\nlines"}


def test_json_lines_come_in_with_their_types(workspace, load):
    summary = load(
        '{"userId": "u1", "default_name": "Ana", "age": 41, "vip": true, "zip": "007", "segment": ["x"], "n": null}\n'
        "\n"
        '{"userId": "u2", "later": "\\ud800x\\u0000"}\n'
        "[1]\n"
        '{"userId": "u3", "age": {"x": 1}}\n'
        '{"userId": "u4", "age": NaN}\n'
        "{broken\n",
        "people.jsonl",
    )
    assert (summary.rows, summary.new, summary.rejected) == (6, 2, 4)
    found = person(workspace, "u1").attributes
    assert found == {"default_name": "Ana", "age": 41, "vip": True, "zip": "007"}
    assert person(workspace, "u2").attributes == {"later": "�x�"}
    assert Attribute.objects.get(workspace=workspace, key="age").type == "number"
    text = summary.rejected_file.read_text()
    for line, reason in ((4, "not a JSON object"), (5, "age: expected"), (6, "not JSON"), (7, "not JSON")):
        assert any(row.startswith(f"{line},") and reason in row for row in text.splitlines())


def test_the_mapping_of_the_same_headings_is_remembered_in_its_workspace(workspace, other_workspace, load, tmp_path):
    content = "E-Mail,Kunde,note\na@b.c,7,x\n"
    path = tmp_path / "crm.csv"
    path.write_text(content)
    first = preview(workspace, path)
    assert [(c.heading, c.attribute) for c in first.columns] == [
        ("E-Mail", "default_email"),
        ("Kunde", "Kunde"),
        ("note", "note"),
    ]
    assert not first.remembered
    load(content, "crm.csv", mapping={"E-Mail": "Email", "Kunde": "userId", "note": ""})
    again = preview(workspace, path)
    assert again.remembered
    assert again.mapping == {"E-Mail": "default_email", "Kunde": "userId", "note": ""}
    assert not preview(other_workspace, path).remembered


@pytest.mark.one_database
def test_a_preview_shows_rows_samples_form_and_the_order_of_dates(workspace, tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(
        "User ID;Full name;Created;Segments\nu1;Żaneta;13/04/2024;News\nu2;Ola;01/02/2024;\nu3\n".encode("utf-16")
    )
    found = preview(workspace, path)
    assert found.form == "CSV, UTF-16, “;”"
    assert found.rows == [["u1", "Żaneta", "13/04/2024", "News"], ["u2", "Ola", "01/02/2024", ""]]
    assert [c.attribute for c in found.columns] == ["userId", "default_name", "createdAt", ""]
    assert found.columns[1].samples == ["Żaneta", "Ola"]
    assert (found.dates, found.ambiguous_dates, found.broken) == ("dmy", False, 1)


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([], (None, False)),
        (["2024-01-02"], (None, False)),
        (["1/2/2024"], (None, True)),
        (["1/13/2024", "1/2/2024"], ("mdy", False)),
        (["31.12.2024"], ("dmy", False)),
        (["31.12.2024", "12/31/2024"], (None, True)),
    ],
)
def test_the_order_of_dates_is_guessed_from_days_above_twelve(cells, expected):
    assert guess_dates(cells) == expected


def test_a_file_may_have_as_many_columns_as_are_allowed(workspace, load):
    head = ",".join(f"c{n}" for n in range(499))
    content = f"User ID,{head}\n" + "".join(f"u{n}," + ",".join(["x" * 40] * 499) + "\n" for n in range(300))
    assert load(content).new == 300
    assert load(content, policy="replace").same == 300
    assert len(person(workspace, "u7").attributes) == 499
