"""How segments grow and shrink: people who joined and left, counted per day where the journal entries are written.

Counting the entries themselves would read a million of them for a page of fifty segments.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from django.db import connection
from django.db.models import Sum

from coterie.accounts.models import Workspace
from coterie.core.clock import now
from coterie.journal.commit import Transaction
from coterie.segments.models import SegmentDay

DAYS = 30
_ADD = """
INSERT INTO segments_segmentday (workspace_id, segment_id, day, joined, departed) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (workspace_id, segment_id, day) DO UPDATE SET
    joined = segments_segmentday.joined + excluded.joined, departed = segments_segmentday.departed + excluded.departed
"""


@dataclass(frozen=True, slots=True)
class Growth:
    """People who joined and left in some time; somebody who did both is in both."""

    joined: int = 0
    departed: int = 0

    @property
    def change(self) -> int:
        """By how many people the segment grew; negative when it shrank."""
        return self.joined - self.departed


def growth(workspace: Workspace, segment_ids: Iterable[int], days: int = DAYS) -> dict[int, Growth]:
    """What happened to these segments today and on the `days` - 1 days before (UTC); nothing is Growth(0, 0)."""
    since = now().date() - dt.timedelta(days=days - 1)
    ids = list(segment_ids)
    rows = (
        SegmentDay.objects.filter(workspace=workspace, segment_id__in=ids, day__gte=since)
        .values_list("segment_id")
        .annotate(joined=Sum("joined"), departed=Sum("departed"))
    )
    found = {segment_id: Growth(joined, departed) for segment_id, joined, departed in rows}
    return {segment_id: found.get(segment_id, Growth()) for segment_id in ids}


def count(tx: Transaction, joined: Mapping[int, int], departed: Mapping[int, int]) -> None:
    """So many people joined and left each segment in this transaction."""
    if any(joined.values()) or any(departed.values()):
        tx.last_of_all(partial(add, tx.workspace_id, tx.at.date(), joined, departed))


def add(workspace_id: int, day: dt.date, joined: Mapping[int, int], departed: Mapping[int, int]) -> None:
    """Adds to the numbers of a day. Last of all in a transaction, or two writers wait for each other in a circle."""
    moment = connection.ops.adapt_datefield_value(day)
    rows = [
        (workspace_id, segment_id, moment, joined.get(segment_id, 0), departed.get(segment_id, 0))
        for segment_id in sorted(joined.keys() | departed.keys())
    ]
    with connection.cursor() as cursor:
        cursor.executemany(_ADD, rows)
