"""Finding people by the ids that addresses name."""

from coterie.accounts.models import Workspace
from coterie.core.ids import from_public
from coterie.people.models import Person


def find(workspace: Workspace, public_id: str) -> int | None:
    """The id of the person who is meant now; None when nobody of this workspace is.

    Whoever asks by the id of somebody who is not there any more, but lives on in another, is to be led to that one: it
    is here, and only here, that pages ask who that is.
    """
    person_id = from_public(public_id)
    if person_id is None:
        return None
    there = Person.objects.filter(workspace=workspace, id=person_id)
    return there.values_list("id", flat=True).first()
