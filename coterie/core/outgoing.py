"""The one client for calls to the outside. Addresses come from members, so they could point into our own network.

A host is resolved once, every address that is not public is refused unless the operator lists `host:port` in
`COTERIE_PRIVATE_HOSTS`, and the connection goes to exactly the address that was checked (no second look-up that could
answer differently). No redirects; answers are limited in size and time.
"""

import asyncio
import ipaddress
import json
import socket
import ssl
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


async def post_json(url: str, data: Any) -> Any:
    """POSTs JSON and returns the JSON of a 2xx answer; raises OutgoingError."""
    parts, host, port = _parts(url)
    try:
        # For all of it: a server that sends a byte now and then would never exceed a limit per byte.
        async with asyncio.timeout(TIMEOUT):
            return await _post(parts, host, port, data)
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


async def _post(parts: SplitResult, host: str, port: int, data: Any) -> Any:
    address = await _checked_address(host, port)
    literal = f"[{address}]" if ":" in address else address
    target = urlunsplit((parts.scheme, f"{literal}:{port}", parts.path or "/", parts.query, ""))
    # Not compressed, so that the size we read is the size we get.
    headers = {"Host": parts.netloc, "Content-Type": "application/json", "Accept-Encoding": "identity"}
    async with (
        httpx.AsyncClient(verify=_tls(), timeout=TIMEOUT, follow_redirects=False, trust_env=False) as client,
        client.stream(
            "POST",
            target,
            content=json.dumps(data),
            headers=headers,
            extensions={"sni_hostname": host},
        ) as response,
    ):
        return await _read(response)


async def _read(response: httpx.Response) -> Any:
    if not response.is_success:
        raise OutgoingError(f"{response.request.headers['Host']} answered {response.status_code}.")
    content = bytearray()
    async for chunk in response.aiter_raw():
        content += chunk
        if len(content) > MAX_ANSWER:
            raise OutgoingError("the answer is larger than 1 MB.")
    return json.loads(content)


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
