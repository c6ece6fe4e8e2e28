"""The export dialog and its downloads."""

import asyncio
import csv
import hashlib
import html
import io
import json
import re

import pytest
from django.core.handlers.asgi import ASGIRequest

from coterie.accounts.models import AuditEntry, Workspace
from coterie.audience import query
from coterie.audience.models import Attribute
from coterie.core.clock import now
from coterie.jobs.kinds import KINDS
from coterie.jobs.running import LEASE, rows
from coterie.journal.models import Operation, State
from coterie.segments.catalogue import create
from coterie.transfers import downloading
from coterie.transfers.export import Format
from coterie.web import exports
from coterie.web.downloads import download
from coterie.web.fresh import LOGGED_IN_AT
from tests.conftest import PASSWORD
from tests.makers import put_in
from tests.web.pages import csv_of, said_on, text_of


def fields_of(dialog) -> dict[str, str | list[str]]:
    """What the dialog sends as it is."""
    form = dialog.content.decode().partition('<form id="export-form"')[2].partition("</form>")[0]
    tags = [
        dict(re.findall(r'([\w-]+)="([^"]*)"', tag)) | {"on": " checked" in tag}
        for tag in re.findall(r"<input[^>]*>", form)
    ]
    sent = [tag for tag in tags if tag["type"] == "hidden" or tag["on"]]
    return {
        tag["name"]: [html.unescape(other["value"]) for other in sent if other["name"] == tag["name"]] for tag in sent
    }


def names_in(response) -> set[str]:
    return {row["Name"] for row in csv.DictReader(io.StringIO(csv_of(response)))}


def test_selected_people_are_exported(browse, crowd, workspace, editor):
    people = crowd(3, default_name="Ada {n}")
    response = browse.post("/users/export", {"person": [people[0].public_id, people[2].public_id], "confirm": "1"})
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(r'attachment; filename="users-\d{4}-\d\d-\d\d\.csv"', response.headers["Content-Disposition"])
    assert names_in(response) == {"Ada 0", "Ada 2"}
    entry = AuditEntry.objects.get(workspace=workspace, action="people.export")
    assert entry.actor == f"member:{editor.memberships.get().pk}"
    assert entry.details["people"] == 2


def test_everybody_who_matches_is_exported(browse, crowd):
    crowd(60, default_name="Oslo {n}", default_city="Oslo")
    crowd(1, default_name="Luz")
    response = browse.post("/users/export", {"all": "1", "view": "f=default_city:is:Oslo", "confirm": "1"})
    assert names_in(response) == {f"Oslo {number}" for number in range(60)}


@pytest.mark.one_database
def test_everybody_at_once_is_asked_for_twice(browse, crowd, workspace):
    crowd(2, default_name="Ada {n}")
    asked = browse.post("/users/export", {"all": "1", "view": ""})
    assert "Export 2 people?" in text_of(asked)
    assert "Your password" in text_of(asked)
    assert not AuditEntry.objects.filter(workspace=workspace, action="people.export").exists()
    confirmed = {"all": "1", "view": "", "confirm": "1", "password": PASSWORD}
    assert names_in(browse.post("/users/export", confirmed)) == {"Ada 0", "Ada 1"}


def test_everybody_at_once_needs_a_fresh_login(browse, crowd, workspace):
    crowd(2)
    for password in ("", "wrong"):
        refused = browse.post("/users/export", {"all": "1", "view": "", "confirm": "1", "password": password})
        assert refused.status_code == 422
        assert "This is not your password." in text_of(refused)
    assert not AuditEntry.objects.filter(workspace=workspace, action="people.export").exists()


@pytest.mark.one_database
def test_a_filter_that_leaves_nobody_out_is_everybody(browse, crowd):
    crowd(2)
    refused = browse.post("/users/export", {"all": "1", "view": "f=userId:is_set", "confirm": "1"})
    assert refused.status_code == 422


def test_the_password_is_not_asked_for_again_within_ten_minutes_of_the_login(client, crowd, editor):
    crowd(2, default_name="Ada {n}")
    client.post("/login", {"login": editor.email, "password": PASSWORD})
    assert "Your password" not in text_of(client.get("/users/export/confirm"))
    confirmed = {"all": "1", "view": "", "confirm": "1"}
    assert names_in(client.post("/users/export", confirmed)) == {"Ada 0", "Ada 1"}
    session = client.session
    session[LOGGED_IN_AT] -= 601
    session.save()
    assert "Your password" in text_of(client.get("/users/export/confirm"))
    assert client.post("/users/export", confirmed).status_code == 422


