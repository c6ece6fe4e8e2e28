"""Everything about one person, as a download."""

import io
import json
from zipfile import ZipFile

import pytest

from coterie.accounts.models import AuditEntry


@pytest.fixture
def ada(crowd):
    return crowd(1, default_name="Ada", default_email="ada@example.test")[0]


def address(person) -> str:
    return f"/users/{person.public_id}/everything"


def files_of(response) -> dict[str, str]:
    archive = ZipFile(io.BytesIO(b"".join(response.streaming_content)))
    return {name: archive.read(name).decode() for name in archive.namelist()}


def test_it_is_one_zip_file_and_written_to_the_audit_trail(browse, ada, workspace):
    assert browse.get(address(ada)).status_code == 200
    assert not AuditEntry.objects.filter(workspace=workspace).exists()
    response = browse.post(address(ada))
    assert response.headers["Content-Disposition"].startswith(f'attachment; filename="person-{ada.public_id}-')
    assert response.headers["Cache-Control"] == "private, no-store"
    found = files_of(response)
    assert set(found) == {"person.json", "chats.jsonl", "transcripts.txt"}
    assert json.loads(found["person.json"])["attributes"]["default_name"]["value"] == "Ada"
    assert AuditEntry.objects.get(workspace=workspace).action == "person.everything"


@pytest.mark.one_database
def test_a_viewer_may_not_have_it(client_of, viewer, ada):
    client = client_of(viewer)
    assert client.get(address(ada)).status_code == 403
    assert client.post(address(ada)).status_code == 403


def test_a_person_of_another_workspace_is_not_found(client_of, stranger, ada):
    client = client_of(stranger)
    assert client.get(address(ada)).status_code == 404
    assert client.post(address(ada)).status_code == 404
