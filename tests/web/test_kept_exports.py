"""Files that were made in the background, as downloads from Activity."""

import asyncio
import datetime as dt
import hashlib
import io
import json

import pytest
from django.core.handlers.asgi import ASGIRequest

from coterie.accounts.models import AuditEntry
from coterie.audience.tree import Condition
from coterie.bulk.selection import Selection
from coterie.core.clock import now
from coterie.jobs.running import LEASE, rows
from coterie.jobs.worker import run
from coterie.journal.models import Operation, State
from coterie.transfers import files
from coterie.transfers.export import Form, Format
from coterie.transfers.exporting import queue_export
from coterie.web.downloads import download
from tests.conftest import PASSWORD
from tests.web.pages import said_on, text_of

OSLO = Selection.of_filter(Condition("default_city", "is", ("Oslo",)))


@pytest.fixture
def made(workspace, crowd, editor):
    """`made(format, …)`: an export of two people in Oslo that a worker has finished; and somebody is elsewhere."""
    crowd(2, default_name="Ada {n}", default_city="Oslo")
    crowd(1, default_name="Luz")
    actor = f"member:{workspace.members.get(user=editor).pk}"

    def make(kind=Format.CSV, selection=OSLO, **more) -> Operation:
        return worked(queue_export(workspace, actor, selection, Form(kind), "oslo", **more))

    return make


def worked(operation: Operation) -> Operation:
    rows(operation).update(state=State.RUNNING, worker="w", leased_until=now() + LEASE)
    run(rows(operation).get(), "w")
    return rows(operation).get()


def content(response) -> bytes:
    return b"".join(response.streaming_content)


def test_activity_says_how_large_it_is_until_when_it_is_kept_and_offers_it(browse, made):
    done = made()
    page = browse.get("/activity")
    until = done.finished_at + files.KEPT
    size = done.result["bytes"]
    assert f"2 people, CSV, {size} bytes. Kept until {until.day} {until:%b} {until.year}. Manifest" in text_of(page)
    assert f'href="/activity/{done.public_id}/file"' in page.content.decode()


@pytest.mark.one_database
@pytest.mark.parametrize("kind", list(Format))
def test_the_file_is_downloaded_as_it_was_made(browse, made, kind, workspace):
    done = made(kind)
    response = browse.get(f"/activity/{done.public_id}/file")
    body = content(response)
    assert response.headers["Content-Type"] == kind.media_type
    assert response.headers["Content-Disposition"] == f'attachment; filename="oslo.{kind.value}"'
    assert response.headers["Content-Length"] == str(len(body))
    assert response.headers["Cache-Control"] == "private, no-store"
    manifest = browse.get(f"/activity/{done.public_id}/manifest")
    assert manifest.headers["Content-Disposition"] == f'attachment; filename="oslo.{kind.value}.manifest.json"'
    said = json.loads(manifest.content)
    assert (said["people"], said["filter"], said["sha256"]) == (2, "City is Oslo", hashlib.sha256(body).hexdigest())


def test_every_download_is_in_the_audit_trail(browse, made, workspace, editor):
    done = made()
    for _ in range(2):
        content(browse.get(f"/activity/{done.public_id}/file"))
    entries = AuditEntry.objects.filter(workspace=workspace, action="export.download")
    assert [entry.actor for entry in entries] == [f"member:{workspace.members.get(user=editor).pk}"] * 2
    assert entries[0].details["export"] == done.public_id
    assert entries[0].details["file"] == "oslo.csv"
    assert "default_email" in entries[0].details["personal"]


