"""The key that signs sessions and visitor tokens."""

import os
import secrets
from pathlib import Path


def secret_key(folder: Path) -> str:
    """The key kept in `folder`, made at the first call. Two processes that start together end up with the same one."""
    path = folder / "secret_key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    key = secrets.token_urlsafe(48)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(key)
    return key
