"""The stream that tells open pages that something changed."""

import asyncio
import signal
import time

import httpx
import psutil
import pytest
from django.db import OperationalError

from coterie.accounts.models import Member, Role, Workspace
from coterie.web import live, watcher
from tests.companion import Companion
from tests.journal.parallel import parallel
from tests.streams import apart, serving, soon, streaming


@pytest.fixture
def cookie_of(client_of):
    """Factory: the session of a new login of this user."""
    return lambda user: client_of(user).cookies["sessionid"].value


@pytest.fixture
def cookie(cookie_of, viewer):
    """The session of a viewer: whoever may see the list is told that it changed."""
    return cookie_of(viewer)


def revision_of(workspace: Workspace) -> int:
    workspace.refresh_from_db()
    return workspace.revision


def test_the_stream_begins_with_the_revision_and_how_long_to_wait_before_coming_again(
    live_server_url, cookie, crowd, workspace
):
    crowd(2)
    with streaming(live_server_url, cookie) as stream:
        assert stream.next() == {"retry": "3000", "id": str(revision_of(workspace))}


def test_the_answer_can_neither_be_compressed_nor_held_back_nor_kept(live_server_url, cookie):
    with streaming(live_server_url, cookie) as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        assert stream.headers["Content-Encoding"] == "identity"
        assert stream.headers["X-Accel-Buffering"] == "no"
        assert stream.headers["Cache-Control"] == "private, no-store"


def test_a_change_is_signalled_by_its_revision_alone_within_two_seconds(live_server_url, cookie, crowd, workspace):
    with streaming(live_server_url, cookie) as stream:
        stream.next()
        began = time.monotonic()
        crowd(1, default_name="Secret Person")
        event = stream.next()
        assert time.monotonic() - began < 2
        revision = str(revision_of(workspace))
        assert event == {"id": revision, "data": revision}


def test_many_changes_are_one_signal_in_two_seconds(live_server_url, cookie, crowd, workspace):
    with streaming(live_server_url, cookie, patience=4) as stream:
        crowd(1)
        stream.signal()
        heard = time.monotonic()
        for _ in range(5):
            crowd(1)
        assert stream.signal() == revision_of(workspace)
        assert time.monotonic() - heard > 1.9
        with pytest.raises(httpx.ReadTimeout):
            stream.signal()


def test_a_page_that_comes_again_hears_at_once_what_it_missed(live_server_url, cookie, crowd, workspace):
    crowd(1)
    missed = revision_of(workspace)
    crowd(1)
    for known in (
        {"last": str(missed)},
        {"since": missed},
        {"last": str(missed), "since": missed + 100},
        {"last": "0"},
    ):
        with streaming(live_server_url, cookie, patience=1, **known) as stream:
            assert stream.signal() == revision_of(workspace)


def test_a_page_that_missed_nothing_hears_nothing(live_server_url, cookie, crowd, workspace):
    crowd(1)
    now = revision_of(workspace)

    def listen(**known) -> None:
        with streaming(live_server_url, cookie, patience=2, **known) as stream:
            stream.next()
            with pytest.raises(httpx.ReadTimeout):
                stream.signal()

    parallel([lambda: listen(last=str(now)), lambda: listen(since=now), listen])


@pytest.mark.parametrize("last", ["x", "-1", "9" * 40, "1 2", "<script>"])
def test_a_meaningless_last_id_is_taken_for_none_and_not_repeated(live_server_url, cookie, last, workspace):
    with streaming(live_server_url, cookie, last=last) as stream:
        assert stream.next() == {"retry": "3000", "id": str(workspace.revision)}


def test_changes_of_other_workspaces_are_not_heard(live_server_url, cookie, crowd, other_workspace):
    with streaming(live_server_url, cookie, patience=2) as stream:
        stream.next()
        crowd(1, in_workspace=other_workspace)
        with pytest.raises(httpx.ReadTimeout):
            stream.next()


@pytest.mark.parametrize("method", ["HEAD", "POST"])
def test_only_get_opens_a_stream(live_server_url, cookie, method):
    answer = httpx.request(method, f"{live_server_url}/users/live", cookies={"sessionid": cookie})
    assert answer.status_code in (403, 405)


def test_whoever_is_not_logged_in_hears_nothing(live_server_url):
    answer = httpx.get(f"{live_server_url}/users/live", headers={"Accept": "text/event-stream"})
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/login")


def test_after_a_logout_or_without_a_role_the_page_cannot_come_again(
    live_server_url, client_of, cookie, viewer, owner, cookie_of
):
    leaving = client_of(owner)
    gone = leaving.cookies["sessionid"].value
    leaving.post("/logout")
    Member.objects.filter(user=viewer).delete()
    for session, status in ((gone, 302), (cookie, 403)):
        answer = httpx.get(f"{live_server_url}/users/live", cookies={"sessionid": session})
        assert answer.status_code == status


