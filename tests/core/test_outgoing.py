"""Calls to the outside never reach our own network, follow nobody, and end."""

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from django.conf import LazySettings

from coterie.core import outgoing
from coterie.core.outgoing import OutgoingError, ask, post_json
from tests.core.serving import Answer, Server, reply, served


def post(url: str, data: Any = None) -> Any:
    return asyncio.run(post_json(url, data))


@pytest.fixture
def server() -> Iterator[Server]:
    with served() as found:
        yield found


@pytest.fixture
def allowed(server: Server, settings: LazySettings) -> Server:
    """A server that the operator allows."""
    settings.PRIVATE_HOSTS = [f"127.0.0.1:{server.port}"]
    return server


def test_the_answer_of_a_host_the_operator_allows_is_returned(allowed: Server) -> None:
    assert post(f"{allowed.url}/bot?x=1", {"text": "Zażółć"}) == {"ok": True}
    ((path, headers, body),) = allowed.requests
    assert path == "/bot?x=1"
    assert json.loads(body) == {"text": "Zażółć"}
    assert headers["Host"] == f"127.0.0.1:{allowed.port}"
    assert headers["Content-Type"] == "application/json"


def test_our_own_network_is_refused_without_a_connection(server: Server) -> None:
    for host in ("127.0.0.1", "localhost", "0.0.0.0", "127.1", "2130706433", "0x7f000001", "[::ffff:127.0.0.1]"):
        with pytest.raises(OutgoingError):
            post(f"http://{host}:{server.port}/")
    assert server.requests == []


def test_one_allowed_port_allows_no_other(allowed: Server) -> None:
    with served() as other, pytest.raises(OutgoingError, match=f"COTERIE_PRIVATE_HOSTS=127.0.0.1:{other.port}"):
        post(other.url)
    assert other.requests == []


@pytest.mark.parametrize(
    "address",
    [
        *("10.0.0.1", "172.16.0.1", "192.168.1.1", "127.0.0.1", "127.255.255.254", "0.0.0.0", "169.254.169.254"),
        *("100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::ffff:0:127.0.0.1"),
        *("2002:7f00:1::", "2002:a00:1::1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "2001:0:1::1"),
    ],
)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not outgoing._is_public(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_a_public_address_is_called(address: str) -> None:
    assert outgoing._is_public(address)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What names resolve to, in place of DNS; look-ups are taken from the front while there is more than one."""
    table: dict[str, list[str]] = {}
    real = socket.getaddrinfo

    def look_up(host: Any, port: Any, *arguments: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in table:
            return real(host, port, *arguments, **options)
        return [
            (socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in table[name]
        ]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return table


def test_a_name_that_leads_into_our_network_is_refused(server: Server, names: dict[str, list[str]]) -> None:
    names["evil.test"] = ["127.0.0.1"]
    with pytest.raises(OutgoingError, match="private network"):
        post(f"http://evil.test:{server.port}/")
    assert server.requests == []


def test_a_name_with_a_public_and_a_private_address_is_refused(server: Server, names: dict[str, list[str]]) -> None:
    names["evil.test"] = ["1.1.1.1", "127.0.0.1"]
    with pytest.raises(OutgoingError, match="private network"):
        post(f"http://evil.test:{server.port}/")


def test_the_address_that_was_checked_is_the_one_that_is_called(
    server: Server, names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that answers differently the second time (DNS rebinding) is not asked a second time."""
    names["rebind.test"] = ["127.0.0.1"]
    asked: list[str] = []
    real = outgoing._is_public

    def public_then_private(address: str) -> bool:
        asked.append(address)
        names["rebind.test"] = ["10.255.255.1"]
        return not real(address)  # As if 127.0.0.1 were public, so that something can answer.

    monkeypatch.setattr(outgoing, "_is_public", public_then_private)
    assert post(f"http://rebind.test:{server.port}/") == {"ok": True}
    assert asked == ["127.0.0.1"]
    ((_, headers, _),) = server.requests
    assert headers["Host"] == f"rebind.test:{server.port}"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(allowed: Server, status: int) -> None:
    with served() as inner:
        allowed.answer = lambda request: reply(request, b"", status, Location=f"{inner.url}/secret")
        with pytest.raises(OutgoingError, match=str(status)):
            post(allowed.url)
    assert inner.requests == []
    assert len(allowed.requests) == 1


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_an_answer_of_failure_is_an_error(allowed: Server, status: int) -> None:
    allowed.answer = lambda request: reply(request, b"{}", status)
    with pytest.raises(OutgoingError, match=f"answered {status}"):
        post(allowed.url)


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"\xff\xfe", b"[" * 500_000])
def test_an_answer_that_is_no_json_is_an_error(allowed: Server, body: bytes) -> None:
    allowed.answer = lambda request: reply(request, body)
    with pytest.raises(OutgoingError):
        post(allowed.url)


