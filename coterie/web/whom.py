"""The person whom an address names, for pages about one person."""

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect

from coterie.audience.audience import Audience, audience_of
from coterie.audience.rows import Row, rows
from coterie.core.ids import to_public
from coterie.people.finding import find_person
from coterie.web.members import MemberRequest
from coterie.web.people import face, name_of


@dataclass(frozen=True, slots=True)
class Whom:
    """A person of the member's workspace."""

    audience: Audience
    row: Row

    @property
    def name(self) -> str:
        """As pages call them."""
        return name_of(self.row)

    @property
    def context(self) -> dict[str, Any]:
        """What the top of such a page needs."""
        return {"row": self.row, "name": self.name, "face": face(self.row)}


def whom(request: MemberRequest, public_id: str) -> Whom:
    """Whoever has this id now; raises Http404 when nobody of this workspace does."""
    person_id = find_person(request.workspace.pk, public_id)
    audience = audience_of(request.workspace)
    found = rows(audience.catalogue, [person_id]) if person_id is not None else []
    if not found:
        raise Http404
    return Whom(audience, found[0])


def elsewhere(found: Whom, public_id: str, route: str) -> HttpResponse | None:
    """Leads to the page of the survivor, when the address is that of somebody who was merged since."""
    return None if public_id.lower() == to_public(found.row.id) else redirect(route, found.row.public_id)
