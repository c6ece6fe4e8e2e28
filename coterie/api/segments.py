"""`/api/users/segments` and its older name `/api/segments`."""

from typing import Annotated, Any

from ninja import Router, Schema
from pydantic import Field

from coterie.api import auth, shapes
from coterie.api.auth import TokenRequest, actor_of, workspace_of
from coterie.api.envelope import Failed, success
from coterie.audience.audience import audience_of
from coterie.bulk.actions import Action
from coterie.bulk.selection import Selection
from coterie.bulk.start import start
from coterie.core.ids import from_public
from coterie.people.attributes import Refused
from coterie.people.finding import survivors_of
from coterie.people.models import Person
from coterie.segments import catalogue
from coterie.segments.models import Segment

router = Router(tags=["Segments"])
_LISTED = {200: list[shapes.ListedSegment], shapes.ERRORS: shapes.Error}
_CREATED = {200: shapes.Created, shapes.ERRORS: shapes.Error}


class NewSegment(Schema):
    """The name is unique in the workspace, whatever its case."""

    name: Annotated[str, Field(min_length=1, max_length=catalogue.MAX_NAME)]


class Members(Schema):
    """Everybody of `users` goes into each of `segments`. All are 24-digit ids."""

    segments: Annotated[list[str], Field(min_length=1, max_length=100)]
    users: Annotated[list[str], Field(min_length=1, max_length=1000)]


@router.get(
    "/users/segments",
    auth=auth.read,
    response=_LISTED,
    operation_id="listSegments",
    summary="All segments, newest first",
)
def list_segments(request: TokenRequest) -> list[dict[str, Any]]:
    """`users` is how many people are in the segment now."""
    workspace = workspace_of(request)
    sizes = audience_of(workspace).segment_sizes()
    return [shapes.segment(row, sizes.get(row.id, 0)) for row in catalogue.segments_of(workspace)]


@router.post(
    "/users/segments",
    auth=auth.write,
    response=_CREATED,
    operation_id="createSegment",
    summary="Create a segment",
)
def create_segment(request: TokenRequest, data: NewSegment) -> dict[str, Any]:
    """422 when the name is taken."""
    try:
        segment = catalogue.create(workspace_of(request), data.name, actor_of(request))
    except ValueError as problem:
        raise Failed(422, str(problem), [{"where": "name", "message": str(problem), "allowed": []}]) from problem
    return success(id=segment.public_id)


@router.post(
    "/users/segments/members",
    auth=auth.write,
    response={200: shapes.Done, shapes.ERRORS: shapes.Error},
    operation_id="addMembers",
    summary="Add users to segments",
)
def add_members(request: TokenRequest, data: Members) -> dict[str, Any]:
    """404 naming every unknown id, 422 when a segment is filled by a rule; then nothing is changed."""
    workspace = workspace_of(request)
    segments = {text: from_public(text) for text in data.segments}
    users = _by_now(workspace.pk, {text: from_public(text) for text in data.users})
    there = Segment.objects.filter(workspace=workspace, id__in=_known(segments)).values_list("id", flat=True)
    known = Person.objects.filter(workspace=workspace, id__in=_known(users)).values_list("id", flat=True)
    problems = [*_missing("segments", segments, set(there)), *_missing("users", users, set(known))]
    if problems:
        raise Failed(404, "Some of the ids are unknown; nothing was changed.", problems)
    try:
        start(workspace, actor_of(request), Action.join(_known(segments)), Selection.of_ids(_known(users)))
    except Refused as problem:  # One is filled by a rule.
        details = [{"where": problem.field, "message": problem.message, "allowed": []}]
        raise Failed(422, problem.message, details) from problem
    return success()


def _by_now(workspace_id: int, ids: dict[str, int | None]) -> dict[str, int | None]:
    """Those who were merged are whoever they are by now."""
    now = survivors_of(workspace_id, _known(ids))
    return {text: None if row_id is None else now[row_id] for text, row_id in ids.items()}


def _known(ids: dict[str, int | None]) -> list[int]:
    return [row_id for row_id in ids.values() if row_id is not None]


def _missing(where: str, ids: dict[str, int | None], there: set[int]) -> list[dict[str, Any]]:
    return [
        {"where": where, "message": f"there is no {where[:-1]} with the id {text[:100]}.", "allowed": []}
        for text, row_id in ids.items()
        if row_id not in there
    ]


# Clients of the first version of ChatBot's API use this address.
legacy = Router(tags=["Segments"])
legacy.get(
    "/segments",
    auth=auth.read,
    response=_LISTED,
    operation_id="listSegmentsV1",
    summary="All segments: the older address",
    deprecated=True,
)(list_segments)
legacy.post(
    "/segments",
    auth=auth.write,
    response=_CREATED,
    operation_id="createSegmentV1",
    summary="Create a segment: the older address",
    deprecated=True,
)(create_segment)
