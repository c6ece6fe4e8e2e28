"""The Import page: from a file to people and back, by forms alone."""

import datetime as dt
import os
import re
import threading
import time
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from coterie.accounts.models import AuditEntry
from coterie.audience.models import Attribute
from coterie.core.clock import now
from coterie.core.ids import from_public
from coterie.jobs.running import rows
from coterie.jobs.worker import claim, run
from coterie.journal.models import Operation, State
from coterie.people.models import Person
from coterie.segments.catalogue import create, find
from coterie.segments.models import Membership
from coterie.segments.rules import create_rule
from coterie.transfers import checking, importer, uploads
from tests.journal.parallel import parallel
from tests.makers import put_in
from tests.web import pages
from tests.web.pages import csv_of, said_on

PEOPLE = "e-mail,full_name,roast,guests\nnoor@example.test,Noor,dark,1\nbea@example.test,Bea,light,2\n"


@pytest.fixture
def send(browse):
    """`send(text)` uploads a file and gives the address of its page; `as_client`: as somebody else."""

    def do(content, name="people.csv", as_client=None):
        data = content.encode() if isinstance(content, str) else content
        response = (as_client or browse).post("/import", {"file": SimpleUploadedFile(name, data)})
        assert response.status_code == 302, text_of(response)
        return response.headers["Location"]

    return do


def text_of(response) -> str:
    """The page's words, without the gaps that elements leave before dots and commas."""
    return re.sub(r" (?=[.,?])", "", pages.text_of(response))