@pytest.mark.one_database
def test_after_seven_days_it_is_gone(browse, made, workspace):
    done = made()
    path = files.find(workspace, done.public_id).path
    manifest = path.with_name(f"{path.name}.manifest.json")
    said = json.loads(manifest.read_text())
    old = (now() - files.KEPT - dt.timedelta(seconds=1)).isoformat()
    manifest.write_text(json.dumps(said | {"made_at": old}))
    assert "The file is not kept any more." in text_of(browse.get("/activity"))
    for part in ("file", "manifest"):
        assert browse.get(f"/activity/{done.public_id}/{part}").headers["Location"] == "/activity"
        assert "Export these people again." in said_on(browse.get("/activity"))
    assert not AuditEntry.objects.filter(workspace=workspace, action="export.download").exists()


def test_a_file_of_another_workspace_is_not_found(client_of, stranger, made):
    done = made()
    for part in ("file", "manifest"):
        assert client_of(stranger).get(f"/activity/{done.public_id}/{part}").status_code == 404


@pytest.mark.one_database
def test_other_operations_have_no_file(browse, workspace):
    other = Operation.objects.create(workspace=workspace, kind="ban", label="Ban", actor="x")
    assert browse.get(f"/activity/{other.public_id}/file").status_code == 404


@pytest.mark.one_database
def test_a_viewer_sees_that_it_was_made_but_cannot_have_it(client_of, viewer, made):
    done, client = made(), client_of(viewer)
    page = client.get("/activity")
    assert "2 people, CSV" in text_of(page)
    assert "/file" not in page.content.decode()
    for part in ("file", "manifest"):
        assert client.get(f"/activity/{done.public_id}/{part}").status_code == 403


@pytest.mark.one_database
def test_a_file_of_everybody_takes_a_fresh_password(browse, made, workspace):
    done = made(selection=Selection.of_filter(None), everybody=True)
    address = f"/activity/{done.public_id}/file"
    assert "Your password" in text_of(browse.get(address))
    wrong = browse.post(address, {"password": "guess"})
    assert wrong.status_code == 422
    assert "This is not your password." in text_of(wrong)
    assert not AuditEntry.objects.filter(workspace=workspace, action="export.download").exists()
    assert content(browse.post(address, {"password": PASSWORD})).count(b"\r\n") == 4
    assert content(browse.get(address)).count(b"\r\n") == 4


def test_an_export_that_failed_is_tried_again_also_of_people_picked_by_hand(browse, made, workspace, crowd):
    picked = crowd(1, default_name="Eve")[0]
    failed = made(selection=Selection.of_ids([picked.id]))
    Operation.objects.filter(id=failed.id).update(state=State.FAILED, reason="The disk was full.")
    assert "The disk was full. Try again" in text_of(browse.get("/activity"))
    browse.post("/activity/again", {"operation": failed.public_id})
    once_more = Operation.objects.filter(workspace=workspace, state=State.QUEUED).get()
    assert "Exporting 1 people" in said_on(browse.get("/activity"))
    assert AuditEntry.objects.get(workspace=workspace, action="people.export").details["people"] == 1
    worked(once_more)
    assert b"Eve" in content(browse.get(f"/activity/{once_more.public_id}/file"))


def test_one_of_everybody_is_not_begun_again_without_the_password(browse, made, workspace):
    failed = made(selection=Selection.of_filter(None), everybody=True)
    Operation.objects.filter(id=failed.id).update(state=State.FAILED)
    browse.post("/activity/again", {"operation": failed.public_id})
    assert "takes your password" in said_on(browse.get("/activity"))
    assert Operation.objects.filter(workspace=workspace).count() == 1


@pytest.mark.one_database
def test_a_large_file_is_sent_piece_by_piece(made, workspace):
    """In memory as a whole, a file of millions of people would end the server."""

    async def read() -> list[bytes]:
        request = ASGIRequest({"type": "http", "method": "GET", "path": "/", "headers": []}, io.BytesIO())
        pieces = (b"x" * 10 for _ in range(5))
        response = download(request, pieces, "x.csv", "text/csv", 50)
        assert response.is_async
        assert response.headers["Content-Length"] == "50"
        return [piece async for piece in response]

    assert asyncio.run(read()) == [b"x" * 10] * 5