def test_one_member_can_open_only_so_many_and_gets_room_back_at_once(live_server_url, cookie, cookie_of, owner):
    async def fill() -> None:
        opened = [await open_stream(live_server_url, cookie) for _ in range(watcher.MOST_PER_MEMBER)]
        reader, writer = await open_connection(live_server_url, cookie)
        assert b" 429 " in await reader.readline()
        writer.close()
        (await open_stream(live_server_url, cookie_of(owner)))[1].close()
        for _reader, writer in opened:
            writer.close()
        await until_there_is_room()

    async def until_there_is_room() -> None:
        async with asyncio.timeout(5):
            while True:
                reader, writer = await open_connection(live_server_url, cookie)
                answer = await reader.readline()
                writer.close()
                if b" 200 " in answer:
                    return
                await asyncio.sleep(0.02)

    apart(fill)


async def open_connection(url: str, cookie: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET /users/live HTTP/1.1\r\nHost: {host}\r\nCookie: sessionid={cookie}\r\n\r\n".encode())
    return reader, writer


async def open_stream(url: str, cookie: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A stream, read to behind its first event."""
    reader, writer = await open_connection(url, cookie)
    head = await reader.readuntil(b"\r\n\r\n")
    assert b" 200 " in head, head
    await reader.readuntil(b"retry: 3000\n")
    return reader, writer


def test_two_hundred_open_pages_hold_no_connection_and_all_hear(tmp_path, member_of, cookie_of, crowd, workspace):
    cookies = [cookie_of(member_of(workspace, Role.VIEWER)) for _ in range(20)]

    async def fill(url: str, server: Companion) -> None:
        opened = [await open_stream(url, cookies[number % 20]) for number in range(200)]
        assert files_of(server) <= 3
        async with httpx.AsyncClient(base_url=url, cookies={"sessionid": cookies[0]}, timeout=20) as client:
            pages = await asyncio.gather(*(client.get("/users") for _ in range(30)))
            assert {page.status_code for page in pages} == {200}
        await asyncio.to_thread(crowd, 1)
        began = time.monotonic()
        await asyncio.gather(*(reader.readuntil(b"\ndata: ") for reader, _writer in opened))
        assert time.monotonic() - began < 4
        for _reader, writer in opened:
            writer.close()

    with serving(tmp_path) as (server, url):
        apart(lambda: fill(url, server))
        process = psutil.Process(server.process.pid)
        assert soon(lambda: process.num_threads() < 60)
        assert httpx.get(f"{url}/readyz").status_code == 200


def files_of(server: Companion) -> int:
    """How often the server has the SQLite database open. On PostgreSQL, a pool of twenty would be empty long before."""
    files = psutil.Process(server.process.pid).open_files()
    return sum(file.path.endswith(".sqlite3") for file in files)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("options", [(), pytest.param(("--processes", "2"), marks=pytest.mark.one_database)])
def test_open_pages_do_not_hold_up_the_end_of_the_server(tmp_path, cookie, crowd, number, options):
    with serving(tmp_path, *options) as (server, url), streaming(url, cookie) as stream:
        stream.next()
        crowd(1)
        stream.signal()
        server.process.send_signal(number)
        with pytest.raises(EOFError):  # Ended in order, not cut off.
            stream.next()
        server.process.wait(10)
        assert "Traceback" not in server.text()
        assert "error" not in server.text().lower()


def test_signs_of_life_come_and_the_stream_ends_by_itself(monkeypatch, workspace, owner):
    monkeypatch.setattr(live, "HEARTBEAT", 0.05)
    monkeypatch.setattr(live, "LIFE", (0.6, 0.6))

    async def listen() -> list[str]:
        return [part async for part in live._signals(workspace.pk, owner.pk, 7, 7)]

    first, *others = apart(listen)
    assert first == "retry: 3000\nid: 7\n\n"
    assert set(others) == {":\n\n"}
    assert 3 <= len(others) <= 13
    assert not watcher.watcher._listeners
    assert not watcher.watcher._open


def test_one_question_serves_all_and_none_is_asked_for_nobody(monkeypatch, workspace, other_workspace):
    asked: list[set[int]] = []
    monkeypatch.setattr(watcher, "EVERY", 0.02)
    monkeypatch.setattr(watcher, "_revisions", lambda wanted: asked.append(set(wanted)) or dict.fromkeys(wanted, 5))
    mine = watcher.Watcher()

    async def listen(place: Workspace, member: int) -> int | None:
        with mine.listening(place.pk, member, 4) as listener:
            return await listener.other_than(4, 5)

    async def all_listen() -> list[int | None]:
        await asyncio.sleep(0.1)
        assert asked == []
        heard = await asyncio.gather(*(listen((workspace, other_workspace)[n % 2], n) for n in range(50)))
        await asyncio.sleep(0.1)
        return heard

    assert apart(all_listen) == [5] * 50
    assert asked == [{workspace.pk, other_workspace.pk}]


def test_the_watcher_survives_a_database_that_is_away(monkeypatch, workspace, caplog):
    answers = iter([OperationalError("away"), OperationalError("away"), {workspace.pk: 9}])

    def answer(_wanted):
        found = next(answers)
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(watcher, "EVERY", 0.02)
    monkeypatch.setattr(watcher, "_revisions", answer)
    mine = watcher.Watcher()

    async def listen() -> int | None:
        with mine.listening(workspace.pk, 1, 4) as listener:
            return await listener.other_than(4, 5)

    assert apart(listen) == 9
    assert len([record for record in caplog.records if "something changed" in record.message]) == 1
