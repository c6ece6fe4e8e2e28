"""Small charts of how often somebody chats."""

import datetime as dt
from collections.abc import Mapping, Sequence

from django.utils.safestring import SafeString, mark_safe

from coterie.accounts.models import Workspace
from coterie.chats import queries

WEEKS = 12
# Chats in each of the last weeks, the present one last.
Weeks = Sequence[int]
_HEIGHT, _STEP = 18, 5
_LEAST, _MOST = 4.0, 16.0


def weeks_of(workspace: Workspace, person_ids: Sequence[int], moment: dt.datetime) -> Mapping[int, Weeks]:
    """The chats of these people by week, one query; people without any are missing."""
    counts: dict[int, list[int]] = {}
    since = moment - dt.timedelta(weeks=WEEKS)
    for person_id, started_at in queries.begun_since(workspace, person_ids, since):
        ago = int((moment - started_at) / dt.timedelta(weeks=1))
        counts.setdefault(person_id, [0] * WEEKS)[WEEKS - 1 - min(max(ago, 0), WEEKS - 1)] += 1
    return counts


def spark(weeks: Weeks | None) -> SafeString:
    """Twelve bars; decorative, for the number of chats stands beside it."""
    counts = weeks or [0] * WEEKS
    most = max(*counts, 4)
    none, some = "", ""
    for at, count in enumerate(counts):
        x = 2 + at * _STEP
        if count:
            some += f"M{x} {_HEIGHT}V{_HEIGHT - _LEAST - (_MOST - _LEAST) * count / most:g}"
        else:
            none += f"M{x} {_HEIGHT}v-1.5"
    paths = (f'<path class="none" d="{none}"/>' if none else "") + (f'<path d="{some}"/>' if some else "")
    width = WEEKS * _STEP
    return mark_safe(f'<svg class="spark" viewBox="0 0 {width} {_HEIGHT}" aria-hidden="true">{paths}</svg>')  # noqa: S308
