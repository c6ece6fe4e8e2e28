"""The one door: revisions without gaps in the order of commits, exact entries, all or nothing."""

from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, OperationalError, transaction

from coterie.accounts.models import Workspace
from coterie.core.clock import now
from coterie.core.ids import new_ids
from coterie.journal import commit as door
from coterie.journal.commit import Collision, Transaction, commit
from coterie.journal.models import JournalEntry, Kind
from coterie.people.changes import People, create_people
from coterie.people.models import Person
from tests.journal.changing import add, change, entries, person, revision


def test_every_entry_takes_one_revision(workspace: Workspace) -> None:
    commit(workspace.pk, "test", lambda tx: tx.record_many([5, 6, 7], Kind.SEEN))
    commit(workspace.pk, "test", lambda tx: tx.record(5, Kind.SEEN))
    found = JournalEntry.objects.filter(workspace=workspace).values_list("revision", "person_id")
    assert sorted(found) == [(1, 5), (2, 6), (3, 7), (4, 5)]
    assert revision(workspace) == 4


def test_revisions_of_workspaces_are_independent(workspace: Workspace, other_workspace: Workspace) -> None:
    commit(workspace.pk, "test", lambda tx: tx.record_many([1, 2], Kind.SEEN))
    commit(other_workspace.pk, "test", lambda tx: tx.record(1, Kind.SEEN))
    assert (revision(workspace), revision(other_workspace)) == (2, 1)


def test_where_nothing_is_recorded_the_revision_stays(workspace: Workspace) -> None:
    assert commit(workspace.pk, "test", lambda tx: "done") == "done"
    assert revision(workspace) == 0


def test_a_change_that_changes_nothing_leaves_no_entry(workspace: Workspace) -> None:
    moment = now()
    (ada,) = add(workspace, person(attributes={"plan": "pro"}, written_at=moment))
    before = revision(workspace)
    change(workspace, ada, lambda people, one: people.set(one, {"plan": "pro"}, moment))
    change(workspace, ada, lambda people, one: people.unset(one, ["nothing"]))
    change(workspace, ada, lambda people, one: None)
    assert revision(workspace) == before


def test_a_new_person_is_seen_and_its_values_are_set(workspace: Workspace) -> None:
    (ada,) = add(workspace, person(attributes={"default_name": "Ada", "age": 36}))
    assert entries(workspace) == [
        (ada, "seen", None, None),
        (ada, "set", {}, {"default_name": "Ada", "age": 36}),
    ]


def test_entries_say_what_was_and_what_is(workspace: Workspace) -> None:
    (ada,) = add(workspace, person(attributes={"plan": "free", "city": "London", "old": True}))
    start = revision(workspace)

    def act(people: People, one: Person) -> None:
        people.set(one, {"plan": "pro", "city": "London", "age": 36}, now())
        people.unset(one, ["old", "never"])

    change(workspace, ada, act)
    assert entries(workspace, start) == [
        (ada, "set", {"plan": "free"}, {"plan": "pro", "age": 36}),
        (ada, "unset", {"old": True}, None),
    ]


@pytest.mark.parametrize(("before", "after"), [(True, 1), (0, False), (1, 1.0), ("1", 1)])
def test_a_value_of_another_type_is_a_change(workspace: Workspace, before: Any, after: Any) -> None:
    (ada,) = add(workspace, person(attributes={"x": before}))
    start, moment = revision(workspace), now()
    change(workspace, ada, lambda people, one: people.set(one, {"x": after}, moment))
    assert entries(workspace, start) == [(ada, "set", {"x": before}, {"x": after})]
    # Also when nothing else differs, not even the time it was written.
    change(workspace, ada, lambda people, one: people.set(one, {"x": before}, moment))
    stored = Person.objects.get(workspace=workspace, id=ada).attributes["x"]
    assert (type(stored), stored) == (type(before), before)


def test_setting_a_value_is_not_being_seen(workspace: Workspace) -> None:
    (ada,) = add(workspace, person())
    start = revision(workspace)
    change(workspace, ada, lambda people, one: people.set(one, {"plan": "pro"}, now()))
    assert [kind for _, kind, *_ in entries(workspace, start)] == ["set"]


def test_a_ban_is_recorded_with_its_kind(workspace: Workspace) -> None:
    (ada,) = add(workspace, person())
    start = revision(workspace)
    for banned in (True, False):

        def act(people: People, one: Person, banned: bool = banned) -> None:
            one.banned = banned
            people.unset(one, [])

        change(workspace, ada, act)
    assert [kind for _, kind, *_ in entries(workspace, start)] == ["banned", "unbanned"]


def test_entries_name_who_did_it_when_and_in_which_operation(workspace: Workspace) -> None:
    commit(workspace.pk, "member:7", lambda tx: tx.record(5, Kind.SEEN), operation_id=99)
    entry = JournalEntry.objects.get(workspace=workspace)
    assert (entry.actor, entry.operation_id) == ("member:7", 99)
    assert abs((now() - entry.at).total_seconds()) < 60


