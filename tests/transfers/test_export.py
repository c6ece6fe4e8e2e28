"""The CSV file: who is in it, what it looks like, that it never ends early unnoticed."""

import csv
import datetime as dt
import io

import pytest

from coterie.audience import query
from coterie.audience.audience import audience_of
from coterie.audience.models import Attribute, AttributeType
from coterie.audience.tree import Condition
from coterie.core.clock import UTC
from coterie.segments.catalogue import create
from coterie.transfers.export import Form, export
from coterie.transfers.headings import default_columns
from tests.makers import make_person, put_in

AT = dt.datetime(2026, 5, 1, 12, 30, 15, 123000, tzinfo=UTC)


def exported(workspace, node=None, columns=None):
    audience = audience_of(workspace)
    chosen = None if columns is None else [audience.catalogue.by_key[key] for key in columns]
    return b"".join(export(audience, audience.predicate(node), Form(columns=chosen)))


def rows(data):
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


@pytest.mark.one_database
def test_the_known_headings_come_first_in_the_known_order(workspace):
    make_person(workspace, plan="pro")
    header = next(csv.reader([exported(workspace).decode().split("\r\n")[0]]))
    assert header[:9] == [*("Name", "Email", "First Seen", "Last Seen", "Source", "User ID", "IP", "Region", "Country")]
    assert header[9:] == [
        *("Avatar", "Banned", "Chats", "City", "Gender", "Language", "Referrer", "default_url", "Timezone", "Username"),
        *("plan", "Segments"),
    ]


@pytest.mark.one_database
def test_lines_end_in_crlf_and_text_is_quoted(workspace):
    make_person(workspace, default_name='Zoë "Z", x\ny', created_at=AT, last_seen=AT, user_id="u1")
    data = exported(workspace, columns=["default_name", "createdAt", "chats", "banned", "userId", "default_city"])
    assert data.decode() == (
        '"Name","First Seen","Chats","Banned","User ID","City"\r\n'
        '"Zoë ""Z"", x\ny",2026-05-01T12:30:15.123Z,1,false,"u1",\r\n'
    )


def test_everybody_of_the_filter_and_nobody_else(workspace, other_workspace):
    make_person(workspace, default_country="Poland", user_id="old", last_seen=AT)
    make_person(workspace, default_country="Poland", user_id="never", last_seen=None)
    make_person(workspace, default_country="France", user_id="french")
    make_person(other_workspace, default_country="Poland", user_id="theirs")
    found = rows(exported(workspace, Condition("default_country", "is", ("poland",))))
    assert {row["User ID"] for row in found} == {"old", "never"}
    assert len(found) == 2


def test_segments_are_named(workspace):
    one, two = create(workspace, "News, weekly", "test"), create(workspace, "=Buyers", "test")
    person = make_person(workspace, user_id="a")
    make_person(workspace, user_id="b")
    put_in(workspace, "test", [one.id, two.id], [person.id])
    found = {row["User ID"]: row["Segments"] for row in rows(exported(workspace))}
    assert found == {"a": "'=Buyers; News, weekly", "b": ""}


@pytest.mark.one_database
def test_only_the_columns_asked_for_in_their_order(workspace):
    make_person(workspace, default_city="Łódź", plan="pro")
    assert exported(workspace, columns=["plan", "segment", "default_city"]).decode() == (
        '"plan","Segments","City"\r\n"pro",,"Łódź"\r\n'
    )


def test_custom_values_are_written_as_they_are_stored(workspace):
    Attribute.objects.create(workspace=workspace, key="n", type=AttributeType.NUMBER)
    make_person(workspace, user_id="a", n=12, born="2000-02-29", vip=True)
    make_person(workspace, user_id="b", n="about 12", born="soon", vip="yes")
    make_person(workspace, user_id="c", n=3.5)
    found = {row["User ID"]: (row["n"], row["born"], row["vip"]) for row in rows(exported(workspace))}
    assert found == {"a": ("12", "2000-02-29", "true"), "b": ("about 12", "soon", "yes"), "c": ("3.5", "", "")}


@pytest.mark.one_database
def test_formulas_are_guarded_in_cells_and_in_the_header(workspace):
    make_person(workspace, default_name="=HYPERLINK(1)", phone="+48 601 123 456", **{"=evil": "@x"})
    row = rows(exported(workspace))[0]
    assert row["Name"] == "'=HYPERLINK(1)"
    assert row["phone"] == "+48 601 123 456"
    assert row["'=evil"] == "'@x"


@pytest.mark.one_database
def test_custom_attributes_called_like_a_heading_are_told_apart(workspace):
    make_person(workspace, default_name="Ana", Name="custom", Segments="x", city="y", **{"attribute.z": "w"})
    row = rows(exported(workspace))[0]
    assert row["Name"] == "Ana"
    assert row["attribute.Name"] == "custom"
    assert row["attribute.Segments"] == "x"
    assert row["attribute.city"] == "y"
    assert row["attribute.attribute.z"] == "w"


@pytest.mark.one_database
def test_nobody_gives_a_header_alone(workspace):
    assert exported(workspace).count(b"\r\n") == 1


def test_a_change_made_just_before_is_in_the_file(workspace):
    exported(workspace)
    make_person(workspace, user_id="late")
    assert "late" in exported(workspace).decode()


@pytest.mark.one_database
def test_a_failure_in_the_middle_breaks_the_download(workspace, monkeypatch):
    make_person(workspace)
    real = query.batches

    def failing(*args, **kwargs):
        yield next(real(*args, **kwargs))
        raise OSError("disk gone")

    monkeypatch.setattr(query, "batches", failing)
    audience = audience_of(workspace)
    pieces = export(audience, audience.predicate(None))
    next(pieces)
    next(pieces)
    with pytest.raises(OSError, match="disk gone"):
        next(pieces)


def test_a_damaged_replica_is_repaired_before_the_first_line(workspace):
    make_person(workspace, user_id="here")
    audience = audience_of(workspace)
    audience.count(None)
    replica = audience.replica
    replica.close()
    replica.path.write_bytes(b"not a database" * 1000)
    assert "here" in exported(workspace).decode()


@pytest.mark.one_database
def test_pieces_are_bounded(workspace):
    audience = audience_of(workspace)
    columns = [column.key for column in default_columns(audience.catalogue)]
    everything = {column.key for column in audience.catalogue.columns} - {"default_location"}
    assert len(columns) == len(set(columns)) == len(everything)


def test_hidden_attributes_do_not_leave_and_renaming_changes_no_heading(workspace):
    make_person(workspace, default_city="Oslo", default_ip="10.0.0.1", plan="pro", size="9")
    Attribute.objects.filter(workspace=workspace, key__in=("default_ip", "plan")).update(hidden=True)
    Attribute.objects.filter(workspace=workspace, key__in=("default_city", "size")).update(label="Anything")
    data = exported(workspace)
    assert b"10.0.0.1" not in data
    assert b"pro" not in data
    (row,) = rows(data)
    assert (row["City"], row["size"]) == ("Oslo", "9")
    assert not {"IP", "plan", "Anything"} & set(row)
