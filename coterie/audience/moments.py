"""Dates as people write them in filters, in the workspace's time zone, as UTC boundaries.

A boundary is a naive UTC datetime: the replica's TIMESTAMP columns hold UTC.
"""

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from coterie.core.clock import UTC

UNITS = ("minutes", "hours", "days", "weeks", "months")
_AMOUNT = re.compile(r"(\d{1,5}) ?(minute|hour|day|week|month)s?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_EARLIEST = dt.datetime(1, 1, 1)


@dataclass(frozen=True, slots=True)
class Moments:
    """The present moment and the time zone that relative and calendar dates are taken in."""

    now: dt.datetime
    zone: ZoneInfo

    @property
    def utc_now(self) -> dt.datetime:
        """Now, as a boundary."""
        return self._boundary(self.now)

    def span(self, text: str) -> tuple[dt.datetime, dt.datetime]:
        """[start, end) of a day (`2026-11-23`) or of an exact time (ISO 8601); ValueError when it is neither."""
        text = text.strip()
        if _DATE.fullmatch(text):
            day = dt.date.fromisoformat(text)
            return self._midnight(day), self._midnight(day + dt.timedelta(days=1))
        moment = dt.datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self.zone)
        start = self._boundary(moment)
        return start, start + dt.timedelta(microseconds=1)

    def ago(self, text: str) -> dt.datetime:
        """The moment `7 days`, `3 months` … before now. Days and longer keep the local time of day."""
        found = _AMOUNT.fullmatch(text.strip().lower())
        if not found:
            raise ValueError(text)
        amount, unit = int(found[1]), found[2]
        if unit in ("minute", "hour"):
            return self._boundary(self.now - dt.timedelta(**{f"{unit}s": amount}))
        local = self.now.astimezone(self.zone)
        try:
            if unit == "month":
                return self._boundary(_months_before(local, amount))
            return self._boundary(local - dt.timedelta(**{f"{unit}s": amount}))
        except OverflowError:
            return _EARLIEST

    def _midnight(self, day: dt.date) -> dt.datetime:
        return self._boundary(dt.datetime(day.year, day.month, day.day, tzinfo=self.zone))

    @staticmethod
    def _boundary(moment: dt.datetime) -> dt.datetime:
        try:
            return moment.astimezone(UTC).replace(tzinfo=None)
        except OverflowError:  # The first or last day of the calendar, seen from another time zone.
            return moment.replace(tzinfo=None)


def _months_before(moment: dt.datetime, months: int) -> dt.datetime:
    """The same day of an earlier month, or that month's last day when it is shorter."""
    index = moment.year * 12 + moment.month - 1 - months
    if index < 12:
        raise OverflowError
    year, month = divmod(index, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)