def test_values_survive_the_journal_as_they_are(workspace: Workspace) -> None:
    values = {"text": "Zażółć “it's” \\ \t\n 👩‍👩‍👧 \u2028", "big": 2**63 - 1, "half": 0.5, "yes": True, 'key "\\': "x"}
    commit(workspace.pk, "test", lambda tx: tx.record(5, Kind.SET, {"none": None}, values))
    assert entries(workspace) == [(5, "set", {"none": None}, values)]


def test_work_that_fails_leaves_nothing(workspace: Workspace) -> None:
    def work(tx: Transaction) -> None:
        create_people(tx, [person()])
        tx.record(5, Kind.SEEN)
        raise LookupError("half-way")

    with pytest.raises(LookupError):
        commit(workspace.pk, "test", work)
    assert revision(workspace) == 0
    assert not Person.objects.filter(workspace=workspace).exists()
    assert entries(workspace) == []


def test_work_that_collides_runs_again_and_has_one_effect(workspace: Workspace) -> None:
    (ada,) = add(workspace, person(chats=0))
    start, runs = revision(workspace), []

    def work(tx: Transaction) -> int:
        people = People.lock(tx, [ada])
        people[ada].chats += 1
        people.seen(people[ada], now())
        people.save()
        runs.append(None)
        if len(runs) < 3:
            raise IntegrityError("somebody else was quicker")
        return len(runs)

    assert commit(workspace.pk, "test", work) == 3
    assert Person.objects.get(workspace=workspace, id=ada).chats == 1
    assert len(entries(workspace, start)) == 1


def test_a_real_collision_of_keys_is_retried(workspace: Workspace) -> None:
    add(workspace, person(user_id="taken"))
    names = iter(("taken", "taken", "free"))
    commit(workspace.pk, "test", lambda tx: create_people(tx, [person(user_id=next(names))]))
    assert sorted(Person.objects.filter(workspace=workspace).values_list("user_id", flat=True)) == ["free", "taken"]


def test_what_collides_forever_is_raised_in_the_end(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door.time, "sleep", lambda seconds: None)
    add(workspace, person(user_id="taken"))
    with pytest.raises(IntegrityError):
        commit(workspace.pk, "test", lambda tx: create_people(tx, [person(user_id="taken")]))


@pytest.mark.parametrize(
    ("cause", "again"),
    [
        (psycopg.errors.DeadlockDetected("Verklemmung entdeckt"), True),
        (psycopg.errors.SerializationFailure("impossible de sérialiser un accès"), True),
        (psycopg.errors.DiskFull("disk full"), False),
    ],
)
def test_collisions_are_known_by_their_code_in_any_language(
    workspace: Workspace, cause: Exception, again: bool
) -> None:
    runs = []

    def work(tx: Transaction) -> int:
        runs.append(None)
        if len(runs) == 1:
            raise OperationalError(str(cause)) from cause
        return len(runs)

    if again:
        assert commit(workspace.pk, "test", work) == 2
    else:
        with pytest.raises(OperationalError):
            commit(workspace.pk, "test", work)
        assert len(runs) == 1


def test_inside_another_transaction_it_does_not_run_again(workspace: Workspace) -> None:
    add(workspace, person(user_id="taken"))
    runs = []

    def work(tx: Transaction) -> None:
        runs.append(None)
        create_people(tx, [person(user_id="taken")])

    with pytest.raises(IntegrityError), transaction.atomic():
        commit(workspace.pk, "test", work)
    assert len(runs) == 1


def test_many_entries_are_written_at_once(workspace: Workspace) -> None:
    commit(workspace.pk, "test", lambda tx: tx.record_many(new_ids(20_000), Kind.JOINED, after={"segment": "x"}))
    assert revision(workspace) == JournalEntry.objects.filter(workspace=workspace).count() == 20_000


def test_new_people_of_an_operation_are_created_by_it(workspace: Workspace) -> None:
    one = person(attributes={"plan": "pro"})
    commit(workspace.pk, "test", lambda tx: create_people(tx, [one]), operation_id=99)
    assert entries(workspace) == [(one.id, "created", None, None), (one.id, "set", {}, {"plan": "pro"})]
    change(workspace, one.id, lambda people, row: people.seen(row, now()))
    assert [kind for _, kind, *_ in entries(workspace)] == ["created", "set", "seen"]


def test_a_collision_that_the_work_noticed_itself_is_tried_again(workspace: Workspace) -> None:
    tries = []

    def work(tx: Transaction) -> str:
        tries.append(tx)
        if len(tries) < 3:
            raise Collision
        return "done"

    assert commit(workspace.pk, "test", work) == "done"
    assert len(tries) == 3
