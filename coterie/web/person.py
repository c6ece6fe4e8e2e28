"""One person: who they are, what is known, their segments and chats."""

from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from coterie.accounts.permissions import Verb
from coterie.audience.audience import Audience, audience_of
from coterie.audience.columns import LEADS
from coterie.audience.rows import Row, rows
from coterie.chats import queries
from coterie.core.ids import to_public
from coterie.people.finding import find_person, moved_to
from coterie.segments.catalogue import names
from coterie.web.cells import value_html
from coterie.web.members import MemberRequest, member
from coterie.web.people import face, name_of

_CHATS = 50


@require_safe
@member(Verb.VIEW)
def user(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """The profile, as it is now. The address of somebody who was merged leads to whoever they are by now."""
    if (survivor := moved_to(request.workspace.pk, public_id)) is not None:
        return redirect("user", survivor)
    audience = audience_of(request.workspace)
    row = _row(audience, public_id)
    segments = names(request.workspace)
    columns = [column for column in audience.catalogue.columns if column.key not in (LEADS, "segment")]
    context = {
        "row": row,
        "name": name_of(row),
        "face": face(row),
        "values": [(column, value_html(row, column)) for column in columns if row.value(column) is not None],
        "segments": [(key, segments[key]) for key in map(to_public, row.segments) if key in segments],
        "chats": queries.of_person(request.workspace, row.id, _CHATS),
    }
    return render(request, "web/user.html", context)


def _row(audience: Audience, public_id: str) -> Row:
    person_id = find_person(audience.workspace.pk, public_id)
    found = rows(audience.catalogue, [person_id]) if person_id is not None else []
    if not found:
        raise Http404
    return found[0]
