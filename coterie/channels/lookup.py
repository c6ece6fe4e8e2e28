"""From the key in a URL to its channel."""

import time

from asgiref.sync import sync_to_async
from django.db import connection

from coterie.channels.models import Channel

# A channel is asked for with every message; its settings may lag behind this many seconds.
_FRESH = 2.0
_seen: dict[tuple[str, str], tuple[float, Channel]] = {}


def _asked(kind: str, key: str) -> Channel | None:
    """In a thread that nobody looks after, so it leaves no connection open."""
    try:
        return Channel.objects.filter(kind=kind, key=key, off_at=None).first()
    finally:
        connection.close()


async def find_channel(kind: str, key: str) -> Channel | None:
    """The channel of that kind and key, unless it is off, or None. Remembered for two seconds; a wrong key never is."""
    if len(key) > 64 or not key.isprintable():  # No key of ours; and no database takes a NUL.
        return None
    found = _seen.get((kind, key))
    if found and time.monotonic() - found[0] < _FRESH:
        return found[1]
    channel = await sync_to_async(_asked, thread_sensitive=False)(kind, key)
    if channel is None:
        _seen.pop((kind, key), None)
    else:
        _seen[kind, key] = (time.monotonic(), channel)
    return channel


def forget(channel: Channel) -> None:
    """Has this process ask for the channel anew at once; others do within two seconds."""
    _seen.pop((channel.kind, channel.key), None)
