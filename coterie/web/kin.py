"""People whom the entries about merging name, for the timeline of one of them."""

from collections.abc import Iterable
from dataclasses import dataclass

from coterie.audience.audience import Audience
from coterie.audience.rows import rows
from coterie.core.ids import from_public, to_public
from coterie.people.models import Share
from coterie.web.people import name_of, name_of_share


@dataclass(frozen=True, slots=True)
class Kin:
    """What they are called, and their id. `merged`: they are part of somebody now and have no page of their own."""

    name: str
    public_id: str
    merged: bool


def kin(audience: Audience, public_ids: Iterable[str]) -> dict[str, Kin]:
    """Public id → who it is; whoever is gone is missing. Two queries, or none for nobody."""
    ids = sorted({row_id for row_id in map(from_public, public_ids) if row_id is not None})
    if not ids:
        return {}
    shares = Share.objects.filter(workspace=audience.workspace, id__in=ids)
    found = {one.id: Kin(name_of_share(one), one.public_id, True) for one in shares}
    # Who stayed has a share, too, but is there.
    found |= {row.id: Kin(name_of(row), row.public_id, False) for row in rows(audience.catalogue, ids)}
    return {to_public(row_id): one for row_id, one in found.items()}
