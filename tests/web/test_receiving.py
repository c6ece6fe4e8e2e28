"""Files of any size come in through the real server: to the disk, from those who may, or not at all."""

import asyncio
import http.client
import re
import time
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from django.conf import settings

from coterie.journal.models import Operation, State
from coterie.transfers import uploads
from coterie.web import receiving

END = "----coterie-test"


@pytest.fixture
def session(client_of, live_server_url):
    """Factory: cookies and form token of a user's session."""

    def make(user) -> tuple[str, str]:
        client = client_of(user)
        page = client.get("/import").content.decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]*)"', page)
        cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
        return cookies, token[1] if token else "x"

    return make


def post(url, session, pieces, size, *, stop_after=None):
    """The answer to a form with a file of so many bytes; `stop_after` so many pieces the sender is gone."""
    cookies, token = session
    head = (
        f'--{END}\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n{token}\r\n'
        f'--{END}\r\nContent-Disposition: form-data; name="file"; filename="big.csv"\r\n\r\n'
    ).encode()
    tail = f"\r\n--{END}--\r\n".encode()
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
    connection.putrequest("POST", "/import")
    connection.putheader("Cookie", cookies)
    connection.putheader("Content-Type", f"multipart/form-data; boundary={END}")
    connection.putheader("Content-Length", str(len(head) + size + len(tail)))
    connection.endheaders()
    connection.send(head)
    for number, piece in enumerate(pieces):
        if number == stop_after:
            connection.close()
            return None
        connection.send(piece)
    connection.send(tail)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def parts() -> list[Path]:
    return list((Path(settings.DATA) / "uploads.tmp").iterdir())


HEADER = b"email,note\n"
ROW = b"a@example.test," + b"x" * 1_000 + b"\n"


def test_a_large_file_comes_in_without_filling_the_memory(live_server_url, session, editor, workspace):
    block, count = ROW * 1_000, 100
    server = next(
        process
        for process in psutil.process_iter(["cmdline"])
        if str(urlsplit(live_server_url).port) in (process.info["cmdline"] or [])
    )
    before, most = server.memory_info().rss, 0

    def pieces():
        nonlocal most
        yield HEADER
        for _ in range(count):
            most = max(most, server.memory_info().rss)
            yield block

    answer = post(live_server_url, session(editor), pieces(), len(HEADER) + count * len(block))
    most = max(most, server.memory_info().rss)
    assert answer.status == 302
    upload = uploads.find(workspace, answer.headers["Location"].rpartition("/")[2])
    assert upload.file.stat().st_size == len(HEADER) + count * len(block)
    assert parts() == []
    # No worker is to find the check.
    Operation.objects.filter(workspace=workspace).update(state=State.DONE)
    # 100 MB came in.
    assert most - before < 60 << 20


def test_a_file_of_somebody_who_may_not_is_never_written(live_server_url, session, viewer, workspace):
    block = ROW * 1_000

    def pieces():
        for _ in range(20):
            yield block
            assert parts() == []

    answer = post(live_server_url, session(viewer), pieces(), 20 * len(block))
    assert (answer.status, answer.headers["Location"]) == (303, "/import")
    assert not uploads.folder(workspace).exists()


def test_without_a_login_it_leads_to_the_form_which_asks_for_one(live_server_url):
    answer = post(live_server_url, ("sessionid=none", "x"), [ROW], len(ROW))
    assert (answer.status, answer.headers["Location"]) == (303, "/import")


def test_a_form_without_its_token_is_refused(live_server_url, session, editor, workspace):
    cookies, _token = session(editor)
    assert post(live_server_url, (cookies, "x" * 64), [HEADER, ROW], len(HEADER + ROW)).status == 403
    assert not uploads.folder(workspace).exists()


def test_an_upload_that_breaks_off_leaves_nothing(live_server_url, session, editor, workspace):
    block = ROW * 1_000
    post(live_server_url, session(editor), [block] * 10, 10 * len(block), stop_after=5)
    time.sleep(0.3)
    assert parts() == []
    assert not uploads.folder(workspace).exists()


def test_other_addresses_still_take_small_bodies_only(live_server_url, session, editor):
    parts = urlsplit(live_server_url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
    connection.putrequest("POST", "/import/" + "0" * 32)
    connection.putheader("Content-Length", str(20 << 20))
    connection.endheaders()
    with pytest.raises((OSError, http.client.HTTPException)):
        for _ in range(20):
            connection.send(bytes(1 << 20))
        if connection.getresponse().status != 200:
            raise OSError
    connection.close()


def take(pieces: list[bytes]):
    """What becomes of a body in these pieces."""
    waiting = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    waiting.append({"type": "http.request", "body": b""})

    async def receive():
        return waiting.pop(0)

    body = receiving._Body("")
    asyncio.run(body.take(receive))
    assert not waiting
    with body.file:
        return body.problem, body.file.read()


def test_too_much_is_read_to_its_end_and_forgotten(monkeypatch):
    monkeypatch.setattr(settings, "IMPORT_MAX", 3 << 20)
    assert take([bytes(1 << 20)] * 2) == ("", bytes(2 << 20))
    assert take([bytes(1 << 20)] * 8) == ("size", b"")


def test_a_full_disk_is_no_error_of_the_server(monkeypatch):
    def full(*_arguments):
        raise OSError(28, "No space left on device")

    async def thread(function, block):
        return full() if len(block) > 1 else function(block)

    monkeypatch.setattr(receiving.asyncio, "to_thread", thread)
    assert take([bytes(1 << 20)] * 3) == ("disk", b"")


def test_the_folder_for_parts_is_the_operator_s_alone():
    assert Path(settings.FILE_UPLOAD_TEMP_DIR).stat().st_mode & 0o077 == 0
