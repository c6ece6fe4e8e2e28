"""Ids of rows (63-bit, time-ordered, made here) and their public form (24 hex digits).

A row id is `milliseconds since 2020 (41 bits) | process (10 bits) | sequence (12 bits)`. Making it here, not in the
database, means that a set of rows can point at each other before the first INSERT, on every database.

The public form is the id in 16 hex digits and its CRC-32 in 8: it has the shape API clients know, keeps the order of
creation, needs no column or index, and a mistyped one is noticed without asking the database.
"""

import datetime as dt
import os
import secrets
import threading
import time
from zlib import crc32

EPOCH_MS = 1_577_836_800_000  # 2020-01-01T00:00:00Z
_SEQUENCE_BITS = 12
_PROCESS_BITS = 10

_lock = threading.Lock()
_last = 0
_process: tuple[int, int] = (0, 0)


def _process_bits() -> int:
    """A random tag of this process; drawn again after a fork, so that two workers never share a sequence."""
    global _process  # noqa: PLW0603
    pid = os.getpid()
    if _process[0] != pid:
        _process = (pid, secrets.randbits(_PROCESS_BITS) << _SEQUENCE_BITS)
    return _process[1]


def new_ids(count: int) -> list[int]:
    """`count` fresh ids, ascending. Borrows milliseconds from the future when a burst outruns the clock."""
    global _last  # noqa: PLW0603
    sequence_mask = (1 << _SEQUENCE_BITS) - 1
    with _lock:
        tag = _process_bits()
        now = int(time.time() * 1000) - EPOCH_MS
        ms, sequence = _last >> (_SEQUENCE_BITS + _PROCESS_BITS), _last & sequence_mask
        if now > ms:
            ms, sequence = now, -1
        ids = []
        for _ in range(count):
            sequence += 1
            if sequence > sequence_mask:
                ms, sequence = ms + 1, 0
            ids.append(ms << (_SEQUENCE_BITS + _PROCESS_BITS) | tag | sequence)
        if ids:
            _last = ids[-1]
        return ids


def new_id() -> int:
    """One fresh id."""
    return new_ids(1)[0]


def ids_since(moment: dt.datetime) -> int:
    """The least id that a row made at that moment, or later, can have."""
    return max(int(moment.timestamp() * 1000) - EPOCH_MS, 0) << (_SEQUENCE_BITS + _PROCESS_BITS)


def to_public(row_id: int) -> str:
    """The 24 hex digits under which a row is known outside."""
    digits = f"{row_id:016x}"
    return f"{digits}{crc32(digits.encode()):08x}"


def from_public(text: str) -> int | None:
    """The row id behind 24 hex digits, or None when they were never given out."""
    if len(text) != 24:
        return None
    try:
        row_id = int(text[:16], 16)
    except ValueError:
        return None
    if not 0 <= row_id < 1 << 63 or to_public(row_id) != text.lower():
        return None
    return row_id
