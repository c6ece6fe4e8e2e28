"""The filters that a member used last.

Written when a filter is applied, or when a link from elsewhere is opened; not with every list.
"""

from dataclasses import replace

from django.db import transaction

from coterie.accounts.models import Member
from coterie.audience.models import RecentFilters
from coterie.audience.saved import MAX_QUERY
from coterie.audience.view import DEFAULT_SORT, View

KEPT = 10


def recent(member: Member) -> list[str]:
    """Query strings without order, columns and page, newest first: one query."""
    row = RecentFilters.objects.filter(workspace_id=member.workspace_id, member=member).first()
    return list(row.queries) if row is not None else []


def remember(member: Member, view: View) -> None:
    """Puts a filter on top of the list. A view of everybody is none; what is on top already costs one query."""
    query = replace(view.first_page(), sort=DEFAULT_SORT, columns=None, editing="").query
    if view.node is None or len(query) > MAX_QUERY or recent(member)[:1] == [query]:
        return
    mine = {"workspace_id": member.workspace_id, "member": member}
    with transaction.atomic():
        RecentFilters.objects.bulk_create([RecentFilters(**mine)], ignore_conflicts=True)
        row = RecentFilters.objects.select_for_update().get(**mine)
        row.queries = [query, *(kept for kept in row.queries if kept != query)][:KEPT]
        RecentFilters.objects.filter(workspace_id=row.workspace_id, id=row.id).update(queries=row.queries)
