"""Small charts of how often somebody chats."""

import datetime as dt
import re

import pytest

from coterie.chats.models import Chat
from coterie.core.clock import now
from coterie.core.ids import new_id
from coterie.web.sparks import WEEKS, spark, weeks_of

NOW = now()


@pytest.fixture
def chat(workspace):
    """Factory: a chat of a person that began so long ago."""

    def make(person_id, ago, lasted=dt.timedelta(), in_workspace=None, by_user=True):
        started = NOW - ago
        return Chat.objects.create(
            workspace=in_workspace or workspace, id=new_id(), person_id=person_id, channel_id=1, started_at=started,
            last_at=started + lasted, by_user=by_user,
        )  # fmt: skip

    return make


def days(number: float) -> dt.timedelta:
    return dt.timedelta(days=number)


def test_chats_fall_into_their_weeks(workspace, crowd, chat):
    ada, luz, kim = (person.id for person in crowd(3))
    for ago in (0, 1, 6.9, 7.1, 80, 83.9):
        chat(ada, days(ago))
    chat(luz, days(30))
    weeks = weeks_of(workspace, [ada, luz, kim], NOW)
    assert list(weeks[ada]) == [2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3]
    assert list(weeks[luz]) == [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]
    assert kim not in weeks


def test_older_chats_and_those_of_others_do_not_count(workspace, other_workspace, crowd, chat):
    ada = crowd(1)[0].id
    chat(ada, days(85))
    chat(ada, days(3), in_workspace=other_workspace)
    chat(ada, days(3), by_user=False)
    chat(crowd(1)[0].id, days(3))
    assert weeks_of(workspace, [ada], NOW) == {}


def test_a_chat_that_began_before_and_one_of_a_fast_clock_stand_at_the_ends(workspace, crowd, chat):
    ada = crowd(1)[0].id
    chat(ada, days(90), lasted=days(20))
    chat(ada, -dt.timedelta(seconds=30))
    assert list(weeks_of(workspace, [ada], NOW)[ada]) == [1, *[0] * 10, 1]


def test_nobody_asked_for_is_nobody_charted(workspace):
    assert weeks_of(workspace, [], NOW) == {}


def bars(weeks) -> list[float]:
    """Heights of the bars, in the order of the weeks."""
    path = re.search(r'<path d="([^"]*)"', spark(weeks))
    return [18 - float(top) for top in re.findall(r"V([\d.]+)", path[1])] if path else []


def test_the_bars_are_as_high_as_there_are_chats():
    assert bars([0] * 11 + [4]) == [16]
    heights = bars([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    assert heights == sorted(heights)
    assert (min(heights), max(heights)) == (5, 16)
    assert bars([10**6, *[0] * 10, 1]) == [16, pytest.approx(4, abs=0.01)]


@pytest.mark.parametrize("weeks", [None, [0] * WEEKS])
def test_without_chats_there_are_twelve_dots(weeks):
    assert spark(weeks).count("v-1.5") == WEEKS
    assert bars(weeks) == []