@pytest.mark.one_database
def test_passwords_cannot_be_tried_without_end(browse, crowd):
    crowd(1)
    guess = {"all": "1", "view": "", "confirm": "1", "password": "guess"}
    answers = [text_of(browse.post("/users/export", guess)) for _ in range(12)]
    assert "Too many tries" in answers[-1]


@pytest.mark.one_database
def test_the_question_is_a_page_of_its_own(browse, crowd):
    crowd(2)
    assert "Export 2 people?" in text_of(browse.get("/users/export/confirm"))


@pytest.mark.one_database
def test_an_export_is_not_fetched_by_a_link(browse, crowd):
    crowd(1)
    assert browse.get("/users/export?all=1&confirm=1").status_code == 405


@pytest.mark.one_database
def test_a_filter_that_is_not_understood_exports_nobody(browse, crowd):
    crowd(1)
    assert browse.post("/users/export", {"all": "1", "view": "f=nonsense:is:1", "confirm": "1"}).status_code == 422


def test_people_of_another_workspace_are_not_in_the_file(browse, crowd, other_workspace):
    mine, theirs = crowd(1, default_name="Mine")[0], crowd(1, in_workspace=other_workspace, default_name="Theirs")[0]
    response = browse.post("/users/export", {"person": [mine.public_id, theirs.public_id], "confirm": "1"})
    assert names_in(response) == {"Mine"}


def test_a_segment_is_exported_by_its_name(browse, crowd, workspace):
    people = crowd(2, default_name="Ada {n}")
    segment = create(workspace, "Monthly Newsletter US ENG", "test")
    put_in(workspace, "test", [segment.id], [people[0].id])
    dialog = browse.get(f"/segments/{segment.public_id}/export")
    assert "Export 1 person? Who: Segment is Monthly Newsletter US ENG ." in text_of(dialog)
    response = browse.post("/users/export", fields_of(dialog))
    assert "monthly-newsletter-us-eng-" in response.headers["Content-Disposition"]
    assert names_in(response) == {"Ada 0"}
    details = AuditEntry.objects.get(workspace=workspace, action="people.export").details
    assert (details["people"], details["filter"]) == (1, "Segment is Monthly Newsletter US ENG")


def test_a_segment_of_another_workspace_is_not_found(browse, other_workspace):
    segment = create(other_workspace, "Foreign", "test")
    assert browse.get(f"/segments/{segment.public_id}/export").status_code == 404


@pytest.mark.one_database
def test_an_empty_segment_is_an_empty_file(browse, workspace):
    segment = create(workspace, "Nobody yet", "test")
    dialog = browse.get(f"/segments/{segment.public_id}/export")
    assert "Export 0 people?" in text_of(dialog)
    assert names_in(browse.post("/users/export", fields_of(dialog) | {"password": PASSWORD})) == set()


@pytest.mark.one_database
def test_a_name_is_not_an_address_of_a_segment(browse, workspace):
    create(workspace, "Newsletter", "test")
    assert browse.get("/segments/Newsletter/export").status_code == 404


def test_the_server_streams_piece_by_piece():
    taken = []

    def pieces():
        for number in range(5):
            taken.append(number)
            yield b"%d\n" % number

    async def read() -> list[bytes]:
        request = ASGIRequest({"type": "http", "method": "POST", "path": "/", "headers": []}, io.BytesIO())
        response = download(request, pieces(), "users.csv", "text/csv")
        assert taken == [0, 1]
        assert response.is_async
        return [piece async for piece in response]

    assert asyncio.run(read()) == [b"0\n", b"1\n", b"2\n", b"3\n", b"4\n"]


def test_a_failure_while_the_server_streams_breaks_the_answer_off():
    def pieces():
        yield b"1"
        yield b"2"
        yield b"3"
        raise OSError("the disk is gone")

    async def read(got: list[bytes]) -> None:
        request = ASGIRequest({"type": "http", "method": "POST", "path": "/", "headers": []}, io.BytesIO())
        async for piece in download(request, pieces(), "users.csv", "text/csv"):
            got.append(piece)

    got: list[bytes] = []
    with pytest.raises(OSError, match="the disk is gone"):
        asyncio.run(read(got))
    assert got == [b"1", b"2", b"3"]


def test_a_download_is_one_piece_for_browsers(browse, crowd):
    """Compressed piece by piece, a browser would show the first piece only."""
    person = crowd(1)[0]
    response = browse.post(
        "/users/export", {"person": person.public_id, "confirm": "1"}, headers={"Accept-Encoding": "gzip"}
    )
    assert response.headers["Content-Encoding"] == "identity"


