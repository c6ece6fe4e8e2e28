"""File slots: which replica file this process may use.

A lock file per slot is held for the life of the process; the operating system lets go of it however the process ends.
"""

import fcntl
import os
from dataclasses import dataclass
from itertools import count
from pathlib import Path


@dataclass(slots=True)
class Slot:
    """A replica file that is ours until `release`."""

    path: Path
    handle: int

    def release(self) -> None:
        """Frees the slot for another process."""
        if self.handle >= 0:
            os.close(self.handle)
            self.handle = -1


def take_slot(folder: Path, name: str) -> Slot:
    """The first file `name-<n>.duckdb` in `folder` that no other process holds."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in count():
        lock = folder / f"{name}-{number}.lock"
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            continue
        return Slot(folder / f"{name}-{number}.duckdb", handle)
    raise AssertionError
