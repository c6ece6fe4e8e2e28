"""What the page of nobody says about somebody who was deleted, whichever view led there."""

from typing import Any

from django import template

from coterie.accounts.permissions import Verb, may
from coterie.core.ids import to_public
from coterie.journal.models import Operation
from coterie.people.deletion import deletion_of
from coterie.web.actors import called

register = template.Library()


@register.simple_tag(takes_context=True)
def deleted_here(context: template.Context) -> dict[str, Any] | None:
    """Who deleted the person whose address this is, when, and until when it can be undone; None of anybody else."""
    request = context["request"]
    public_id = request.resolver_match.kwargs.get("public_id", "") if request.resolver_match else ""
    found = deletion_of(request.workspace.pk, public_id)
    if found is None:
        return None
    operation = Operation.objects.filter(workspace=request.workspace, id=found.operation_id or 0).first()
    return {
        "who": called(request, [found.actor])[found.actor],
        "at": found.at,
        "until": operation.undo_until if operation and operation.can_be_undone else None,
        "public_id": to_public(found.person_id),
        "may_erase": may(request.member, Verb.DELETE_PEOPLE),
    }