def test_a_reader_who_leaves_lets_go_of_the_people():
    closed = []

    def pieces():
        try:
            while True:
                yield b"x"
        finally:
            closed.append(True)

    async def leave() -> None:
        request = ASGIRequest({"type": "http", "method": "POST", "path": "/", "headers": []}, io.BytesIO())
        stream = download(request, pieces(), "users.csv", "text/csv").streaming_content
        async for _ in stream:
            break
        await stream.aclose()

    asyncio.run(leave())
    assert closed == [True]


def test_the_dialog_says_who_and_how_many_before(browse, crowd, workspace):
    people = crowd(3, default_city="Oslo")
    by_hand = browse.post("/users/export", {"person": [people[0].public_id, people[1].public_id]})
    assert "Export 2 people? The ones you selected." in text_of(by_hand)
    filtered = browse.get("/users/export/confirm?view=f%3Ddefault_city%3Ais%3AOslo")
    assert "Export 3 people? Who: City is Oslo ." in text_of(filtered)
    but = browse.post("/users/export", {"all": "1", "view": "f=default_city:is:Oslo", "except": people[0].public_id})
    assert "Export 2 people? Who: City is Oslo, without 1 person ." in text_of(but)
    assert not AuditEntry.objects.filter(workspace=workspace, action="people.export").exists()


def test_it_asks_again_when_the_number_has_moved(browse, crowd, workspace):
    crowd(60, default_city="Oslo")
    fields = {"all": "1", "view": "f=default_city:is:Oslo", "seen": "40", "confirm": "1"}
    response = browse.post("/users/export", fields)
    assert response.status_code == 409
    assert "Meanwhile it is 60 people, no longer 40" in text_of(response)
    assert not AuditEntry.objects.filter(workspace=workspace, action="people.export").exists()


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("kind", "media_type", "begins"),
    [
        ("csv", "text/csv; charset=utf-8", b'"Name"'),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK"),
        ("jsonl", "application/jsonl; charset=utf-8", b'{"'),
        ("parquet", "application/vnd.apache.parquet", b"PAR1"),
    ],
)
def test_every_format(browse, crowd, workspace, kind, media_type, begins):
    person = crowd(1, default_name="Ada")[0]
    response = browse.post("/users/export", {"person": person.public_id, "format": kind, "confirm": "1"})
    assert response.headers["Content-Type"] == media_type
    assert re.search(rf'filename="users-[\d-]+\.{kind}"', response.headers["Content-Disposition"])
    assert b"".join(response.streaming_content).startswith(begins)
    assert AuditEntry.objects.get(workspace=workspace, action="people.export").details["format"] == kind


@pytest.mark.one_database
def test_a_format_that_is_none_is_refused(browse, crowd, workspace):
    fields = {"person": crowd(1)[0].public_id, "confirm": "1", "format": "../exe"}
    response = browse.post("/users/export", fields)
    assert response.status_code == 422
    assert "Choose one of the formats." in text_of(response)
    assert not AuditEntry.objects.filter(workspace=workspace, action="people.export").exists()


@pytest.mark.one_database
def test_the_columns_of_the_list_or_all(browse, crowd, workspace):
    person = crowd(1, default_name="Ada", default_city="Oslo", plan="pro")[0]
    fields = {"person": person.public_id, "confirm": "1", "format": "jsonl", "view": "columns=plan,default_location"}
    dialog = browse.post("/users/export", {**fields, "confirm": []})
    assert "The 3 columns of the list Name , plan , Location ." in text_of(dialog)
    listed = browse.post("/users/export", fields | {"columns": "view"})
    assert json.loads(csv_of(listed)) == {"default_name": "Ada", "plan": "pro", "default_location": "Oslo"}
    every = browse.post("/users/export", fields | {"columns": "all"})
    assert json.loads(csv_of(every))["userId"] == person.user_id
    audit = AuditEntry.objects.filter(workspace=workspace, action="people.export").order_by("pk")
    assert audit[0].details["personal"] == ["default_name"]


@pytest.mark.one_database
def test_a_hidden_column_of_the_view_does_not_leave(browse, crowd, workspace):
    person = crowd(1, default_name="Ada", secret="x")[0]
    Attribute.objects.filter(workspace=workspace, key="secret").update(hidden=True)
    fields = {
        "person": person.public_id,
        "confirm": "1",
        "format": "jsonl",
        "view": "columns=secret",
        "columns": "view",
    }
    assert json.loads(csv_of(browse.post("/users/export", fields))) == {"default_name": "Ada"}


