"""Files that were sent to be imported, and what is wished about each: kept as long as somebody may come back to them.

Each has a folder of its own, below its workspace's, under an id that cannot be guessed: the file, the draft, rejected
rows. The file goes as soon as its import is over, the rest a week later, and what nobody went on with after a day.
"""

import datetime as dt
import fcntl
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from django.conf import settings

from coterie.accounts.models import Workspace
from coterie.core.clock import UTC, now
from coterie.core.text import clean
from coterie.journal.models import Operation
from coterie.transfers import checking
from coterie.transfers.wishes import Wishes, from_json

UNUSED, KEPT = dt.timedelta(days=1), dt.timedelta(days=7)
_ID = re.compile(r"[0-9a-f]{32}")
_DRAFT, _LOCK = ".draft.json", ".lock"
_BAD = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|\u202a-\u202e\u2066-\u2069]+')
# Bytes, which are what file systems count.
_LONGEST_NAME = 150


@dataclass(frozen=True, slots=True)
class Draft:
    """What is wished so far. `new_segments` are names of segments that are made when the import begins.

    `check` and `operation` are ids: of the newest check of exactly these wishes, and of the import.
    """

    file: str
    actor: str
    wishes: Wishes = field(default_factory=Wishes)
    new_segments: tuple[str, ...] = ()
    check: int | None = None
    operation: int | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent; `id` is part of its address."""

    id: str
    folder: Path
    draft: Draft

    @property
    def file(self) -> Path:
        """Where it is, as long as it is kept."""
        return self.folder / self.draft.file


def keep(workspace: Workspace, actor: str, name: str, put: Callable[[Path], None]) -> Upload:
    """Makes the place for a file and has `put` move or write it there. Nothing remains when that fails."""
    upload_id = secrets.token_hex(16)
    place = folder(workspace) / upload_id
    place.mkdir(mode=0o700, parents=True)
    upload = Upload(upload_id, place, Draft(file_name(name), actor))
    try:
        put(upload.file)
        upload.file.chmod(0o600)
        return save(upload, upload.draft)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise


def find(workspace: Workspace, upload_id: str) -> Upload | None:
    """The upload of that id, if it is this workspace's."""
    return _read(folder(workspace) / upload_id) if _ID.fullmatch(upload_id) else None


@contextmanager
def alone(upload: Upload) -> Iterator[Upload]:
    """The upload as it is now, while nobody else changes it: who presses twice, or quickly, is served in turn."""
    with (upload.folder / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield _read(upload.folder) or upload


def of_import(operation: Operation) -> Upload | None:
    """The upload that an import was begun from, as long as it is kept."""
    place = Path(operation.details.get("path", "")).parent
    return find(operation.workspace, place.name) if place.parent == folder(operation.workspace) else None


def save(upload: Upload, draft: Draft) -> Upload:
    """Keeps another draft: as a whole or not at all."""
    data: dict[str, Any] = {**asdict(draft), "wishes": draft.wishes.to_json()}
    part = upload.folder / f".{secrets.token_hex(4)}.part"
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(data, file)
    part.replace(upload.folder / _DRAFT)
    return replace(upload, draft=draft)


def remove(upload: Upload) -> None:
    """Deletes the file and all that was noted about it."""
    shutil.rmtree(upload.folder, ignore_errors=True)


def folder(workspace: Workspace) -> Path:
    """Where the uploads of a workspace are."""
    return Path(settings.DATA) / "imports" / str(workspace.uid)


def file_name(name: str) -> str:
    """A name as somebody's computer had it, as a harmless one of ours."""
    # Dots in front would hide it, and are ours.
    stem, dot, ending = _BAD.sub(" ", clean(name)).strip(" .").rpartition(".")
    if not stem:
        stem, dot, ending = ending, "", ""
    ending = ending[:20]
    stem = stem.encode()[: _LONGEST_NAME - len(ending.encode())].decode(errors="ignore").strip()
    return f"{stem or 'file'}{dot}{ending}"


def clean_up() -> int:
    """Deletes what nobody needs any more; returns how many uploads went."""
    removed = 0
    for place in (Path(settings.DATA) / "imports").glob("*/*"):
        upload = _read(place)
        operation = upload and upload.draft.operation and Operation.objects.filter(id=upload.draft.operation).first()
        if operation and not operation.is_over:
            continue
        if upload and operation:
            upload.file.unlink(missing_ok=True)
        if _age(place) > (KEPT if operation else UNUSED):
            shutil.rmtree(place, ignore_errors=True)
            removed += 1
    for part in (Path(settings.DATA) / "uploads.tmp").glob("*.upload*"):
        if _age(part) > UNUSED:
            part.unlink(missing_ok=True)
    Operation.objects.filter(kind=checking.KIND, finished_at__lt=now() - UNUSED).delete()
    return removed


def _age(place: Path) -> dt.timedelta:
    """Since it was used."""
    draft = place / _DRAFT
    try:
        used = (draft if draft.exists() else place).stat().st_mtime
    except OSError:
        return dt.timedelta()
    return now() - dt.datetime.fromtimestamp(used, UTC)


def _read(place: Path) -> Upload | None:
    try:
        data: Mapping[str, Any] = json.loads((place / _DRAFT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    wishes, new = from_json(data["wishes"]), tuple(data["new_segments"])
    return Upload(place.name, place, Draft(**{**data, "wishes": wishes, "new_segments": new}))
