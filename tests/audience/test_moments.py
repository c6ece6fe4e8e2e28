"""Dates as people write them, as boundaries in UTC."""

import datetime as dt
from zoneinfo import ZoneInfo, available_timezones

import duckdb
import pytest

from coterie.audience.moments import Moments


def moments(now: str, zone: str) -> Moments:
    return Moments(dt.datetime.fromisoformat(now).replace(tzinfo=dt.UTC), ZoneInfo(zone))


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("zone", "day", "start", "end"),
    [
        ("UTC", "2026-11-23", "2026-11-23T00:00", "2026-11-24T00:00"),
        ("Europe/Warsaw", "2026-03-29", "2026-03-28T23:00", "2026-03-29T22:00"),  # 23 hours
        ("America/New_York", "2026-11-01", "2026-11-01T04:00", "2026-11-02T05:00"),  # 25 hours
        ("Asia/Kolkata", "2024-02-29", "2024-02-28T18:30", "2024-02-29T18:30"),
        ("Pacific/Chatham", "2026-04-05", "2026-04-04T10:15", "2026-04-05T11:15"),
        ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00", "2026-04-24T21:00"),  # Midnight did not happen.
    ],
)
def test_a_day_is_the_local_day(zone: str, day: str, start: str, end: str) -> None:
    assert moments("2026-11-23", zone).span(day) == (utc(start), utc(end))


def test_an_exact_time_keeps_its_offset() -> None:
    start, _ = moments("2026-11-23", "Europe/Warsaw").span("2026-11-23T10:00:00-05:00")
    assert start == utc("2026-11-23T15:00")


def test_a_time_without_an_offset_is_local() -> None:
    start, _ = moments("2026-11-23", "Europe/Warsaw").span("2026-11-23T10:00")
    assert start == utc("2026-11-23T09:00")


@pytest.mark.parametrize(
    ("now", "amount", "then"),
    [
        ("2026-03-31T10:15", "1 month", "2026-02-28T11:15"),  # 12:15 in Warsaw, in winter time
        ("2024-03-31T10:15", "1 month", "2024-02-29T11:15"),
        ("2026-03-31T10:15", "13 months", "2025-02-28T11:15"),
        ("2026-01-15T10:15", "1 month", "2025-12-15T10:15"),
        ("2026-03-31T10:15", "7 days", "2026-03-24T11:15"),
        ("2026-03-31T10:15", "2 weeks", "2026-03-17T11:15"),
        ("2026-03-31T10:15", "168 hours", "2026-03-24T10:15"),
        ("2026-03-31T10:15", "90 minutes", "2026-03-31T08:45"),
        ("2026-03-31T10:15", " 7 DAYS ", "2026-03-24T11:15"),
        ("2026-03-31T10:15", "7days", "2026-03-24T11:15"),
        ("2026-03-31T10:15", "99999 months", "0001-01-01T00:00"),
    ],
)
def test_days_and_longer_keep_the_time_on_the_wall(now: str, amount: str, then: str) -> None:
    assert moments(now, "Europe/Warsaw").ago(amount) == utc(then)


@pytest.mark.parametrize("text", ["", "7", "days", "7 years", "-7 days", "7.5 days", "100000 days", "7 days ago"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        moments("2026-11-23", "UTC").ago(text)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-02-30", "23.11.2026", "2026-11", "٢٠٢٦-٠١-٠١"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        moments("2026-11-23", "UTC").span(text)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_ends_of_the_calendar_are_days_too(zone: str) -> None:
    assert moments("2026-11-23", zone).span("0001-01-01")[0].year == 1
    assert moments("2026-11-23", zone).span("9999-12-30")[0].year == 9999


def test_the_engine_knows_every_time_zone_a_workspace_can_have() -> None:
    engine = duckdb.connect()
    known = {name for (name,) in engine.execute("SELECT name FROM pg_timezone_names()").fetchall()}
    engine.close()
    # "localtime" is the server's, which is not a place.
    assert available_timezones() - known <= {"localtime"}
