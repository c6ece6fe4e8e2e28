"""Time, always aware and in UTC."""

import datetime as dt

UTC = dt.UTC
# Nobody chatted with a bot before.
EARLIEST = dt.datetime(2000, 1, 1, tzinfo=UTC)
# A sender's clock may be this far ahead before its times are taken to be wrong and replaced by ours.
FUTURE_TOLERANCE = dt.timedelta(minutes=1)


def now() -> dt.datetime:
    """The present moment in UTC, in whole milliseconds (the resolution every store and channel shares)."""
    moment = dt.datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def not_in_future(moment: dt.datetime) -> dt.datetime:
    """`moment`, or the present when it lies further ahead than a slightly wrong clock explains."""
    present = now()
    return present if moment > present + FUTURE_TOLERANCE else moment


def iso(moment: dt.datetime | None) -> str | None:
    """`2026-11-23T17:40:00.123Z`, the form of every API answer; None stays None."""
    if moment is None:
        return None
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