@pytest.mark.one_database
def test_a_mark_for_excel(browse, crowd):
    fields = {"person": crowd(1)[0].public_id, "confirm": "1"}
    assert csv_of(browse.post("/users/export", fields | {"bom": "1"})).startswith("\ufeff")
    assert not csv_of(browse.post("/users/export", fields)).startswith("\ufeff")


@pytest.mark.one_database
def test_formulas_are_guarded_unless_asked_otherwise_which_is_written_down(browse, crowd, workspace):
    fields = {"person": crowd(1, default_name="=1+1")[0].public_id, "confirm": "1"}
    assert names_in(browse.post("/users/export", fields)) == {"'=1+1"}
    assert names_in(browse.post("/users/export", fields | {"raw": "1"})) == {"=1+1"}
    audit = AuditEntry.objects.filter(workspace=workspace, action="people.export").order_by("pk")
    assert [entry.details["raw"] for entry in audit] == [False, True]


@pytest.mark.one_database
@pytest.mark.parametrize("kind", list(Format))
def test_a_failure_in_the_middle_breaks_the_download(browse, crowd, kind, monkeypatch):
    people = crowd(3)
    real = query.batches

    def failing(reader, predicate, select, size=1):
        yield from list(real(reader, predicate, select, 1))[:1]
        raise OSError("the disk is gone")

    monkeypatch.setattr(query, "batches", failing)
    fields = {"person": [person.public_id for person in people], "confirm": "1", "format": kind}
    with pytest.raises(OSError, match="the disk is gone"):
        b"".join(browse.post("/users/export", fields).streaming_content)


@pytest.mark.one_database
@pytest.mark.parametrize("kind", list(Format))
def test_fewer_people_than_were_counted_break_the_download(browse, crowd, kind, monkeypatch):
    people = crowd(3)
    real = query.batches
    monkeypatch.setattr(query, "batches", lambda *args, **more: list(real(*args[:3], 1))[:2])
    fields = {"person": [person.public_id for person in people], "confirm": "1", "format": kind}
    with pytest.raises(RuntimeError, match="2 people instead of 3"):
        b"".join(browse.post("/users/export", fields).streaming_content)


@pytest.fixture
def large(monkeypatch):
    """Two people are too many for a download at once."""
    monkeypatch.setattr(exports, "AT_ONCE", 1)


def test_many_are_exported_in_the_background(browse, crowd, workspace, editor, large):
    people = crowd(3, default_name="Ada {n}", default_city="Oslo")
    dialog = browse.get("/users/export/confirm?view=f%3Ddefault_city%3Ais%3AOslo%26columns%3Ddefault_city")
    assert "made in the background" in text_of(dialog)
    crowd(1, default_name="Luz")
    fields = fields_of(dialog) | {"format": "xlsx", "columns": "view", "raw": "1"}
    response = browse.post("/users/export", fields)
    assert response.headers["Location"] == "/activity"
    operation = Operation.objects.get(workspace=workspace, kind="export")
    assert (operation.state, operation.total) == (State.QUEUED, len(people))
    assert operation.label == "Export 3 people as XLSX: City is Oslo"
    assert operation.details["columns"] == ["default_name", "default_city"]
    assert operation.details["raw"]
    assert not operation.details["everybody"]
    entry = AuditEntry.objects.get(workspace=workspace, action="people.export")
    assert (entry.actor, entry.details["background"], entry.details["raw"]) == (operation.actor, True, True)
    page = browse.get("/activity")
    assert "Exporting 3 people." in said_on(page)
    Operation.objects.filter(id=operation.id).update(state=State.DONE)


def test_many_who_are_everybody_need_the_password_too(browse, crowd, workspace, large):
    crowd(3)
    confirmed = {"all": "1", "view": "", "confirm": "1"}
    assert browse.post("/users/export", confirmed).status_code == 422
    assert not Operation.objects.filter(workspace=workspace).exists()
    browse.post("/users/export", confirmed | {"password": PASSWORD})
    operation = Operation.objects.get(workspace=workspace)
    assert operation.details["everybody"]
    Operation.objects.filter(id=operation.id).update(state=State.DONE)


@pytest.mark.one_database
def test_htmx_gets_the_dialog(browse, crowd):
    response = browse.post("/users/export", {"person": crowd(1)[0].public_id}, headers={"HX-Request": "true"})
    assert response.headers["HX-Retarget"] == "#export-dialog"
    assert response.headers["HX-Reselect"] == "#export-form"
    nobody = browse.post("/users/export", {}, headers={"HX-Request": "true"})
    assert "Nobody is selected." in text_of(nobody)
    assert nobody.headers["HX-Retarget"] == "#export-dialog"


