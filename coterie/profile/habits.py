"""How often somebody talks: chats by day over half a year."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils import timezone

from coterie.accounts.models import Workspace
from coterie.chats.queries import begun_since

WEEKS = 26
_WEEK = dt.timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Habit:
    """Chats by day where the workspace is, of the last 26 weeks; and how many there were in each week on average."""

    days: Mapping[dt.date, int]
    a_week: float


def habit(workspace: Workspace, person_id: int, first_seen: dt.datetime, moment: dt.datetime) -> Habit:
    """The habit at that moment: one query. Whoever came lately is judged by the weeks since."""
    since = moment - WEEKS * _WEEK
    days: Counter[dt.date] = Counter()
    for _person, started_at in begun_since(workspace, [person_id], since):
        if since <= started_at <= moment:
            days[timezone.localtime(started_at).date()] += 1
    weeks = min(max((moment - first_seen) / _WEEK, 1.0), float(WEEKS))
    return Habit(days, days.total() / weeks)