def test_an_answer_of_a_megabyte_is_read_and_a_bigger_one_is_not(allowed: Server) -> None:
    allowed.answer = lambda request: reply(request, b'"' + b"x" * (1024 * 1024 - 2) + b'"')
    assert len(post(allowed.url)) == 1024 * 1024 - 2
    sent = [0]

    def flood(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        for _ in range(2_000):
            request.wfile.write(b"x" * 65_536)
            sent[0] += 65_536

    allowed.answer = flood
    with pytest.raises(OutgoingError, match="larger than 1 MB"):
        post(allowed.url)
    assert sent[0] < 50_000_000


def test_a_small_answer_cannot_grow_by_being_unpacked(allowed: Server) -> None:
    import gzip

    packed = gzip.compress(b'"' + b"x" * 50_000_000 + b'"', 1)
    allowed.answer = lambda request: reply(request, packed, Content_Encoding="gzip")
    with pytest.raises(OutgoingError):
        post(allowed.url)
    assert allowed.requests[0][1]["Accept-Encoding"] == "identity"


def drip(part: bytes) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        if part == b"body":
            request.send_response(200)
            request.end_headers()
        for _ in range(200):
            request.wfile.write(b"x" if part == b"body" else b"HTTP/1.1 200 OK\r\n"[:1])
            request.wfile.flush()
            time.sleep(0.05)

    return answer


@pytest.mark.parametrize("part", [b"head", b"body", b"nothing"])
def test_a_slow_answer_ends_when_the_time_is_up(allowed: Server, monkeypatch: pytest.MonkeyPatch, part: bytes) -> None:
    """Also one that sends a byte now and then."""
    monkeypatch.setattr(outgoing, "TIMEOUT", 0.5)
    allowed.answer = (lambda request: time.sleep(3)) if part == b"nothing" else drip(part)
    started = time.monotonic()
    with pytest.raises(OutgoingError):
        post(allowed.url)
    assert time.monotonic() - started < 2.5


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "bot",
            "//example.test",
            "ftp://example.test/",
            "file:///etc/passwd",
            "gopher://x",
            "javascript:alert(1)",
        ),
        *("http://", "http:///path", "http://user@example.test/", "http://user:pw@example.test/", "http://:pw@x.test/"),
        *("http://example.test:99999/", "http://example.test:x/", "http://[::1/", "http://[zz]/", "http://@x.test/"),
    ],
)
def test_what_is_no_plain_web_address_is_not_called(url: str) -> None:
    with pytest.raises(OutgoingError):
        post(url)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 70 + ".test", "a..test", "ex\x00ample.test", "%00"])
def test_a_host_that_is_not_there_is_an_error(host: str) -> None:
    with pytest.raises(OutgoingError):
        post(f"http://{host}/")


def test_nobody_listening_is_an_error(settings: LazySettings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        settings.PRIVATE_HOSTS = [f"127.0.0.1:{port}"]
        with pytest.raises(OutgoingError, match=r"127\.0\.0\.1 did not answer"):
            post(f"http://127.0.0.1:{port}/")


def test_a_proxy_in_the_environment_is_not_used(allowed: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with served() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        assert post(allowed.url) == {"ok": True}
    assert proxy.requests == []


def test_a_call_has_its_own_headers_and_tells_every_status(allowed: Server) -> None:
    allowed.answer = lambda request: reply(request, b'{"ok": false}', 429, Retry_After="30")
    answer = ask("GET", f"{allowed.url}/api/users.info?user=U1", headers={"Authorization": "Bearer xoxb-1"})
    assert answer == outgoing.Answer(429, {"ok": False}, 30.0)
    path, headers, body = allowed.requests[0]
    assert (path, headers["Authorization"], body) == ("/api/users.info?user=U1", "Bearer xoxb-1", b"")


@pytest.mark.parametrize(
    ("words", "seconds"), [("", None), ("soon", None), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0), ("9" * 30, 999999.0)]
)
def test_a_wish_to_wait_is_understood_in_both_forms(allowed: Server, words: str, seconds: float | None) -> None:
    allowed.answer = lambda request: reply(request, b"<html>", 503, Retry_After=words)
    assert ask("GET", allowed.url) == outgoing.Answer(503, None, seconds)
