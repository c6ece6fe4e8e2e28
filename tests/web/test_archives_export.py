"""Chats as files."""

import datetime as dt
import json

import pytest

from coterie.accounts.models import AuditEntry
from coterie.audience.models import Attribute, Scope
from coterie.chats import archive, exporting
from coterie.chats.models import Sender
from coterie.core.clock import now
from coterie.web.fresh import LOGGED_IN_AT
from tests.chats.talking import START, talk
from tests.conftest import PASSWORD
from tests.web.pages import csv_of, text_of
from tests.web.person_pages import hidden


def lines_of(response) -> list[dict]:
    assert response.status_code == 200
    return [json.loads(line) for line in csv_of(response).splitlines()]


def test_everything_that_is_found_is_one_object_a_line(browse, workspace):
    chat = talk(workspace, "my order", "It left", attributes={"default_name": "Maya"}, story="Help")
    talk(workspace, "hello", who="omar", at=START + dt.timedelta(days=1))
    (line,) = lines_of(browse.post("/archives/export", {"q": "order"}))
    assert line["id"] == chat.public_id
    assert line["user"]["name"] == "Maya"
    assert line["story"] == "Help"
    assert [(said["from"], said["text"]) for said in line["messages"]] == [("user", "my order"), ("bot", "It left")]
    assert AuditEntry.objects.get(workspace=workspace, action="chats.export").details == {"filter": {"q": "order"}}


@pytest.mark.one_database
def test_all_chats_are_asked_about_and_need_a_fresh_login(browse, workspace):
    talk(workspace, "hi")
    question = browse.post("/archives/export", {})
    assert "Export all chats?" in text_of(question)
    assert "This is not your password" in text_of(browse.post("/archives/export", {"confirm": "1", "password": "x"}))
    assert len(lines_of(browse.post("/archives/export", {"confirm": "1", "password": PASSWORD}))) == 1


@pytest.mark.one_database
@pytest.mark.parametrize("fields", [{"from": "2000-01-01"}, {"q": "hi"}, {"story": "Help"}, {"date": "90d"}])
def test_a_filter_that_leaves_nobody_out_is_asked_about_too(browse, workspace, fields):
    for number in range(2):
        talk(workspace, "hi", who=f"u{number}", story="Help", at=now())
    question = browse.post("/archives/export", fields)
    assert "Export all chats?" in text_of(question)
    sent = hidden(question, "/archives/export")
    assert sent == {"confirm": "1", **fields}
    assert browse.post("/archives/export", sent).status_code == 422
    assert len(lines_of(browse.post("/archives/export", sent | {"password": PASSWORD}))) == 2


@pytest.mark.one_database
def test_very_many_chats_are_asked_about(browse, workspace, monkeypatch):
    monkeypatch.setattr(archive, "MANY", 3)
    for number in range(5):
        talk(workspace, "hi", who=f"u{number}", story="Help" if number < 4 else "Other")
    assert "Export more than" in text_of(browse.post("/archives/export", {"story": "Help"}))
    assert len(lines_of(browse.post("/archives/export", {"story": "Other"}))) == 1
    confirmed = {"story": "Help", "confirm": "1", "password": PASSWORD}
    assert len(lines_of(browse.post("/archives/export", confirmed))) == 4


@pytest.mark.one_database
def test_a_filter_that_is_not_understood_exports_nothing(browse, workspace):
    talk(workspace, "hi")
    session = browse.session
    session[LOGGED_IN_AT] = 9e12
    session.save()
    for fields in ({"from": "x"}, {"q": "***", "confirm": "1"}, {"channel": "x", "story": "Help"}):
        answer = browse.post("/archives/export", fields)
        assert answer.status_code == 422
        assert "Nothing was exported" in text_of(answer)
    assert not AuditEntry.objects.filter(workspace=workspace, action="chats.export").exists()


def test_many_chats_come_in_pages(browse, workspace, monkeypatch):
    monkeypatch.setattr(exporting, "_CHATS", 3)
    for number in range(8):
        talk(workspace, "hi", who=f"u{number}", story="Help")
    talk(workspace, "hi", who="other")
    assert len({line["id"] for line in lines_of(browse.post("/archives/export", {"story": "Help"}))}) == 8


@pytest.mark.one_database
def test_what_fails_on_the_way_breaks_the_download(browse, workspace, monkeypatch):
    for number in range(5):
        talk(workspace, "hi", who=f"u{number}", story="Help")
    talk(workspace, "hi", who="other")
    intact, calls = exporting.whole, []

    def failing(chat):
        calls.append(chat)
        if len(calls) > 3:
            raise OSError("the disk is gone")
        return intact(chat)

    monkeypatch.setattr(exporting, "whole", failing)
    monkeypatch.setattr(exporting, "_PIECE", 1)
    answer = browse.post("/archives/export", {"story": "Help"})
    with pytest.raises(OSError, match="the disk is gone"):
        csv_of(answer)


def test_one_chat_is_json_or_text(browse, workspace):
    chat = talk(
        workspace,
        "line one\nline two",
        {"message": "Which?", "sender": Sender.BOT, "payload": {"buttons": [{"title": "A", "payload": "a"}]}},
        attributes={"default_name": "Maya"},
        session_attributes={"plan": "pro"},
    )
    answer = browse.post(f"/archives/{chat.public_id}/export", {"format": "json"})
    assert answer.headers["Content-Disposition"] == f'attachment; filename="chat-{chat.public_id}.json"'
    assert json.loads(csv_of(answer))["sessionAttributes"] == {"plan": "pro"}
    text = csv_of(browse.post(f"/archives/{chat.public_id}/export", {"format": "text"}))
    assert "2026-05-01 12:00:00 Maya: line one\n    line two\n" in text
    assert "Bot: Which?\n    [buttons] A\n" in text
    assert AuditEntry.objects.filter(workspace=workspace, action="chat.export").count() == 2


@pytest.mark.one_database
def test_hidden_attributes_are_in_no_file(browse, workspace):
    chat = talk(
        workspace, "hi", session_attributes={"secret": "s3cret"}, attributes={"default_name": "Maya", "code": "c0de"}
    )
    talk(workspace, "else", who="other")
    for scope, key in ((Scope.SESSION, "secret"), (Scope.PERSON, "code")):
        Attribute.objects.filter(workspace=workspace, scope=scope, key=key).update(hidden=True)
    for answer in (
        browse.post("/archives/export", {"q": "hi"}),
        browse.post(f"/archives/{chat.public_id}/export", {"format": "json"}),
        browse.post(f"/archives/{chat.public_id}/export", {"format": "text"}),
    ):
        body = csv_of(answer)
        assert "s3cret" not in body
        assert "c0de" not in body


@pytest.mark.one_database
def test_a_viewer_gets_no_file(client_of, viewer, workspace):
    chat = talk(workspace, "hi")
    for path in ("/archives/export", f"/archives/{chat.public_id}/export"):
        assert client_of(viewer).post(path, {"q": "hi"}).status_code == 403


def test_another_workspaces_chat_is_no_file(browse, other_workspace):
    chat = talk(other_workspace, "hi")
    assert browse.post(f"/archives/{chat.public_id}/export", {"format": "json"}).status_code == 404
