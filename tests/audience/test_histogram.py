"""When people were seen: bars that add up, over a stretch that shows what is chosen."""

import datetime as dt
from dataclasses import replace

import pytest

from coterie.accounts.models import Workspace
from coterie.audience.audience import Audience, audience_of
from coterie.audience.compiler import EVERYBODY
from coterie.audience.histogram import BARS, Histogram, histogram, mark_of
from coterie.audience.tree import Condition
from coterie.journal.commit import commit
from coterie.people.changes import create_people
from coterie.people.models import Person
from tests.makers import START, make_person

pytestmark = pytest.mark.one_database
DAY = dt.timedelta(days=1)


def seen(audience: Audience, condition: Condition) -> Histogram | None:
    column = audience.catalogue.by_key[condition.attribute]
    chosen, mark = audience.predicate(condition), mark_of(condition, audience.moments)
    return audience.ask(lambda reader: histogram(reader, EVERYBODY, chosen, column, audience.moments, mark))


def filled(workspace: Workspace) -> Audience:
    """Somebody was seen on each of the last 200 days, at noon; it is one o'clock."""
    people = [
        Person(
            user_id=f"u{days}",
            created_at=START - days * DAY,
            last_seen=START - days * DAY,
            attributes={"renews": (START + (days - 100) * DAY).isoformat()},
        )
        for days in range(200)
    ]
    commit(workspace.pk, "test", lambda tx: create_people(tx, people))
    found = audience_of(workspace)
    return replace(found, moments=replace(found.moments, now=START + dt.timedelta(hours=1)))


@pytest.fixture(scope="module")
def daily(database: str) -> Audience:
    """The same for all tests that only look."""
    return filled(Workspace.objects.create(name="Daily"))


@pytest.mark.parametrize(
    ("amount", "length", "chosen"),
    [
        ("24 hours", dt.timedelta(hours=3), 1),
        ("7 days", DAY, 7),
        ("30 days", 7 * DAY, 30),
        ("90 days", 28 * DAY, 90),
        ("9999 months", 28 * DAY, 200),
    ],
)
def test_bars_are_as_long_as_the_chosen_range_needs(daily, amount, length, chosen):
    found = seen(daily, Condition("lastSeen", "in_last", (amount,)))
    assert len(found.bars) == BARS
    assert (found.length, found.chosen) == (length, chosen)
    assert sum(some for _, some in found.bars) == chosen
    assert found.current


def test_bars_are_days_of_the_workspace(daily):
    found = seen(daily, Condition("lastSeen", "on", ("2026-04-28",)))
    assert (found.start, found.length) == (dt.datetime(2026, 4, 8), DAY)
    assert found.bars[20] == (1, 1)
    assert all(bar == (1, 0) for at, bar in enumerate(found.bars) if at != 20)


def test_the_opposite_chooses_the_others_and_those_without_a_time(workspace):
    audience = filled(workspace)
    make_person(workspace, last_seen=None)
    found = seen(audience, Condition("lastSeen", "not_in_last", ("30 days",)))
    assert found.chosen == 171
    assert found.bars[-1][1] == 0


def test_a_time_of_your_own_may_lie_ahead(workspace):
    audience = filled(workspace)
    make_person(workspace, renews="9999-12-31")
    make_person(workspace, renews="0001-01-01")
    column = replace(audience.catalogue.by_key["renews"], type="time")
    chosen = EVERYBODY
    found = audience.ask(lambda reader: histogram(reader, EVERYBODY, chosen, column, audience.moments, None))
    assert sum(people for people, _ in found.bars) >= 167
    assert not found.current


def test_nobody_is_no_picture(workspace):
    assert seen(audience_of(workspace), Condition("lastSeen", "in_last", ("7 days",))) is None
    make_person(workspace, last_seen=None)
    assert seen(audience_of(workspace), Condition("lastSeen", "in_last", ("7 days",))) is None


@pytest.mark.parametrize("rule", ["on", "before", "after"])
@pytest.mark.parametrize("day", ["0001-01-01", "1969-12-31", "9999-12-30"])
def test_any_day_can_be_drawn(daily, rule, day):
    assert seen(daily, Condition("lastSeen", rule, (day,))) is not None
