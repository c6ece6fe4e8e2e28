"""The one client for calls to the outside. Addresses come from members, so they could point into our own network.

A host is resolved once, every address that is not public is refused unless the operator lists `host:port` in
`COTERIE_PRIVATE_HOSTS`, and the connection goes to exactly the address that was checked (no second look-up that could
answer differently). No redirects; answers are limited in size and time.
"""

import asyncio
import ipaddress
import json
import socket
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
from django.conf import settings

TIMEOUT = 10.0
MAX_ANSWER = 1024 * 1024


class OutgoingError(Exception):
    """A call that was not made or did not succeed, in words for the log and the channel page."""


async def post_json(url: str, data: Any) -> Any:
    """POSTs JSON and returns the JSON of a 2xx answer; raises OutgoingError."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise OutgoingError("only http and https addresses without a login are called.")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = await _checked_address(parts.hostname, port)
    literal = f"[{address}]" if ":" in address else address
    target = urlunsplit((parts.scheme, f"{literal}:{port}", parts.path or "/", parts.query, ""))
    headers = {"Host": parts.netloc, "Content-Type": "application/json"}
    try:
        async with (
            httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False, trust_env=False) as client,
            client.stream(
                "POST",
                target,
                content=json.dumps(data),
                headers=headers,
                extensions={"sni_hostname": parts.hostname},
            ) as response,
        ):
            return await asyncio.wait_for(_read(response), TIMEOUT)
    except (httpx.HTTPError, TimeoutError, ValueError) as error:
        raise OutgoingError(f"{parts.hostname} did not answer as expected: {error or type(error).__name__}") from error


async def _read(response: httpx.Response) -> Any:
    if not response.is_success:
        raise OutgoingError(f"{response.request.headers['Host']} answered {response.status_code}.")
    content = bytearray()
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > MAX_ANSWER:
            raise OutgoingError("the answer is larger than 1 MB.")
    return json.loads(content)


async def _checked_address(host: str, port: int) -> str:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
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
    mapped = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None)
    return (mapped or ip).is_global and not (mapped or ip).is_multicast
