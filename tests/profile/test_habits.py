"""How often somebody talks."""

import datetime as dt

import pytest
from django.utils import timezone

from coterie.core.clock import UTC
from coterie.profile.habits import habit
from tests.makers import make_person

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def chatty(workspace, talk):
    """Somebody who began a chat these many days before NOW."""

    def make(*days: float, first: float = 300):
        person = make_person(workspace, created_at=NOW - dt.timedelta(days=first))
        for number, day in enumerate(sorted(days, reverse=True)):
            talk(person, at=NOW - dt.timedelta(days=day), session_id=f"s-{number}")
        return habit(workspace, person.id, NOW - dt.timedelta(days=first), NOW)

    return make


def test_chats_are_counted_by_day_of_half_a_year(chatty):
    found = chatty(1, 1.1, 8, 181, 200)
    assert dict(found.days) == {
        dt.date(2026, 11, 19): 2,
        dt.date(2026, 11, 12): 1,
        dt.date(2026, 5, 23): 1,
    }


def test_whoever_came_lately_is_judged_by_the_weeks_since(chatty):
    assert chatty(1, 2, 3, 4, 5, 6, first=14).a_week == 3
    assert chatty(0.1, 0.3, first=0.5).a_week == 2


def test_days_are_those_of_the_workspace(workspace, talk):
    person = make_person(workspace)
    talk(person, at=dt.datetime(2026, 11, 19, 23, 30, tzinfo=UTC))
    with timezone.override("Europe/Warsaw"):
        assert list(habit(workspace, person.id, person.created_at, NOW).days) == [dt.date(2026, 11, 20)]
