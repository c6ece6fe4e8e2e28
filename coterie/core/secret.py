"""The key that signs sessions and visitor tokens."""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path


def secret_key(folder: Path) -> str:
    """The key kept in `folder`, made at the first call. Two processes that start together end up with the same one."""
    path = folder / "secret_key"
    if not path.exists():
        # Written aside and then given its name, so that nobody ever reads half a key; of two, the first name stands.
        handle, draft = tempfile.mkstemp(dir=folder)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        Path(draft).unlink()
    return path.read_text(encoding="ascii").strip()
