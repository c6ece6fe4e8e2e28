"""The segments of a workspace: listing, making, naming, finding."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction

from coterie.accounts.audit import record
from coterie.accounts.models import Workspace
from coterie.core.ids import from_public
from coterie.core.text import clean
from coterie.segments.models import Segment

MAX_NAME = 256


class NameTaken(ValueError):
    """Another segment of the workspace has this name (in whatever case)."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is already a segment called “{name}”.")


def segments_of(workspace: Workspace) -> list[Segment]:
    """All segments that were not removed, newest first."""
    return list(Segment.objects.filter(workspace=workspace).order_by("-id"))


def manual_segments(workspace: Workspace) -> list[Segment]:
    """Those that people can be put in by hand, newest first."""
    return [segment for segment in segments_of(workspace) if not segment.is_rule]


def create(workspace: Workspace, name: str, actor: str) -> Segment:
    """A new, empty segment. Raises NameTaken, or ValueError when the name is not 1 to 256 characters long."""
    return add(workspace, Segment(workspace=workspace, name=free_name(workspace, name), created_by=actor[:80]))


def add(workspace: Workspace, segment: Segment) -> Segment:
    """Writes a new segment and its audit entry; raises NameTaken when somebody else was quicker."""
    with name_taken(segment.name), transaction.atomic():
        segment.save(force_insert=True)
        details = {"segment": segment.public_id, "name": segment.name, "kind": segment.kind}
        record(workspace, segment.created_by, "segment.create", details)
    return segment


def rename(workspace: Workspace, segment: Segment, name: str, actor: str) -> None:
    """Another name. Raises NameTaken, or ValueError when it is not 1 to 256 characters long."""
    former, segment.name = segment.name, free_name(workspace, name, segment)
    if former != segment.name:
        with name_taken(segment.name), transaction.atomic():
            Segment.objects.filter(workspace=workspace, id=segment.id).update(name=segment.name)
            details = {"segment": segment.public_id, "before": former, "name": segment.name}
            record(workspace, actor, "segment.rename", details)


def free_name(workspace: Workspace, name: str, segment: Segment | None = None) -> str:
    """The cleaned name, if another segment than `segment` does not have it; raises NameTaken and ValueError."""
    name = clean(name)
    if not 1 <= len(name) <= MAX_NAME:
        raise ValueError(f"The name of a segment has 1 to {MAX_NAME} characters; this one has {len(name):,}.")
    other = _called(workspace, name)
    if other is not None and (segment is None or other.id != segment.id):
        raise NameTaken(name)
    return name


@contextmanager
def name_taken(name: str) -> Iterator[None]:
    """Turns the database's refusal of a second segment of that name into NameTaken: somebody else was quicker."""
    try:
        yield
    except IntegrityError as error:
        raise NameTaken(name) from error


def find(workspace: Workspace, id_or_name: str) -> Segment | None:
    """The segment of that public id or, failing that, of that name in whatever case; never a removed one."""
    row_id = from_public(id_or_name)
    found = Segment.objects.filter(workspace=workspace, id=row_id).first() if row_id is not None else None
    return found or _called(workspace, clean(id_or_name))


def _called(workspace: Workspace, name: str) -> Segment | None:
    """By name. Compared here and not in the database: SQLite knows the case of ASCII letters only."""
    wanted = name.casefold()
    return next((segment for segment in segments_of(workspace) if segment.name.casefold() == wanted), None)
