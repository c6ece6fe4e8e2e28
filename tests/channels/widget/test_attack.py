"""The widget's doors at the real server: bodies without end, floods, headers that lie."""

import json
import socket
import threading
from urllib.parse import urlsplit

import httpx
import pytest

from coterie.channels.models import Channel
from coterie.chats.models import Message
from coterie.people.models import Person


@pytest.fixture
def door(workspace, live_server_url):
    channel = Channel.objects.create(workspace=workspace, kind="widget", name="Shop", settings={"thanks": "Thanks!"})
    return f"{live_server_url}/channels/widget/{channel.key}"


def body(number=1, session="s", text="hi"):
    return {"session": session, "id": f"m{number}", "text": text, "context": {}}


def rushing(door, headers, parts):
    """Sends a request part by part until the server has had enough; returns how much it took and what it answered."""
    address = urlsplit(door)
    taken = 0
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        head = f"POST {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\n{headers}\r\n\r\n"
        connection.sendall(head.encode())
        try:
            for part in parts:
                connection.sendall(part)
                taken += len(part)
        except OSError:
            pass
        try:
            connection.settimeout(5)
            answer = connection.recv(1000)
        except OSError:
            answer = b""
    return taken, answer


FIFTY = 50 * 1024 * 1024
PIECE = b"x" * 65_536


def test_a_body_of_fifty_megabytes_is_not_taken(workspace, door):
    taken, answer = rushing(door, f"Content-Length: {FIFTY}", [PIECE] * (FIFTY // len(PIECE)))
    assert not answer.startswith(b"HTTP/1.1 200")
    assert taken < FIFTY
    assert httpx.get(door).status_code == 200
    assert not Person.objects.filter(workspace=workspace).exists()


def test_a_body_without_an_announced_end_is_not_taken(door):
    chunk = b"10000\r\n" + PIECE + b"\r\n"
    taken, answer = rushing(door, "Transfer-Encoding: chunked", [chunk] * (FIFTY // len(PIECE)))
    assert not answer.startswith(b"HTTP/1.1 200")
    assert taken < FIFTY
    assert httpx.get(door).status_code == 200


def test_a_length_that_is_none_is_refused(door):
    for length in ("-5", "many", "9" * 40):
        _, answer = rushing(door, f"Content-Length: {length}", [])
        assert not answer.startswith((b"HTTP/1.1 2", b"HTTP/1.1 5"))


def test_a_header_does_not_make_an_address(workspace, door):
    headers = {"X-Forwarded-For": "81.2.69.142", "X-Forwarded-Proto": "https", "Forwarded": "for=81.2.69.142"}
    httpx.post(door, json=body(), headers=headers).raise_for_status()
    assert Person.objects.get(workspace=workspace).attributes["default_ip"] == "127.0.0.1"


def test_the_same_first_message_by_eight_at_once_is_one_visitor_and_one_message(workspace, door):
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(httpx.post(door, json=body(), timeout=60))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["visitor"] for answer in answers}) == 1
    assert Message.objects.filter(workspace=workspace, sender="user").count() == 1
    assert Message.objects.filter(workspace=workspace, text="Thanks!").count() == 1


def test_a_flood_by_one_visitor_is_slowed_down_and_others_are_still_served(workspace, door):
    token = httpx.post(door, json=body(0)).json()["visitor"]
    with httpx.Client() as client:
        codes = [client.post(door, json={**body(n), "visitor": token}).status_code for n in range(1, 90)]
    assert 429 in codes
    assert set(codes) == {200, 429}
    assert httpx.post(door, json=body(1, "another")).status_code == 200
    assert Message.objects.filter(workspace=workspace, sender="user").count() == codes.count(200) + 2


def test_an_error_repeats_no_token(door):
    answer = httpx.post(door, content=json.dumps({"visitor": "visitor-forged:xyz"}))
    assert answer.status_code == 422
    assert "visitor-forged" not in answer.text