class Fields(HTMLParser):
    """What a browser would send of a form, as it stands."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, list[str]] = {}
        self._select, self._options = "", []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "input" and given.get("name"):
            if given.get("type") not in ("checkbox", "radio") or "checked" in given:
                self.found.setdefault(given["name"], []).append(given.get("value", ""))
        elif tag == "select":
            self._select, self._options = given["name"], []
        elif tag == "option":
            self._options.append((given["value"], "selected" in given))

    def handle_endtag(self, tag):
        if tag == "select":
            chosen = next((value for value, selected in self._options if selected), self._options[0][0])
            self.found.setdefault(self._select, []).append(chosen)


def form_of(page) -> dict[str, list[str]]:
    fields = Fields()
    # The template is for a script only.
    fields.feed(re.sub(r"<template>.*?</template>", "", page.content.decode(), flags=re.S))
    fields.found.pop("csrfmiddlewaretoken", None)
    return fields.found


@pytest.fixture
def choose(browse):
    """`choose(page, **changes)` sends the form with these fields changed, and gives the page that follows."""

    def do(address, do="check", client=None, **changes):
        who = client or browse
        fields = form_of(who.get(address)) | {name.replace("__", "-"): value for name, value in changes.items()}
        return who.post(address, fields | {"do": do}, follow=True)

    return do


def people(workspace) -> dict[str, Person]:
    return {person.attributes["default_email"]: person for person in Person.objects.filter(workspace=workspace)}


def upload_of(workspace, address):
    return uploads.find(workspace, address.rpartition("/")[2])


@pytest.mark.one_database
def test_the_list_leads_to_the_page(browse, crowd):
    crowd(1)
    assert 'href="/import"' in browse.get("/users").content.decode()
    page = browse.get("/import")
    assert "Which file?" in text_of(page)
    assert "At most 10 GB." in text_of(page)


@pytest.mark.one_database
def test_an_empty_workspace_offers_it_too(browse):
    assert 'href="/import"' in browse.get("/users").content.decode()


@pytest.mark.one_database
def test_columns_are_guessed_with_examples_and_checked_at_once(browse, send):
    page = browse.get(send(PEOPLE))
    words = text_of(page)
    assert "What is in people.csv? 4 columns" in words
    assert "e-mail noor@example.test, bea@example.test" in words
    assert "Matches people" in words
    assert "Guessed" in words
    assert "What would happen Checked new 2 changed 0 the same 0 rejected 0" in words
    assert "2 new people." in words
    fields = form_of(page)
    assert fields["to-0"] == ["default_email"]
    assert fields["to-1"] == ["default_name"]
    assert (fields["to-2"], fields["new-2"], fields["type-2"]) == (["+"], ["roast"], ["text"])
    assert fields["type-3"] == ["number"]


@pytest.mark.one_database
def test_nothing_is_imported_before_it_is_pressed(workspace, send):
    send(PEOPLE)
    assert not people(workspace)
    assert not Attribute.objects.filter(workspace=workspace).exists()


def test_it_makes_people_with_the_attributes_that_were_named(workspace, send, choose):
    page = choose(send(PEOPLE), "import", new__2="favourite roast", type__3="text")
    # What was changed is checked first; then it is pressed again.
    assert "What you changed was checked first." in said_on(page)
    assert not people(workspace)
    address = page.redirect_chain[-1][0]
    page = choose(address, "import")
    assert "people.csv was imported." in said_on(page)
    assert "2 people were created, changed or put in a segment." in text_of(page)
    noor = people(workspace)["noor@example.test"]
    assert noor.attributes == {
        "default_email": "noor@example.test",
        "default_name": "Noor",
        "favourite roast": "dark",
        "guests": "1",
    }
    assert Attribute.objects.get(workspace=workspace, key="guests").type == "text"


def test_a_new_attribute_has_the_type_that_was_chosen(workspace, send, choose):
    choose(send("email,score\na@example.test,none yet\nb@example.test,7\n"), type__1="number")
    address = send("email,score\na@example.test,none yet\nb@example.test,7\n")
    choose(address, type__1="number")
    choose(address, "import")
    assert Attribute.objects.get(workspace=workspace, key="score").type == "number"
    assert people(workspace)["b@example.test"].attributes["score"] == 7


@pytest.mark.one_database
def test_a_column_can_be_left_out(workspace, send, choose):
    address = send(PEOPLE)
    assert "Left out" in text_of(choose(address, to__2=""))
    choose(address, "import")
    assert "roast" not in people(workspace)["noor@example.test"].attributes


def test_the_next_file_with_these_columns_is_mapped_as_the_last_one(browse, send, choose):
    address = send(PEOPLE)
    choose(address, to__1="default_username")
    choose(address, "import")
    page = browse.get(send(PEOPLE))
    assert form_of(page)["to-1"] == ["default_username"]
    assert "As last time" in text_of(page)


@pytest.mark.one_database
def test_two_columns_for_one_attribute_are_said_before_anything_else(browse, send, choose):
    page = choose(send(PEOPLE), to__1="default_email")
    assert "“e-mail” and “full_name” go to the same attribute." in text_of(page)
    assert "disabled" in re.search(r'<button id="import-go"[^>]*>', page.content.decode())[0]


@pytest.mark.one_database
def test_a_file_without_a_key_column_asks_for_one_without_words_of_the_terminal(browse, send):
    page = browse.get(send("colour\nred\n"))
    assert "No column tells who a row is about" in text_of(page)
    assert "(“" not in text_of(page)
    assert "Say first what the columns mean." in text_of(page)


@pytest.mark.one_database
def test_the_first_rows_show_what_becomes_of_them(browse, send, workspace, crowd):
    crowd(1, default_email="noor@example.test", default_name="Noor", roast="dark", guests="1")
    crowd(1, default_email="bea@example.test", default_name="B.")
    page = browse.get(send(PEOPLE + "new@example.test,Ann,,3\nno,mail\n,Nobody,,1\n"))
    body = page.content.decode()
    preview = unescape(
        re.sub(r"<[^>]+>|\s+", " ", body[body.index('id="h-prev"') : body.index("How the file is read")])
    )
    found = re.findall(r"(\d+)\s+(the same|changes|new|rejected)", preview)
    assert found == [("2", "the same"), ("3", "changes"), ("4", "new"), ("5", "rejected"), ("6", "rejected")]
    assert "1 new person, 1 person changes." in text_of(page)


def test_whom_a_row_is_about_and_what_happens_to_them_are_choices(workspace, browse, send, choose, crowd):
    crowd(1, default_email="Noor@example.test", default_name="Old", default_city="Oslo")
    content = "User ID,Email,Name,City\nz9,noor@example.test,New,\n"
    address = send(content)
    assert "1 new person." in text_of(browse.get(address))
    assert "1 person changes." in text_of(choose(address, match="email"))
    assert "Nothing would change" in text_of(choose(address, policy="skip"))
    choose(address, policy="replace")
    choose(address, "import")
    (noor,) = Person.objects.filter(workspace=workspace)
    assert noor.attributes == {"default_email": "noor@example.test", "default_name": "New"}


@pytest.mark.one_database
def test_the_order_of_day_and_month_is_asked_where_it_is_not_clear(workspace, browse, send, choose):
    address = send("email,First Seen\na@example.test,03/11/2025\n")
    page = browse.get(address)
    assert "3 Nov: day first" in text_of(page)
    assert "11 Mar: month first" in text_of(page)
    assert "is the day or the month first?" in text_of(page)
    page = choose(address, dates="dmy")
    assert "2025-11-03 00:00 UTC" in text_of(page)
    choose(address, "import")
    assert people(workspace)["a@example.test"].created_at == dt.datetime(2025, 11, 3, tzinfo=dt.UTC)


def test_everybody_joins_segments_that_are_there_and_new_ones(workspace, browse, send, choose, crowd):
    segment, there = create(workspace, "Friends", "test"), crowd(1, default_email="noor@example.test")[0]
    put_in(workspace, "test", [segment.id], [there.id])
    address = send(PEOPLE)
    page = choose(address, segment=[segment.public_id], new=["Tasting", "friends", ""])
    assert "1 joins Friends, 2 join Tasting." in text_of(page)
    assert find(workspace, "Tasting") is None
    choose(address, "import")
    made = find(workspace, "Tasting")
    assert Membership.objects.filter(workspace=workspace, segment_id=segment.id).count() == 2
    assert Membership.objects.filter(workspace=workspace, segment_id=made.id).count() == 2


def test_a_segment_that_keeps_itself_up_to_date_cannot_be_imported_into(workspace, send, choose, browse):
    from coterie.audience.tree import Condition

    create_rule(workspace, "Live", Condition("default_city", "is", ("Oslo",)), "test")
    address = send(PEOPLE)
    choose(address, new=["Live"])
    page = choose(address, "import")
    assert "There is already a segment called “Live”." in said_on(page)
    assert not people(workspace)


def test_a_segment_of_another_workspace_is_none(workspace, other_workspace, send, choose):
    theirs = create(other_workspace, "Theirs", "test")
    address = send(PEOPLE)
    choose(address, segment=[theirs.public_id])
    choose(address, "import")
    assert not Membership.objects.filter(segment_id=theirs.id).exists()


def test_rejected_rows_are_shown_with_reasons_and_come_as_a_file(browse, send, choose):
    address = send("email,Name\na@example.test,A\n,Nobody\na@example.test,Twice\nc@example.test," + "x" * 300 + "\n")
    words = text_of(browse.get(address))
    assert "the row has neither a user id nor an e-mail address." in words
    assert "line 2 is about the same person; the first one counts." in words
    assert "300 characters; at most 256." in words
    before = csv_of(browse.get(f"{address}/rejected"))
    assert before.splitlines()[0] == "line,reason,email,Name"
    assert len(before.splitlines()) == 4
    page = choose(address, "import")
    assert "Rejected rows 3" in text_of(page)
    response = browse.get(f"{address}/rejected")
    assert csv_of(response) == before
    assert 'filename="people-rejected-' in response.headers["Content-Disposition"]


@pytest.mark.one_database
def test_a_rejected_cell_that_is_longer_than_any_may_be_is_shown(browse, send):
    address = send("userId,default_email\nz1,z1@a.example\nz2," + "x" * 250_000 + "\nz3\n")
    assert "a cell is longer than 100,000 characters" in text_of(browse.get(address))
    assert "2 cells" not in text_of(browse.get(f"{address}/now"))
    assert "1 cells, but the header names 2 columns" in text_of(browse.get(f"{address}/now"))


@pytest.mark.one_database
def test_a_rejected_line_that_is_deeper_than_any_may_be_is_shown(browse, send):
    address = send('{"userId": "z1"}\n{"a":' + "[" * 150_000 + "\n", "people.jsonl")
    assert "this line is not JSON" in text_of(browse.get(f"{address}/now"))


@pytest.mark.one_database
@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_an_import_of_any_delimiter_shows_its_rejected_rows_as_long_as_they_are_kept(
    workspace, browse, send, choose, delimiter
):
    lines = [["email", "Name"], ["a@example.test", 'The "A" one'], ["b@example.test"], ["", 'Two,\n"lines"']]
    quoted = [delimiter.join('"' + cell.replace('"', '""') + '"' for cell in line) for line in lines]
    address = send("\n".join(quoted) + "\n")
    choose(address, "import")
    later = now() + dt.timedelta(days=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uploads, "now", lambda: later)
        uploads.clean_up()
    words = text_of(browse.get(address))
    assert "1 cells, but the header names 2 columns" in words
    assert "the row has neither a user id nor an e-mail address." in words


@pytest.mark.one_database
def test_each_change_of_the_form_leaves_one_file_of_rejected_rows(workspace, send, choose):
    address = send("email,Name\na@example.test,A\n,Nobody\n")
    for policy in ("skip", "replace", "merge", "skip"):
        choose(address, policy=policy)
    assert len(list(upload_of(workspace, address).folder.glob(".*.rejected.csv"))) == 1


@pytest.mark.one_database
def test_a_nested_value_of_a_rejected_line_is_shown_in_its_column(browse, send, workspace):
    address = send('{"userId": "a", "tags": "x"}\n{"userId": "b", "tags": ["y", 1]}\n', "people.jsonl")
    words = text_of(browse.get(address))
    assert '["y", 1] expected a text, a number or true/false' in words
    assert "b" in csv_of(browse.get(f"{address}/rejected")).splitlines()[1].split(",")


@pytest.mark.one_database
def test_a_preview_without_rows_promises_none(browse, send):
    assert "first 0 rows" not in text_of(browse.get(send("email,Name\n")))


def test_the_rejected_rows_mended_go_in(workspace, browse, send, choose):
    address = send("email,Name\na@example.test,A\n,Bo\n")
    file = csv_of(browse.get(f"{address}/rejected"))
    choose(address, "import")
    again = send(file.replace(",,Bo", ",bo@example.test,Bo"), "people.rejected.csv")
    page = choose(again, "import")
    assert "was imported" in said_on(page)
    assert people(workspace)["bo@example.test"].attributes == {
        "default_email": "bo@example.test",
        "default_name": "Bo",
    }


def test_it_is_on_activity_and_undone_from_its_page(workspace, admin, client_of, send, choose):
    client = client_of(admin)
    address = send(PEOPLE, as_client=client)
    choose(address, "import", client=client)
    activity = client.get("/activity")
    assert "Import people.csv Done you" in text_of(activity)
    assert f'href="{address}"' in activity.content.decode()
    assert "Check people.csv" not in text_of(activity)
    page = client.post(address, {"do": "undo"}, follow=True)
    assert "Undone" in text_of(page)
    assert not people(workspace)


def test_an_editor_who_may_not_delete_people_is_told_who_can_undo(workspace, browse, send, choose):
    address = send(PEOPLE)
    page = choose(address, "import")
    assert "Whoever may delete people can undo it" in text_of(page)
    page = browse.post(address, {"do": "undo"}, follow=True)
    assert "Only who may delete people may undo an import" in said_on(page)
    assert len(people(workspace)) == 2


def test_pressing_twice_imports_once(workspace, browse, send, choose):
    address = send(PEOPLE)
    fields = form_of(browse.get(address)) | {"do": "import"}
    browse.post(address, fields)
    browse.post(address, fields)
    assert Operation.objects.filter(workspace=workspace, kind="import").count() == 1


@pytest.mark.parametrize("then", ["looks", "presses"])
def test_whoever_looks_or_presses_while_it_begins_changes_nothing(
    workspace, browse, client_of, editor, send, monkeypatch, then
):
    address, other = send(PEOPLE), client_of(editor)
    fields = form_of(browse.get(address)) | {"do": "import"}
    noted, save = threading.Event(), uploads.save

    def slow(upload, draft):
        saved = save(upload, draft)
        if draft.operation is not None and not noted.is_set():
            noted.set()
            time.sleep(0.7)
        return saved

    def second():
        assert noted.wait(20)
        page = other.get(f"{address}/now") if then == "looks" else other.post(address, fields, follow=True)
        assert "Done" in text_of(page)

    monkeypatch.setattr(uploads, "save", slow)
    parallel([lambda: browse.post(address, fields), second])
    (row,) = Operation.objects.filter(workspace=workspace, kind="import")
    assert upload_of(workspace, address).draft.operation == row.id
    assert (row.state, row.people) == (State.DONE, 2)


def test_cancel_deletes_the_file(workspace, browse, send, choose):
    address = send(PEOPLE)
    place = upload_of(workspace, address).folder
    page = choose(address, "remove")
    assert "Nothing was imported. people.csv is deleted here." in said_on(page)
    assert not place.exists()
    assert browse.get(address).status_code == 404


def test_the_audit_trail_knows_of_it(workspace, browse, send, choose, editor):
    address = send(PEOPLE + ",,,\n")
    csv_of(browse.get(f"{address}/rejected"))
    choose(address, "import")
    actions = list(AuditEntry.objects.filter(workspace=workspace).order_by("id").values_list("action", flat=True))
    assert [action for action in actions if action.startswith(("import", "people"))] == [
        "import.rejected",
        "import.start",
        "people.import",
    ]


@pytest.mark.one_database
def test_delimiter_and_encoding_can_be_said(browse, send, choose):
    address = send("email;Name\na@example.test;Łódź\n".encode("iso-8859-2"))
    page = choose(address, delimiter=",")
    assert "“,”" in text_of(page)
    assert "No column tells who a row is about" in text_of(page)
    page = choose(address, delimiter=";", encoding="iso-8859-2")
    assert "Łódź" in text_of(page)
    assert "1 new person." in text_of(page)


@pytest.mark.one_database
def test_an_encoding_that_cannot_be_leaves_everything_as_it_was(browse, send, choose):
    address = send("email,Imię\na@example.test,Ala\n")
    page = choose(address, encoding="utf-16")
    assert "It cannot be read so" in said_on(page)
    assert "1 new person." in text_of(page)


@pytest.mark.one_database
def test_a_file_with_guards_is_read_without_them_unless_it_has_none(workspace, send, choose):
    content = "email,Name\na@example.test,'=SUM(1)\n"
    choose(send(content), "import")
    assert people(workspace)["a@example.test"].attributes["default_name"] == "=SUM(1)"
    address = send(content)
    choose(address, raw="1")
    choose(address, "import")
    assert people(workspace)["a@example.test"].attributes["default_name"] == "'=SUM(1)"


class TestLargeFiles:
    """Above `AT_ONCE` bytes a worker checks and imports."""

    @pytest.fixture(autouse=True)
    def small_limit(self, monkeypatch, workspace):
        monkeypatch.setattr(importer, "AT_ONCE", 10)
        monkeypatch.setattr(checking, "AT_ONCE", 10)
        yield
        Operation.objects.filter(workspace=workspace).exclude(state=State.UNDONE).update(state=State.DONE)

    @pytest.fixture
    def work(self, workspace):
        def do():
            for row in Operation.objects.filter(workspace=workspace, state=State.QUEUED).order_by("id"):
                rows(row).update(state=State.RUNNING, worker="w", leased_until=now() + dt.timedelta(seconds=60))
                run(rows(row).get(), "w")

        return do

    def test_the_page_asks_until_it_is_checked(self, workspace, browse, send, work):
        address = send(PEOPLE)
        page = browse.get(address)
        assert "Checking the file Waiting" in text_of(page)
        assert "every 1s" in page.content.decode()
        assert "disabled" in re.search(r'<button id="import-go"[^>]*>', page.content.decode())[0]
        part = browse.get(f"{address}/now")
        assert 'id="import-go"' in part.content.decode()
        work()
        part = browse.get(f"{address}/now").content.decode()
        assert "2 new people" in part
        assert "every 1s" not in part
        assert "disabled" not in re.search(r'<button id="import-go"[^>]*>', part)[0]

    def test_a_change_stops_the_check_that_runs(self, workspace, send, choose, work):
        address = send(PEOPLE)
        first = upload_of(workspace, address).draft.check
        choose(address, to__2="")
        assert Operation.objects.get(id=first).state == State.CANCELLED
        assert upload_of(workspace, address).draft.check != first

    def test_a_paused_one_says_what_can_be_done_and_one_that_is_being_undone_says_so(
        self, workspace, admin, client_of, send, choose, work
    ):
        client = client_of(admin)
        address = send(PEOPLE, as_client=client)
        work()
        choose(address, "import", client=client)
        row = Operation.objects.get(workspace=workspace, kind="import")
        client.post(address, {"do": "pause"})
        assert "It stands still. Resume it, or cancel it." in text_of(client.get(address))
        rows(row).update(people=2, done=2)
        assert "what is done so far stays, and can be undone then." in text_of(client.get(address))
        client.post(address, {"do": "cancel"})
        assert "they can be undone." in text_of(client.get(address))
        undo = Operation.objects.create(
            workspace=workspace, kind="undo", label="Undo", state=State.PAUSED, undo_of=row.id
        )
        rows(row).update(undone_by=undo.id)
        words = text_of(client.get(address))
        assert "It is being undone." in words
        assert "can be undone" not in words
        rows(undo).update(state=State.DONE)

    def test_it_cannot_begin_before_the_check_is_done(self, workspace, send, choose):
        address = send(PEOPLE)
        choose(address, "import")
        assert not Operation.objects.filter(workspace=workspace, kind="import").exists()

    def test_it_is_paused_resumed_and_cancelled_on_its_page(self, workspace, browse, send, choose, work):
        address = send(PEOPLE)
        work()
        page = choose(address, "import")
        assert "It begins as soon as a worker is free." in text_of(page)
        row = Operation.objects.get(workspace=workspace, kind="import")
        page = browse.post(address, {"do": "pause"}, follow=True)
        assert "Paused" in text_of(page)
        browse.post(address, {"do": "resume"})
        assert rows(row).get().state == State.QUEUED
        page = browse.post(address, {"do": "cancel"}, follow=True)
        assert "It was stopped before anything was imported." in text_of(page)
        page = browse.post(address, {"do": "pause"}, follow=True)
        assert "is over: cancelled." in said_on(page)

    @pytest.mark.one_database
    def test_progress_says_rows_rate_and_time(self, workspace, browse, send, choose, work):
        address = send(PEOPLE)
        work()
        choose(address, "import")
        row = Operation.objects.get(workspace=workspace, kind="import")
        rows(row).update(
            state=State.RUNNING, done=row.total // 2, seconds=2.0, result={"rows": 40_000, "new": 40_000}, worker="w"
        )
        words = text_of(browse.get(f"{address}/now"))
        assert "40,000 rows so far, 20,000 a second, about 2 s left." in words
        assert "every 1s" in browse.get(address).content.decode()
        work()

    def test_questions_are_not_claimed_by_who_works_and_not_shown_as_work(self, workspace, browse, send):
        send(PEOPLE)
        Operation.objects.exclude(workspace=workspace).filter(state=State.QUEUED).update(state=State.DONE)
        assert claim("w", ["import", "undo"]) is None
        assert "Nothing is running" in text_of(browse.get("/activity"))
        assert claim("w", ["check"]) is not None

    def test_a_file_that_vanishes_fails_the_check_in_words(self, workspace, browse, send, work):
        address = send(PEOPLE)
        upload_of(workspace, address).file.unlink()
        work()
        page = browse.get(address, follow=True)
        assert "The file is no longer here. Send it again." in said_on(page)
        assert "Which file?" in text_of(page)


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "empty.csv", "The file is empty"),
        (b'{\n  "userId": "u1"\n}\n', "one.json", "Save it as JSON Lines: each person is one object on a line"),
        (b'[\n  {"userId": "u1"}\n]\n', "list.json", "This is a list in JSON. Save it as JSON Lines"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old.xls", "old Excel file"),
        (b"PK\x03\x04 no zip", "broken.xlsx", "broken.xlsx: "),
        (b"\x00\x01\x02\x03" * 10, "noise.csv", "noise.csv: "),
        ((",".join(f"c{n}" for n in range(600)) + "\n").encode(), "wide.csv", "at most 500"),
    ],
)
def test_a_file_that_is_none_is_refused_in_words_and_not_kept(browse, workspace, content, name, words):
    response = browse.post("/import", {"file": SimpleUploadedFile(name, content)})
    assert response.status_code == 422
    assert words in text_of(response)
    assert list(uploads.folder(workspace).glob("*")) == []


@pytest.mark.one_database
def test_no_file_at_all_is_said(browse):
    response = browse.post("/import", {})
    assert response.status_code == 422
    assert "Choose a file first." in text_of(response)


@pytest.mark.one_database
def test_a_file_that_is_too_large_is_said(browse, monkeypatch, workspace):
    monkeypatch.setattr(settings, "IMPORT_MAX", 10)
    response = browse.post("/import", {"file": SimpleUploadedFile("a.csv", PEOPLE.encode())})
    assert response.status_code == 413
    assert "Cut it into parts" in text_of(response)
    assert list(uploads.folder(workspace).glob("*")) == []


@pytest.mark.one_database
@pytest.mark.parametrize(("problem", "words"), [("size", "larger than 10 GB"), ("disk", "no room"), ("x<b>", "Which")])
def test_the_form_says_why_a_file_was_not_taken(browse, problem, words):
    assert words in text_of(browse.get("/import", {"problem": problem}))


@pytest.mark.one_database
def test_a_wide_file_in_a_workspace_of_many_attributes_is_still_a_page(workspace, browse, send, choose):
    Attribute.objects.bulk_create(Attribute(workspace=workspace, key=f"attribute {n}", count=1) for n in range(1_500))
    heads = ["email", "attribute 7", *(f"column {n}" for n in range(200))]
    address = send(",".join(heads) + "\n" + ",".join(["a@example.test", *("x" for _ in heads[1:])]) + "\n")
    page = browse.get(address)
    assert len(page.content) < 3_000_000
    assert "Your attributes are too many to be listed" in text_of(page)
    assert form_of(page)["to-1"] == ["attribute 7"]
    page = choose(address, to__2="+", new__2="attribute 9", **{f"to__{n}": "" for n in range(3, 202)})
    assert form_of(page)["to-2"] == ["attribute 9"]
    choose(address, "import")
    assert people(workspace)["a@example.test"].attributes == {
        "default_email": "a@example.test",
        "attribute 7": "x",
        "attribute 9": "x",
    }


@pytest.mark.one_database
def test_a_header_without_rows_imports_nobody(browse, send):
    page = browse.get(send("email,Name\n"))
    assert "There is nobody in this file." in text_of(page)
    assert "disabled" in re.search(r'<button id="import-go"[^>]*>', page.content.decode())[0]


@pytest.mark.one_database
def test_doubled_headings_are_told_apart(workspace, browse, send, choose):
    address = send("email,email,note,note\na@example.test,b@example.test,1,2\n")
    page = browse.get(address)
    assert "email (2)" in text_of(page)
    assert form_of(page)["to-1"] == [""]
    choose(address, "import")
    assert set(people(workspace)) == {"a@example.test"}


HOSTILE = '"><script>alert(1)</script>{{ x }}'


@pytest.mark.one_database
def test_hostile_headings_values_and_names_are_text(browse, send, choose):
    head, cell = HOSTILE.replace('"', '""'), "<img src=x onerror=alert(2)>"
    content = f'email,"{head}"\na@example.test,{cell}\n,{cell}\n'
    address = send(content, name="<svg onload=alert(3)>.csv")
    for page in (browse.get(address), choose(address, new=["<b>x</b>"]), choose(address, "import")):
        body = page.content.decode()
        assert "<script>alert" not in body
        assert "<img src=x" not in body
        assert "<svg onload" not in body
        assert "<b>x</b>" not in body
    assert "&lt;img src=x" in browse.get(send(content)).content.decode()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\evil.csv", "evil.csv"),
        (".draft.json", "draft.json"),
        ("a\x00b\n\u202ec.csv", "a\ufffdb c.csv"),
        ("", "file"),
        ("...", "file"),
        ("ż" * 300 + ".csv", "ż" * 73 + ".csv"),
    ],
)
def test_names_of_files_are_made_harmless(name, kept):
    found = uploads.file_name(name)
    assert found.endswith(kept) or found == kept
    assert len(found.encode()) <= 150
    assert not set(found) & set("/\\\x00\n\u202e")
    assert not found.startswith(".")


@pytest.mark.one_database
def test_a_viewer_is_refused(client_of, viewer, workspace, send):
    address = send(PEOPLE)
    client = client_of(viewer)
    for response in (
        client.get("/import"),
        client.post("/import", {"file": SimpleUploadedFile("a.csv", b"email\n")}),
        client.get(address),
        client.post(address, {"do": "import"}),
        client.get(f"{address}/now"),
        client.get(f"{address}/rejected"),
    ):
        assert response.status_code == 403
    assert 'href="/import"' not in client.get("/users").content.decode()


def test_an_upload_of_another_workspace_does_not_exist(client_of, stranger, send):
    address = send(PEOPLE + ",,,\n")
    client = client_of(stranger)
    for response in (
        client.get(address),
        client.post(address, {"do": "remove"}),
        client.get(f"{address}/now"),
        client.get(f"{address}/rejected"),
    ):
        assert response.status_code == 404


@pytest.mark.parametrize("upload_id", ["x", "../x", "0" * 32, "0" * 31 + "g", "%2e%2e"])
def test_an_id_that_was_never_given_out_does_not_exist(browse, upload_id):
    assert browse.get(f"/import/{upload_id}").status_code == 404


@pytest.mark.one_database
def test_files_belong_to_the_operator_alone(workspace, send):
    upload = upload_of(workspace, send(PEOPLE))
    assert upload.file.stat().st_mode & 0o077 == 0
    assert upload.folder.stat().st_mode & 0o077 == 0
    assert (upload.folder / ".draft.json").stat().st_mode & 0o077 == 0


@pytest.mark.one_database
def test_large_uploads_are_moved_into_place(workspace, send):
    content = "email\n" + "".join(f"p{number}@example.test\n" for number in range(20_000))
    upload = upload_of(workspace, send(content))
    assert upload.file.read_text() == content
    assert list((Path(settings.DATA) / "uploads.tmp").glob("*.upload*")) == []


class TestCleaning:
    def aged(self, workspace, address, days):
        upload = upload_of(workspace, address)
        moment = (now() - dt.timedelta(days=days)).timestamp()
        os.utime(upload.folder / ".draft.json", (moment, moment))
        return upload

    def test_what_nobody_went_on_with_goes_after_a_day(self, workspace, send):
        old, young = self.aged(workspace, send(PEOPLE), 1.1), self.aged(workspace, send(PEOPLE), 0.9)
        uploads.clean_up()
        assert not old.folder.exists()
        assert young.folder.exists()

    def test_after_the_import_the_file_goes_at_once_and_the_rejected_rows_in_a_week(
        self, workspace, browse, send, choose
    ):
        address = send(PEOPLE + ",,,\n")
        choose(address, "import")
        upload = self.aged(workspace, address, 6)
        uploads.clean_up()
        assert not upload.file.exists()
        assert csv_of(browse.get(f"{address}/rejected"))
        assert "Rejected rows 1" in text_of(browse.get(address))
        self.aged(workspace, address, 8)
        uploads.clean_up()
        assert not upload.folder.exists()
        assert browse.get(address).status_code == 404

    def test_the_file_of_an_import_that_goes_on_stays(self, workspace, send, choose):
        address = send(PEOPLE)
        choose(address, "import")
        row = Operation.objects.get(workspace=workspace, kind="import")
        rows(row).update(state=State.PAUSED)
        upload = self.aged(workspace, address, 30)
        uploads.clean_up()
        assert upload.file.exists()
        rows(row).update(state=State.DONE)

    def test_checks_are_forgotten_after_a_day(self, workspace, send):
        found = upload_of(workspace, send(PEOPLE)).draft.check
        Operation.objects.filter(id=found).update(finished_at=now() - dt.timedelta(days=2))
        uploads.clean_up()
        assert not Operation.objects.filter(id=found).exists()


def test_public_ids_of_operations_are_no_addresses_of_files(workspace, browse, send, choose):
    choose(send(PEOPLE), "import")
    row = Operation.objects.get(workspace=workspace, kind="import")
    assert from_public(row.public_id) == row.id
    assert browse.get(f"/import/{row.public_id}").status_code == 404
