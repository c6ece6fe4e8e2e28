"""Downloads."""

import asyncio
import csv
import io
import re

from django.core.handlers.asgi import ASGIRequest

from coterie.accounts.models import AuditEntry
from coterie.segments.catalogue import create
from coterie.segments.membership import save_to_segments
from coterie.web.exports import csv_response
from coterie.web.fresh import LOGGED_IN_AT
from tests.conftest import PASSWORD
from tests.web.pages import csv_of, text_of


def names_in(response) -> set[str]:
    return {row["Name"] for row in csv.DictReader(io.StringIO(csv_of(response)))}


def test_selected_people_are_exported(browse, crowd, workspace, editor):
    people = crowd(3, default_name="Ada {n}")
    response = browse.post("/users/export", {"person": [people[0].public_id, people[2].public_id]})
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(r'attachment; filename="users-\d{4}-\d\d-\d\d\.csv"', response.headers["Content-Disposition"])
    assert names_in(response) == {"Ada 0", "Ada 2"}
    entry = AuditEntry.objects.get(workspace=workspace, action="people.export")
    assert entry.actor == f"member:{editor.memberships.get().pk}"
    assert entry.details["people"] == 2


def test_everybody_who_matches_is_exported(browse, crowd):
    crowd(60, default_name="Oslo {n}", default_city="Oslo")
    crowd(1, default_name="Luz")
    response = browse.post("/users/export", {"all": "1", "view": "f=default_city:is:Oslo"})
    assert names_in(response) == {f"Oslo {number}" for number in range(60)}


def test_everybody_at_once_is_asked_for_twice(browse, crowd, workspace):
    crowd(2, default_name="Ada {n}")
    asked = browse.post("/users/export", {"all": "1", "view": ""})
    assert "Export 2 people?" in text_of(asked)
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


def test_passwords_cannot_be_tried_without_end(browse, crowd):
    crowd(1)
    guess = {"all": "1", "view": "", "confirm": "1", "password": "guess"}
    answers = [text_of(browse.post("/users/export", guess)) for _ in range(12)]
    assert "Too many tries" in answers[-1]


def test_the_question_is_a_page_of_its_own(browse, crowd):
    crowd(2)
    assert "Export 2 people?" in text_of(browse.get("/users/export/confirm"))


def test_an_export_is_not_fetched_by_a_link(browse, crowd):
    crowd(1)
    assert browse.get("/users/export?all=1&confirm=1").status_code == 405


def test_a_filter_that_is_not_understood_exports_nobody(browse, crowd):
    crowd(1)
    assert browse.post("/users/export", {"all": "1", "view": "f=nonsense:is:1", "confirm": "1"}).status_code == 422


def test_people_of_another_workspace_are_not_in_the_file(browse, crowd, other_workspace):
    mine, theirs = crowd(1, default_name="Mine")[0], crowd(1, in_workspace=other_workspace, default_name="Theirs")[0]
    response = browse.post("/users/export", {"person": [mine.public_id, theirs.public_id]})
    assert names_in(response) == {"Mine"}


def test_a_segment_is_exported_by_its_name(browse, crowd, workspace):
    people = crowd(2, default_name="Ada {n}")
    segment = create(workspace, "Monthly Newsletter US ENG", "test")
    save_to_segments(workspace, "test", [segment.id], [people[0].id])
    response = browse.post(f"/segments/{segment.public_id}/export")
    assert "monthly-newsletter-us-eng-" in response.headers["Content-Disposition"]
    assert names_in(response) == {"Ada 0"}
    assert AuditEntry.objects.get(workspace=workspace, action="segment.export").details["people"] == 1


def test_a_segment_of_another_workspace_is_not_found(browse, other_workspace):
    segment = create(other_workspace, "Foreign", "test")
    assert browse.post(f"/segments/{segment.public_id}/export").status_code == 404


def test_a_name_is_not_an_address_of_a_segment(browse, workspace):
    create(workspace, "Newsletter", "test")
    assert browse.post("/segments/Newsletter/export").status_code == 404


def test_the_server_streams_piece_by_piece():
    taken = []

    def pieces():
        for number in range(5):
            taken.append(number)
            yield b"%d\n" % number

    async def read() -> list[bytes]:
        request = ASGIRequest({"type": "http", "method": "POST", "path": "/", "headers": []}, io.BytesIO())
        response = csv_response(request, pieces(), "users")
        assert taken == [0, 1]
        assert response.is_async
        return [piece async for piece in response]

    assert asyncio.run(read()) == [b"0\n", b"1\n", b"2\n", b"3\n", b"4\n"]


def test_a_download_is_one_piece_for_browsers(browse, crowd):
    """Compressed piece by piece, a browser would show the first piece only."""
    person = crowd(1)[0]
    response = browse.post("/users/export", {"person": person.public_id}, headers={"Accept-Encoding": "gzip"})
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
        stream = csv_response(request, pieces(), "users").streaming_content
        async for _ in stream:
            break
        await stream.aclose()

    asyncio.run(leave())
    assert closed == [True]
