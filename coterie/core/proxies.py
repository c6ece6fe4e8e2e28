"""Whose request it is, when it came through the operator's own proxies.

`X-Forwarded-For` is written by whoever likes to. It is believed only as far as a proxy wrote it that the operator named
in `COTERIE_TRUSTED_PROXIES`: from its right end, past the proxies, to the first address that is none.
"""

import ipaddress
from collections.abc import Iterable, Sequence
from typing import Any

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def networks(text: str) -> list[Network]:
    """The networks of a setting such as `10.0.0.0/8,192.0.2.7`; raises ValueError."""
    return [ipaddress.ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip()]


def address(text: str) -> Address | None:
    """The address in `1.2.3.4`, `1.2.3.4:80`, `[::1]:80`, `fe80::1%eth0`, `::ffff:1.2.3.4`; None when there is none."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def seen_through(scope: dict[str, Any], trusted: Sequence[Network]) -> dict[str, Any]:
    """The ASGI scope as the first trusted proxy saw it: with its `client`, and its `scheme` if it was https."""
    client = scope.get("client")
    peer = address(client[0]) if client else None
    if not trusted or peer is None or not _is_in(peer, trusted):
        return scope
    hops = [hop for value in _header(scope, b"x-forwarded-for") for hop in value.split(",")]
    for hop in reversed(hops):
        found = address(hop)
        if found is None:
            break  # Nobody knows what stands before it.
        peer = found
        if not _is_in(peer, trusted):
            break
    protocols = _header(scope, b"x-forwarded-proto")
    secure = bool(protocols) and protocols[-1].rpartition(",")[2].strip().lower() == "https"
    return {**scope, "client": (str(peer), 0), **({"scheme": "https"} if secure else {})}


def _header(scope: dict[str, Any], name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def _is_in(peer: Address, trusted: Iterable[Network]) -> bool:
    return any(peer.version == network.version and peer in network for network in trusted)
