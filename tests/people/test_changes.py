"""Changing people: what is late fills gaps, what is in the future is now, what is saved is saved once."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from coterie.accounts.models import Workspace
from coterie.core.clock import UTC, now
from coterie.core.ids import new_id
from coterie.journal.commit import Transaction, commit
from coterie.journal.models import JournalEntry
from coterie.people.changes import People, create_people
from coterie.people.models import Person

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def ada(workspace: Workspace) -> int:
    """Somebody who wrote at noon."""
    one = Person(
        id=new_id(),
        user_id="ada",
        attributes={"plan": "free"},
        created_at=NOON,
        last_seen=NOON,
        written_at=NOON,
    )
    commit(workspace.pk, "test", lambda tx: create_people(tx, [one]))
    return one.id


def change(workspace: Workspace, person_id: int, act: Callable[[People, Person], Any]) -> Person:
    def work(tx: Transaction) -> None:
        people = People.lock(tx, [person_id])
        act(people, people[person_id])
        people.save()

    commit(workspace.pk, "test", work)
    return Person.objects.get(workspace=workspace, id=person_id)


def test_a_newer_value_replaces_an_older_one(workspace: Workspace, ada: int) -> None:
    after = change(workspace, ada, lambda people, one: people.set(one, {"plan": "pro"}, NOON + HOUR))
    assert after.attributes == {"plan": "pro"}
    assert after.written_at == NOON + HOUR


def test_of_two_values_at_one_moment_the_later_call_stands(workspace: Workspace, ada: int) -> None:
    after = change(workspace, ada, lambda people, one: people.set(one, {"plan": "pro"}, NOON))
    assert after.attributes == {"plan": "pro"}


def test_an_event_that_is_late_fills_gaps_and_overwrites_nothing(workspace: Workspace, ada: int) -> None:
    after = change(workspace, ada, lambda people, one: people.set(one, {"plan": "old", "city": "Oslo"}, NOON - HOUR))
    assert after.attributes == {"plan": "free", "city": "Oslo"}
    assert after.written_at == NOON


def test_events_in_any_order_lead_to_the_same_newest_values(workspace: Workspace, ada: int) -> None:
    events = [(NOON + hours * HOUR, {"turn": hours}) for hours in (3, 1, 4, 2)]

    def act(people: People, one: Person) -> None:
        for at, values in events:
            people.set(one, values, at)

    assert change(workspace, ada, act).attributes["turn"] == 4


def test_a_clock_in_the_future_is_taken_to_be_now(workspace: Workspace, ada: int) -> None:
    future = now() + dt.timedelta(days=365)

    def act(people: People, one: Person) -> None:
        people.set(one, {"plan": "pro"}, future)
        people.seen(one, future)

    after = change(workspace, ada, act)
    assert after.written_at is not None
    assert after.last_seen is not None
    assert max(after.written_at, after.last_seen) <= now()
    # So that what comes next is not late.
    assert change(workspace, ada, lambda people, one: people.set(one, {"plan": "team"}, now())).attributes == {
        "plan": "team"
    }


def test_being_seen_widens_first_and_last_seen_in_any_order(workspace: Workspace, ada: int) -> None:
    after = change(workspace, ada, lambda people, one: people.seen(one, NOON - HOUR))
    assert (after.created_at, after.last_seen) == (NOON - HOUR, NOON)
    after = change(workspace, ada, lambda people, one: people.seen(one, NOON + HOUR))
    assert (after.created_at, after.last_seen) == (NOON - HOUR, NOON + HOUR)


def test_times_with_another_offset_are_the_same_moments(workspace: Workspace, ada: int) -> None:
    elsewhere = dt.timezone(dt.timedelta(hours=5, minutes=30))
    after = change(workspace, ada, lambda people, one: people.seen(one, (NOON + HOUR).astimezone(elsewhere)))
    assert after.last_seen == NOON + HOUR


def test_unset_removes_a_value(workspace: Workspace, ada: int) -> None:
    after = change(workspace, ada, lambda people, one: people.unset(one, ["plan", "never there"]))
    assert after.attributes == {}


def test_nothing_is_written_without_save(workspace: Workspace, ada: int) -> None:
    def work(tx: Transaction) -> None:
        people = People.lock(tx, [ada])
        people.set(people[ada], {"plan": "pro"}, now())

    commit(workspace.pk, "test", work)
    assert Person.objects.get(workspace=workspace, id=ada).attributes == {"plan": "free"}


def test_saving_twice_records_each_change_once(workspace: Workspace, ada: int) -> None:
    start = Workspace.objects.get(pk=workspace.pk).revision

    def act(people: People, one: Person) -> None:
        people.set(one, {"plan": "pro"}, NOON + HOUR)
        people.save()
        people.save()
        people.set(one, {"city": "Oslo"}, NOON + HOUR)

    after = change(workspace, ada, act)
    assert after.attributes == {"plan": "pro", "city": "Oslo"}
    found = JournalEntry.objects.filter(workspace=workspace, revision__gt=start).order_by("revision")
    assert list(found.values_list("after", flat=True)) == [{"plan": "pro"}, {"city": "Oslo"}]


def test_a_new_person_can_be_saved_and_changed_in_one_transaction(workspace: Workspace) -> None:
    one = Person(id=new_id(), user_id="bob")

    def work(tx: Transaction) -> None:
        people = People(tx, ())
        people.add(one)
        people.save()
        people.set(one, {"plan": "pro"}, now())
        people.save()

    commit(workspace.pk, "test", work)
    assert Person.objects.get(workspace=workspace, id=one.id).attributes == {"plan": "pro"}


def test_ids_of_nobody_and_of_other_workspaces_are_left_out(
    workspace: Workspace, other_workspace: Workspace, ada: int
) -> None:
    def work(tx: Transaction) -> tuple[bool, bool, int]:
        people = People.lock(tx, [ada, 5])
        return ada in people, 5 in people, len(list(people))

    assert commit(workspace.pk, "test", work) == (True, False, 1)
    assert commit(other_workspace.pk, "test", work) == (False, False, 0)


def test_one_user_id_may_be_in_two_workspaces(workspace: Workspace, other_workspace: Workspace, ada: int) -> None:
    commit(other_workspace.pk, "test", lambda tx: create_people(tx, [Person(id=new_id(), user_id="ada")]))
    assert Person.objects.filter(user_id="ada", workspace__in=(workspace, other_workspace)).count() == 2
