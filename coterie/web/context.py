"""What every page shows around its content."""

from functools import cache
from typing import Any

from django.http import HttpRequest

from coterie.accounts.permissions import Verb, may
from coterie.audience.replicas import replica_of
from coterie.jobs.queries import busy
from coterie.segments.models import Segment

THEMES = ("light", "dark")
SIDES = ("icons", "full")


def shell(request: HttpRequest) -> dict[str, Any]:
    """Template context of the sidebar. The numbers are asked for only when a page shows them and does not know them."""
    context: dict[str, Any] = {
        "theme": _one_of(request.COOKIES.get("theme"), THEMES),
        "side": _one_of(request.COOKIES.get("side"), SIDES),
    }
    member = getattr(request, "member", None)
    if member is not None:
        workspace = member.workspace
        context |= {
            "member": member,
            "workspace": workspace,
            "memberships": request.memberships,  # type: ignore[attr-defined]
            "may_export": may(member, Verb.EXPORT),
            "may_edit_attributes": may(member, Verb.EDIT_ATTRIBUTES),
            "may_edit_people": may(member, Verb.EDIT_PEOPLE),
            "may_delete_people": may(member, Verb.DELETE_PEOPLE),
            "may_edit_policies": may(member, Verb.EDIT_POLICIES),
            "may_edit_channels": may(member, Verb.EDIT_CHANNELS),
            "may_edit_segments": may(member, Verb.EDIT_SEGMENTS),
            "everybody": cache(lambda: replica_of(workspace).everybody()),
            "working": cache(lambda: busy(workspace)),
            "segment_count": cache(lambda: Segment.objects.filter(workspace=workspace).count()),
        }
    return context


def _one_of(value: str | None, allowed: tuple[str, ...]) -> str:
    return value if value in allowed else ""
