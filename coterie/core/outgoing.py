"""The one client for calls to the outside. Addresses come from members, so they could point into our own network.

A host is resolved once, every address that is not public is refused unless the operator lists `host:port` in
`COTERIE_PRIVATE_HOSTS`, and the connection goes to exactly the address that was checked (no second look-up that could
answer differently). No redirects; answers are limited in size and time.
"""

import asyncio
import datetime as dt
import ipaddress
import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

import httpx
from django.conf import settings

TIMEOUT = 10.0
MAX_ANSWER = 1024 * 1024
# NAT64: the last 32 bits are the IPv4 address that is reached.
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")


class OutgoingError(Exception):
    """A call that was not made or did not succeed, in words for the log and the channel page."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody answered. `data` is None when it is not JSON; `retry_after` is in seconds."""

    status: int
    data: Any
    retry_after: float | None = None


async def post_json(url: str, data: Any) -> Any:
    """POSTs JSON and returns the JSON of a 2xx answer; raises OutgoingError."""
    parts, host, _ = _parts(url)
    answer = await call("POST", url, data=data)
    if not 200 <= answer.status < 300:
        raise OutgoingError(f"{parts.netloc} answered {answer.status}.")
    if answer.data is None:
        raise OutgoingError(f"{host} did not answer as expected: it sent no JSON")
    return answer.data


def ask(method: str, url: str, *, headers: Mapping[str, str] | None = None, data: Any = None) -> Answer:
    """As `call`, for a worker's thread, which has no event loop."""
    return asyncio.run(call(method, url, headers=headers, data=data))


async def call(method: str, url: str, *, headers: Mapping[str, str] | None = None, data: Any = None) -> Answer:
    """One call with JSON or without a body, whatever status it is answered with; raises OutgoingError."""
    parts, host, port = _parts(url)
    try:
        # For all of it: a server that sends a byte now and then would never exceed a limit per byte.
        async with asyncio.timeout(TIMEOUT):
            return await _send(method, parts, host, port, headers or {}, data)
    except (httpx.HTTPError, TimeoutError, ValueError, RecursionError) as error:
        raise OutgoingError(f"{host} did not answer as expected: {str(error) or type(error).__name__}") from error


def _parts(url: str) -> tuple[SplitResult, str, int]:
    """The parts of an address that may be called, its host and port."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise OutgoingError("this is not an address that can be called.") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise OutgoingError("only http and https addresses without a login are called.")
    return parts, parts.hostname, port


@cache
def _tls() -> ssl.SSLContext:
    """Made once: reading the certificates takes 20 ms, and everything else would wait for it."""
    return httpx.create_ssl_context(trust_env=False)


async def _send(method: str, parts: SplitResult, host: str, port: int, headers: Mapping[str, str], data: Any) -> Answer:
    address = await _checked_address(host, port)
    literal = f"[{address}]" if ":" in address else address
    target = urlunsplit((parts.scheme, f"{literal}:{port}", parts.path or "/", parts.query, ""))
    content = None if data is None else json.dumps(data)
    # Not compressed, so that the size we read is the size we get.
    sent = {**headers, "Host": parts.netloc, "Accept-Encoding": "identity"}
    sent |= {"Content-Type": "application/json"} if content is not None else {}
    async with (
        httpx.AsyncClient(verify=_tls(), timeout=TIMEOUT, follow_redirects=False, trust_env=False) as client,
        client.stream(method, target, content=content, headers=sent, extensions={"sni_hostname": host}) as response,
    ):
        return await _read(response)


async def _read(response: httpx.Response) -> Answer:
    content = bytearray()
    async for chunk in response.aiter_raw():
        content += chunk
        if len(content) > MAX_ANSWER:
            raise OutgoingError("the answer is larger than 1 MB.")
    try:
        data = json.loads(content)
    except ValueError:
        data = None
    return Answer(response.status_code, data, _seconds(response.headers.get("Retry-After", "")))


def _seconds(words: str) -> float | None:
    """`Retry-After`: seconds, or a date."""
    if words.isascii() and words.isdigit():
        return float(words[:6])
    try:
        moment = parsedate_to_datetime(words)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return max(0.0, (moment - dt.datetime.now(dt.UTC)).total_seconds())


async def _checked_address(host: str, port: int) -> str:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise OutgoingError(f"{host} cannot be found.") from error
    addresses = [str(item[4][0]) for item in found]
    if f"{host}:{port}" not in settings.PRIVATE_HOSTS:
        for address in addresses:
            if not _is_public(address):
                raise OutgoingError(
                    f"{host} is on a private network; the operator can allow it: COTERIE_PRIVATE_HOSTS={host}:{port}"
                )
    return addresses[0]


def _is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        # Addresses that carry an IPv4 address inside lead to that one.
        inner = ip.ipv4_mapped or ip.sixtofour
        if inner is None and ip in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is None and (ip.is_reserved or ip.is_site_local):
            return False
        ip = inner or ip
    return ip.is_global and not ip.is_multicast