@pytest.mark.one_database
def test_hostile_names_stay_text_in_the_dialog(browse, crowd, workspace):
    crowd(1, default_city="<script>alert(1)</script>")
    dialog = browse.get(
        "/users/export/confirm?view=f%3Ddefault_city%3Ais%3A%253Cscript%253Ealert(1)%253C%252Fscript%253E"
    )
    assert "Export 1 person?" in text_of(dialog)
    assert "<script>alert" not in dialog.content.decode()


class TestEveryDownloadIsAnOperation:
    """Whether it came to its end, and what was in it."""

    FIELDS = {"all": "1", "view": "f=default_city:is:Oslo", "confirm": "1"}

    @pytest.fixture(autouse=True)
    def somebody_else(self, crowd):
        """So that Oslo is not everybody, who take a password."""
        crowd(1, default_name="Luz")

    def the_one(self, workspace) -> Operation:
        (row,) = Operation.objects.filter(workspace=workspace)
        return row

    @pytest.mark.parametrize("kind", list(Format))
    def test_it_is_done_when_all_was_sent_and_its_manifest_says_what_that_was(
        self, browse, crowd, workspace, editor, kind
    ):
        crowd(2, default_name="Ada {n}", default_city="Oslo")
        response = browse.post("/users/export", self.FIELDS | {"format": kind.value})
        body = b"".join(response.streaming_content)
        row = self.the_one(workspace)
        assert (row.kind, row.state, row.total, row.done) == ("download", State.DONE, 2, 2)
        page = browse.get("/activity")
        assert f"Export 2 people as {kind.words}: City is Oslo Done you , now . 2 people, {kind.words}," in text_of(
            page
        )
        assert "Try again" not in text_of(page)
        answer = browse.get(f"/activity/{row.public_id}/manifest")
        assert answer.headers["Content-Disposition"].endswith(f'.{kind.value}.manifest.json"')
        said = json.loads(answer.content)
        assert (said["people"], said["filter"]) == (2, "City is Oslo")
        assert (said["actor"], said["bytes"]) == (f"member:{editor.memberships.get().pk}", len(body))
        assert (said["sha256"], said["format"]) == (hashlib.sha256(body).hexdigest(), kind.value)
        assert said["revision"] == Workspace.objects.get(pk=workspace.pk).revision

    def test_one_that_fails_in_the_middle_failed(self, browse, crowd, workspace, monkeypatch):
        crowd(3, default_city="Oslo")
        real = query.batches

        def failing(*args, **kwargs):
            yield from real(*args, **kwargs)
            raise OSError("the disk is gone")

        monkeypatch.setattr(query, "batches", failing)
        with pytest.raises(OSError, match="gone"):
            b"".join(browse.post("/users/export", self.FIELDS).streaming_content)
        assert self.the_one(workspace).state == State.FAILED
        words = text_of(browse.get("/activity"))
        assert "The download broke off, so the file is not complete." in words
        assert "Manifest" not in words

    def test_one_whose_reader_left_failed(self, browse, crowd, workspace, monkeypatch):
        crowd(30, default_city="Oslo")
        real = query.batches
        monkeypatch.setattr(query, "batches", lambda *args: real(*args[:-1], 1))
        response = browse.post("/users/export", self.FIELDS)
        next(iter(response.streaming_content))
        assert self.the_one(workspace).state == State.RUNNING
        page = browse.get("/activity")
        assert "Running" in text_of(page)
        assert "Pause" not in text_of(page)
        response.close()
        assert self.the_one(workspace).state == State.FAILED

    def test_one_whose_server_was_killed_failed_and_no_worker_takes_it_up(self, browse, crowd, workspace):
        crowd(3, default_city="Oslo")
        b"".join(browse.post("/users/export", self.FIELDS).streaming_content)
        rows(self.the_one(workspace)).update(state=State.RUNNING, leased_until=now() - LEASE)
        assert downloading.KIND not in KINDS
        downloading.sweep()
        assert self.the_one(workspace).state == State.FAILED

    def test_a_viewer_sees_it_but_not_what_was_in_it(self, browse, client_of, viewer, crowd, workspace):
        crowd(2, default_city="Oslo")
        b"".join(browse.post("/users/export", self.FIELDS).streaming_content)
        other = client_of(viewer)
        assert "Export 2 people" in text_of(other.get("/activity"))
        assert other.get(f"/activity/{self.the_one(workspace).public_id}/manifest").status_code == 403
