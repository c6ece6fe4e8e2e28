"""`/api/users`: list and look up."""

from dataclasses import replace
from typing import Any

from ninja import Router

from coterie.api import auth, shapes
from coterie.api.auth import TokenRequest, workspace_of
from coterie.api.envelope import Failed
from coterie.api.filters import KINDS, MAX_FILTERS
from coterie.api.listing import MAX_LIMIT, Listing, listing, refused
from coterie.audience import query
from coterie.audience.audience import Audience, audience_of
from coterie.audience.columns import hidden_keys
from coterie.audience.tree import MAX_VALUE_LENGTH, FilterError
from coterie.chats import queries
from coterie.people.finding import find_person
from coterie.people.models import Person
from coterie.segments.models import Membership, Segment

router = Router(tags=["Users"])
MAX_CONVERSATIONS = 100

_FILTER = {
    "type": "object",
    "required": ["type"],
    "properties": {
        "type": {"type": "string", "enum": list(KINDS)},
        "attribute": {"type": "string", "description": "With the kind “attribute”: its name."},
        "rule": {"type": "string", "example": "is", "description": "A rule of the attribute's type; default: is."},
        "value": {"type": "string"},
        "values": {"type": "array", "items": {"type": "string"}},
    },
}


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


_LIST_PARAMETERS = [
    _parameter("limit", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": MAX_LIMIT}, "Page size."),
    _parameter("after", {"type": "string"}, "`id` of the last user received, or `next` of the last answer."),
    _parameter("sort[field]", {"type": "string", "enum": ["createdAt", "lastSeen"]}, "Also `sort.field`, or JSON."),
    _parameter("sort[order]", {"type": "string", "enum": ["asc", "desc"], "default": "desc"}, "Also `sort.order`."),
    _parameter("sort", {"type": "string"}, "Our own form: any attribute, `-` in front for descending."),
    _parameter("match", {"type": "string", "enum": ["all", "any"], "default": "all"}, "How the filters are joined."),
    _parameter(
        "filters",
        {"type": "array", "minItems": 1, "maxItems": MAX_FILTERS, "items": _FILTER},
        "JSON, or `filters[0][type]=…`, or `filters.0.type=…`.",
    ),
    _parameter(
        "f",
        {"type": "array", "items": {"type": "string", "example": "default_country:is:United%20States"}},
        "Filters in the form of our URLs, `attribute:rule:value|value`, each part percent-encoded by itself.",
    ),
    _parameter("q", {"type": "string"}, "Nested groups of filters as JSON, in the form of our URLs."),
    _parameter(
        "search",
        {"type": "string", "maxLength": MAX_VALUE_LENGTH},
        "These very letters, in whatever case, in the name, the e-mail address, the username or the `userId`.",
    ),
    _parameter("columns", {"type": "string"}, "Attributes to show, joined by commas; the 13 default ones always are."),
]


@router.get(
    "/users",
    auth=auth.read,
    response={200: shapes.Users, shapes.ERRORS: shapes.Error},
    operation_id="listUsers",
    summary="List, filter, sort and page users",
    openapi_extra={"parameters": _LIST_PARAMETERS},
)
def list_users(request: TokenRequest) -> dict[str, Any]:
    """At most 40 users and the exact number of all that match. Unknown attributes or rules are refused (422)."""
    audience = audience_of(workspace_of(request))
    asked = listing(request.META.get("QUERY_STRING", ""), audience)
    page = _page(audience, asked)
    return {
        "data": [shapes.listed_user(row, asked.keys) for row in page.rows],
        "count": page.total,
        "next": page.next.encode() if page.next else None,
    }


def _page(audience: Audience, asked: Listing) -> query.Page:
    if asked.after_id is None:
        return audience.page(asked.view, asked.limit)
    after_id, predicate = asked.after_id, audience.predicate(asked.view.node)

    def question(reader: Any) -> query.Page | None:
        cursor = query.cursor_after(reader, after_id, asked.view, audience.catalogue)
        if cursor is None:
            return None
        return query.page(reader, predicate, replace(asked.view, after=cursor), audience.catalogue, asked.limit)

    page = audience.ask(question)
    if page is None:
        raise refused([FilterError("after", "there is no user with this id (any more); start from the first page.")])
    return page


@router.get(
    "/users/{user_id}",
    auth=auth.read,
    response={200: shapes.User, shapes.ERRORS: shapes.Error},
    operation_id="getUser",
    summary="One user with their latest chats and session attributes",
)
def get_user(request: TokenRequest, user_id: str) -> dict[str, Any]:
    """`id` is the 24-digit id, not `userId`. That of somebody who was merged answers with whoever they are by now."""
    workspace = workspace_of(request)
    row_id = find_person(workspace.pk, user_id)
    person = Person.objects.filter(workspace=workspace, id=row_id).first() if row_id is not None else None
    if person is None:
        raise Failed(404, f"There is no user with the id {user_id[:100]}.")
    inside = Membership.objects.filter(workspace=workspace, person_id=person.id).values("segment_id")
    segments = Segment.objects.filter(workspace=workspace, id__in=inside).order_by("name")
    chats = queries.of_person(workspace, person.id, MAX_CONVERSATIONS)
    return shapes.user(person, chats, list(segments), hidden_keys(workspace.pk))
