"""Exports as files: written as a whole or not at all, with a manifest, and kept for seven days."""

import datetime as dt
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from coterie.accounts.models import Workspace
from coterie.audience.audience import Audience
from coterie.audience.compiler import Predicate
from coterie.core.clock import UTC, iso, now
from coterie.core.ids import from_public, new_id, to_public
from coterie.transfers.export import Export, Form, opened
from coterie.transfers.headings import personal_keys
from coterie.transfers.manifest import ENDING, Manifest, read

KEPT = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Reason:
    """Who wants the file, and who is in it: `filter` in words, `query` as a query string."""

    actor: str
    filter: str
    query: str


@dataclass(frozen=True, slots=True)
class Kept:
    """An export that can be downloaded until `until`."""

    id: str
    path: Path
    manifest: Manifest
    until: dt.datetime


def write(
    path: Path,
    audience: Audience,
    predicate: Predicate,
    form: Form,
    reason: Reason,
    progress: Callable[[int], None] = lambda people: None,
    stop: Callable[[], bool] = lambda: False,
) -> Manifest:
    """Writes the file and its manifest.

    Into a file beside it, which takes its name when complete: a failure, or `rows.Stopped`, leaves no half file.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    digest, size = hashlib.sha256(), 0
    try:
        with opened(audience, predicate, form) as export:
            # People's data: for the operator alone, as the database is.
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                for piece in export.pieces(progress, stop):
                    digest.update(piece)
                    size += file.write(piece)
            manifest = _manifest(path.name, export, reason, size, digest.hexdigest())
        part.replace(path)
        manifest.write(path.parent)
    finally:
        part.unlink(missing_ok=True)
    return manifest


def streamed(
    name: str,
    audience: Audience,
    predicate: Predicate,
    form: Form,
    reason: Reason,
    over: Callable[[Manifest | None], None],
) -> Iterator[bytes]:
    """The file called `name`, piece by piece; it is kept nowhere.

    `over` is told its manifest when all of it was taken, and None when it broke off, for whatever reason.
    """
    digest, size, manifest = hashlib.sha256(), 0, None
    try:
        with opened(audience, predicate, form) as export:
            for piece in export.pieces():
                digest.update(piece)
                size += len(piece)
                yield piece
            manifest = _manifest(name, export, reason, size, digest.hexdigest())
    finally:
        over(manifest)


def keep(
    name: str,
    audience: Audience,
    predicate: Predicate,
    form: Form,
    reason: Reason,
    progress: Callable[[int], None] = lambda people: None,
    stop: Callable[[], bool] = lambda: False,
    *,
    export_id: str | None = None,
) -> Kept:
    """Writes an export that stays downloadable for `KEPT`. `name` without its ending: `users-2026-11-25`.

    An export of the same id that was begun before is written anew.
    """
    place = folder(audience.workspace) / (export_id or to_public(new_id()))
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(mode=0o700, parents=True)
    try:
        write(place / f"{name}.{form.format.value}", audience, predicate, form, reason, progress, stop)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    found = _kept(place)
    if found is None:
        raise OSError(f"the export in {place} is gone")
    return found


def find(workspace: Workspace, export_id: str) -> Kept | None:
    """The export of that id, unless its time is over."""
    if from_public(export_id) is None:
        return None
    found = _kept(folder(workspace) / export_id.lower())
    return found if found is not None and found.until > now() else None


def kept(workspace: Workspace) -> list[Kept]:
    """All that can be downloaded, newest first."""
    places = sorted(folder(workspace).glob("*"), reverse=True)
    return [found for place in places if (found := _kept(place)) is not None and found.until > now()]


def remove(workspace: Workspace, export_id: str) -> None:
    """Deletes one export before its time."""
    if from_public(export_id) is not None:
        shutil.rmtree(folder(workspace) / export_id.lower(), ignore_errors=True)


def clean() -> int:
    """Deletes every export whose time is over, and what a process that was killed left behind; returns how many."""
    removed = 0
    for place in (Path(settings.DATA) / "exports").glob("*/*"):
        found = _kept(place)
        until = found.until if found else dt.datetime.fromtimestamp(place.stat().st_mtime, UTC) + KEPT
        if until <= now():
            shutil.rmtree(place, ignore_errors=True)
            removed += 1
    return removed


def folder(workspace: Workspace) -> Path:
    """Where the exports of a workspace are."""
    return Path(settings.DATA) / "exports" / str(workspace.uid)


def _manifest(name: str, export: Export, reason: Reason, size: int, digest: str) -> Manifest:
    return Manifest(
        file=name,
        format=export.form.format.value,
        people=export.people,
        filter=reason.filter,
        query=reason.query,
        revision=export.revision,
        actor=reason.actor,
        made_at=iso(now()) or "",
        columns=[column.key for column in export.columns],
        personal=personal_keys(export.columns),
        raw=export.form.raw,
        bytes=size,
        sha256=digest,
    )


def _kept(place: Path) -> Kept | None:
    """The export in a folder; None when it is not complete."""
    for path in place.glob(f"*{ENDING}"):
        manifest = read(path)
        file = place / Path(manifest.file).name
        if file.exists():
            return Kept(place.name, file, manifest, dt.datetime.fromisoformat(manifest.made_at) + KEPT)
    return None
