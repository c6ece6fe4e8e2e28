"""The segments of a workspace: listing, making, finding."""

from django.db import IntegrityError, transaction

from coterie.accounts.audit import record
from coterie.accounts.models import Workspace
from coterie.core.ids import from_public
from coterie.core.text import clean
from coterie.segments.models import Segment

MAX_NAME = 256


class NameTaken(ValueError):
    """Another segment of the workspace has this name (in whatever case)."""


def segments_of(workspace: Workspace) -> list[Segment]:
    """All segments, newest first."""
    return list(Segment.objects.filter(workspace=workspace).order_by("-id"))


def names(workspace: Workspace) -> dict[str, str]:
    """Public id → name, by name."""
    return {segment.public_id: segment.name for segment in sorted(segments_of(workspace), key=_by_name)}


def create(workspace: Workspace, name: str, actor: str) -> Segment:
    """A new, empty segment. Raises NameTaken, or ValueError when the name is not 1 to 256 characters long."""
    name = clean(name)
    if not 1 <= len(name) <= MAX_NAME:
        raise ValueError(f"The name of a segment has 1 to {MAX_NAME} characters; this one has {len(name):,}.")
    taken = NameTaken(f"There is already a segment called “{name}”.")
    if _called(workspace, name):
        raise taken
    try:
        with transaction.atomic():
            segment = Segment.objects.create(workspace=workspace, name=name)
            record(workspace, actor, "segment.create", {"segment": segment.public_id, "name": name})
    except IntegrityError as error:  # Somebody else was quicker.
        raise taken from error
    return segment


def find(workspace: Workspace, id_or_name: str) -> Segment | None:
    """The segment of that public id or, failing that, of that name in whatever case."""
    row_id = from_public(id_or_name)
    found = Segment.objects.filter(workspace=workspace, id=row_id).first() if row_id is not None else None
    return found or _called(workspace, clean(id_or_name))


def _called(workspace: Workspace, name: str) -> Segment | None:
    """By name. Compared here and not in the database: SQLite knows the case of ASCII letters only."""
    wanted = name.casefold()
    return next((segment for segment in segments_of(workspace) if segment.name.casefold() == wanted), None)


def _by_name(segment: Segment) -> tuple[str, str]:
    return segment.name.casefold(), segment.name
