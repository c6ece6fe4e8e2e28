"""When: how many people fall into each of some equal stretches of time, and how many of them a condition chooses."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from math import floor

import duckdb

from coterie.audience.columns import Column
from coterie.audience.compiler import Predicate
from coterie.audience.moments import Moments
from coterie.audience.tree import Condition
from coterie.core.clock import UTC

BARS = 24
_HOUR, _DAY = 3_600, 86_400
# How long a bar may be, in seconds: hours, days, weeks, months of four, quarters of thirteen, years of 52 of them.
_LENGTHS = (
    *(_HOUR * hours for hours in (1, 3, 6)),
    *(_DAY * days for days in (1, 7, 28, 91, 364, 5 * 364, 25 * 364)),
)
_USUAL = BARS * 7 * _DAY
# Times far from now are mistakes; they must not squeeze everything else into one bar.
_PAST, _FUTURE = 100 * 365 * _DAY, 10 * 365 * _DAY
# The range before now is shown with so much more before it.
_AROUND = 3
# A stretch that almost fits is cut a little, rather than drawn in bars four times as long.
_MOST_OF_IT = 0.9


@dataclass(frozen=True, slots=True)
class Histogram:
    """`bars` are (people, how many of them are chosen), each of `length`, the first from `start`, a local time.

    `chosen` counts everybody whom the condition chooses, also those outside. `current`: the last bar holds the present.
    """

    start: dt.datetime
    length: dt.timedelta
    bars: tuple[tuple[int, int], ...]
    chosen: int
    current: bool


def histogram(
    reader: duckdb.DuckDBPyConnection,
    base: Predicate,
    chosen: Predicate,
    column: Column,
    moments: Moments,
    mark: dt.datetime | None,
) -> Histogram | None:
    """The people of `base` by the time in `column`; None when nobody has one.

    `mark` is a moment that must be seen: where the chosen range begins.
    """
    size = _HOUR if mark is not None and moments.utc_now - mark < dt.timedelta(days=3) else _DAY
    local = moments.now.astimezone(moments.zone)
    offset = (local.utcoffset() or dt.timedelta()).total_seconds()
    # Days and hours of the wall clock, as it goes now. Bars are put together from these.
    at = f"floor((epoch({column.sql}) + {offset:.0f}) / {size})::BIGINT"
    rows = reader.execute(
        f"SELECT {at} AS at, count(*), count(*) FILTER (WHERE {chosen.sql})"
        f" FROM people p WHERE {base.sql} GROUP BY ALL",
        [*chosen.params, *base.params],
    ).fetchall()

    def place(moment: dt.datetime) -> int:
        return floor((moment.replace(tzinfo=UTC).timestamp() + offset) / size)

    counts = {at: (people, some) for at, people, some in rows if at is not None}
    present, first = place(moments.utc_now), place(mark) if mark is not None else None
    found = _bars(counts, size, present, first)
    if found is None:
        return None
    end, length, bars = found
    start = dt.datetime.fromtimestamp((end - length * BARS) * size, UTC).replace(tzinfo=None)
    return Histogram(start, dt.timedelta(seconds=length * size), bars, sum(row[2] for row in rows), end == present + 1)


def mark_of(condition: Condition, moments: Moments) -> dt.datetime | None:
    """Where the range of a condition that compiles begins or ends, whichever is earlier; None when it has none."""
    if condition.rule in ("in_last", "not_in_last"):
        return moments.ago(condition.values[0])
    return min((moments.span(value)[0] for value in condition.values), default=None)


def _bars(
    counts: Mapping[int, tuple[int, int]], size: int, present: int, mark: int | None
) -> tuple[int, int, tuple[tuple[int, int], ...]] | None:
    """(where the last bar ends, how long each is, the bars), in units of `size` seconds."""
    known = [at for at in counts if present - _PAST // size <= at <= present + _FUTURE // size]
    if not known:
        return None
    end = max(present, *known) + 1
    reach = _USUAL // size if mark is None else (end - mark) * _AROUND
    # Not more than there is, and all of what lies mostly before the usual stretch.
    there = end - min(known)
    if mark is None and sum(at >= end - reach for at in known) * 2 < len(known):
        reach = there
    reach = min(max(reach, 1), there)
    lengths = [length // size for length in _LENGTHS if length >= size]
    length = next((length for length in lengths if length * BARS >= reach * _MOST_OF_IT), lengths[-1])
    bars = [[0, 0] for _ in range(BARS)]
    for at in known:
        index = BARS - 1 - (end - 1 - at) // length
        if index >= 0:
            bars[index][0] += counts[at][0]
            bars[index][1] += counts[at][1]
    return end, length, tuple((people, some) for people, some in bars)
