"""People who were not seen for long are erased at night, if the workspace wants that; nobody else ever is."""

import datetime as dt

import pytest

from coterie.accounts.models import Workspace
from coterie.audience.audience import audience_of
from coterie.core.clock import now
from coterie.journal.models import Operation
from coterie.people.models import Person
from coterie.people.policy import change
from coterie.privacy import retention
from coterie.privacy.erasing import erase
from coterie.privacy.retention import WrongDays, decide, filter_of, rehearse, run, sweep
from tests.bulk.checking import assert_whole
from tests.makers import make_person


@pytest.fixture
def people(workspace) -> dict[int | None, Person]:
    """Days since they were seen → somebody."""
    found = {}
    for days in (0, 29, 31, 400):
        then = now() - dt.timedelta(days=days)
        found[days] = make_person(workspace, default_name=f"{days} days", created_at=then, last_seen=then)
    return found


def left(workspace: Workspace) -> set[str]:
    return {str(person) for person in Person.objects.filter(workspace=workspace)}


def at(monkeypatch, hour: int, days: int = 0) -> None:
    """It is that hour (UTC), so many days from now."""
    monkeypatch.setattr(retention, "now", lambda: now().replace(hour=hour) + dt.timedelta(days=days))


def test_off_by_default(workspace, people):
    assert run(workspace) == 0
    assert len(left(workspace)) == 4


def test_whoever_was_not_seen_for_so_long_is_erased(workspace, people):
    decide(workspace, "member:1", 30)
    assert rehearse(workspace, 30) == 2
    assert run(workspace) == 2
    assert left(workspace) == {"0 days", "29 days"}
    operation = Operation.objects.get(workspace=workspace)
    assert (operation.kind, operation.label) == ("erase", "Erase 2 people for good, not seen for 30 days")
    assert_whole(workspace)


def test_whoever_never_chatted_counts_from_when_they_were_first_seen(workspace):
    make_person(workspace, default_name="imported now", last_seen=None, created_at=now())
    make_person(workspace, default_name="imported then", last_seen=None, created_at=now() - dt.timedelta(days=31))
    decide(workspace, "member:1", 30)
    run(workspace)
    assert left(workspace) == {"imported now"}


def test_the_rehearsal_the_list_and_the_night_are_about_the_same_people(workspace, people):
    audience = audience_of(workspace)
    query = retention.view_of(30).query
    assert audience.count(audience.parse(query).view.node) == rehearse(workspace, 30) == 2


def test_whoever_comes_back_before_their_turn_stays(workspace, people):
    limit = now() - dt.timedelta(days=30)
    ids = [people[31].id, people[29].id]
    operation = erase(workspace, "retention", ids, unless_seen_since=limit)
    assert (operation.people, operation.result) == (1, {"gone": 0, "back": 1})
    assert "29 days" in left(workspace)


def test_a_night_is_done_once(workspace, people, monkeypatch):
    at(monkeypatch, 1)
    decide(workspace, "member:1", 30)
    at(monkeypatch, 3)
    sweep()
    assert len(left(workspace)) == 2
    then = now() - dt.timedelta(days=50)
    make_person(workspace, default_name="late", created_at=then, last_seen=then)
    sweep()
    assert "late" in left(workspace)
    at(monkeypatch, 1, days=1)
    sweep()
    assert "late" in left(workspace)
    at(monkeypatch, 2, days=1)
    sweep()
    assert "late" not in left(workspace)


@pytest.mark.parametrize("hour", [2, 3, 11, 23])
def test_nobody_is_erased_before_the_night_after_saving(workspace, people, monkeypatch, hour):
    at(monkeypatch, hour)
    decide(workspace, "member:1", 30)
    sweep()
    at(monkeypatch, 1, days=1)
    sweep()
    assert len(left(workspace)) == 4
    at(monkeypatch, 2, days=1)
    sweep()
    assert len(left(workspace)) == 2


def test_saved_after_midnight_the_night_is_this_one(workspace, people, monkeypatch):
    at(monkeypatch, 1)
    decide(workspace, "member:1", 30)
    sweep()
    assert len(left(workspace)) == 4
    at(monkeypatch, 2)
    sweep()
    assert len(left(workspace)) == 2


def test_another_number_waits_for_the_coming_night_too(workspace, people, monkeypatch):
    at(monkeypatch, 1)
    decide(workspace, "member:1", 300)
    at(monkeypatch, 3, days=1)
    sweep()
    assert len(left(workspace)) == 3
    decide(workspace, "member:1", 30)
    sweep()
    assert len(left(workspace)) == 3
    at(monkeypatch, 3, days=2)
    sweep()
    assert len(left(workspace)) == 2


def test_the_night_is_that_of_the_workspace(workspace, people, monkeypatch):
    Workspace.objects.filter(pk=workspace.pk).update(time_zone="America/Los_Angeles")
    workspace.refresh_from_db()
    at(monkeypatch, 7)  # 23 or 24 o'clock there.
    decide(workspace, "member:1", 30)
    at(monkeypatch, 8)
    sweep()
    assert len(left(workspace)) == 4
    at(monkeypatch, 10)
    sweep()
    assert len(left(workspace)) == 2


def test_a_night_that_the_server_was_off_is_made_up_for(workspace, people, monkeypatch):
    at(monkeypatch, 12)
    decide(workspace, "member:1", 30)
    at(monkeypatch, 9, days=2)
    sweep()
    assert len(left(workspace)) == 2


def test_a_rule_that_knows_of_no_night_begins_with_the_coming_one(workspace, people, monkeypatch):
    change(workspace, keep_days=30)
    at(monkeypatch, 12)
    sweep()
    assert len(left(workspace)) == 4
    at(monkeypatch, 2, days=1)
    sweep()
    assert len(left(workspace)) == 2


def test_one_workspace_in_trouble_does_not_stop_the_others(workspace, other_workspace, people, monkeypatch):
    at(monkeypatch, 1)
    decide(workspace, "member:1", 30)
    decide(other_workspace, "member:1", 30)
    at(monkeypatch, 3)
    real = retention.run

    def failing(place: Workspace) -> int:
        if place == other_workspace:
            raise RuntimeError("no")
        return real(place)

    monkeypatch.setattr(retention, "run", failing)
    sweep()
    assert len(left(workspace)) == 2


def test_another_workspace_keeps_its_people(workspace, other_workspace, people):
    then = now() - dt.timedelta(days=500)
    make_person(other_workspace, default_name="theirs", created_at=then, last_seen=then)
    decide(workspace, "member:1", 30)
    run(workspace)
    assert left(other_workspace) == {"theirs"}


@pytest.mark.parametrize("days", [0, -5, 40_000])
def test_a_senseless_number_of_days_is_refused(workspace, days):
    with pytest.raises(WrongDays):
        decide(workspace, "member:1", days)


def test_the_largest_number_of_days_is_a_filter_that_can_be_asked(workspace, people):
    assert audience_of(workspace).count(filter_of(retention.MOST_DAYS)) == 0
    change(workspace, keep_days=None)
