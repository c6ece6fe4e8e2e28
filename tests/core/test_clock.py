"""Time is aware, in UTC, in milliseconds, and never much ahead of us."""

import datetime as dt

import pytest

from coterie.core.clock import UTC, iso, not_in_future, now


def test_now_is_aware_and_in_whole_milliseconds() -> None:
    moment = now()
    assert moment.utcoffset() == dt.timedelta(0)
    assert moment.microsecond % 1000 == 0
    assert abs(dt.datetime.now(UTC) - moment) < dt.timedelta(seconds=5)


@pytest.mark.parametrize("ahead", [dt.timedelta(days=-400), dt.timedelta(0), dt.timedelta(seconds=50)])
def test_a_clock_that_is_slightly_wrong_is_believed(ahead: dt.timedelta) -> None:
    moment = now() + ahead
    assert not_in_future(moment) == moment


@pytest.mark.parametrize("ahead", [dt.timedelta(seconds=70), dt.timedelta(days=40_000)])
def test_a_clock_in_the_future_is_replaced_by_ours(ahead: dt.timedelta) -> None:
    assert abs(not_in_future(now() + ahead) - now()) < dt.timedelta(seconds=5)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (dt.datetime(2026, 11, 23, 17, 40, 0, 123_999, tzinfo=UTC), "2026-11-23T17:40:00.123Z"),
        (dt.datetime(2026, 11, 23, 17, 40, tzinfo=dt.timezone(dt.timedelta(hours=2))), "2026-11-23T15:40:00.000Z"),
        (None, None),
    ],
)
def test_moments_are_written_in_iso(moment: dt.datetime | None, text: str | None) -> None:
    assert iso(moment) == text
