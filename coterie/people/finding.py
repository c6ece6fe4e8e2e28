"""From an address of a person to the person, also when they were merged into somebody else since."""

from collections.abc import Iterable

from coterie.core.ids import from_public, to_public
from coterie.people.models import Share


def find_person(workspace_id: int, public_id: str) -> int | None:
    """The row id of whoever has this public id now: the person, or the one they were merged into. One query.

    None for what is no id. Whether somebody of that id is there (still, or in this workspace) is for the caller to see.
    """
    row_id = from_public(public_id)
    return None if row_id is None else survivor_of(workspace_id, row_id)


def survivor_of(workspace_id: int, person_id: int) -> int:
    """Whoever this person is by now: themselves, or the one they were merged into."""
    return survivors_of(workspace_id, [person_id])[person_id]


def survivors_of(workspace_id: int, person_ids: Iterable[int]) -> dict[int, int]:
    """The same of many: person id → id of whoever they are by now."""
    ids = set(person_ids)
    merged = Share.objects.filter(workspace_id=workspace_id, id__in=ids).values_list("id", "survivor_id")
    return {row_id: row_id for row_id in ids} | dict(merged)


def merged_into(workspace_id: int, person_id: int) -> list[int]:
    """Whoever was merged into this person and is part of them now. One query."""
    shares = Share.objects.filter(workspace_id=workspace_id, survivor_id=person_id).exclude(id=person_id)
    return sorted(shares.values_list("id", flat=True))


def moved_to(workspace_id: int, public_id: str) -> str | None:
    """The public id of the one this person was merged into; None when they were not. For redirects."""
    row_id = from_public(public_id)
    if row_id is None or (survivor := survivor_of(workspace_id, row_id)) == row_id:
        return None
    return to_public(survivor)
