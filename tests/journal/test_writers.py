"""Many writers at once: nobody loses, nothing is counted twice, and a reader misses nothing."""

import contextlib
import threading
import time
from collections import Counter

from coterie.accounts.models import Workspace
from coterie.core.clock import now
from coterie.journal.commit import Transaction, commit
from coterie.journal.models import JournalEntry
from coterie.people.changes import People
from coterie.people.models import Person
from tests.journal.changing import add, entries, person, revision
from tests.journal.parallel import parallel


def test_two_who_lock_the_same_people_in_any_order_both_finish(workspace: Workspace) -> None:
    """On PostgreSQL the rows are locked in the order of their ids, whatever the caller's order."""
    ids = add(workspace, *(person(chats=0) for _ in range(20)))

    def talk(order: list[int]) -> None:
        for _ in range(10):

            def work(tx: Transaction) -> None:
                people = People.lock(tx, order)
                for one in order:
                    people[one].chats += 1
                    people.seen(people[one], now())
                people.save()

            commit(workspace.pk, "test", work)

    parallel([lambda: talk(ids), lambda: talk(ids[::-1])])
    assert set(Person.objects.filter(workspace=workspace).values_list("chats", flat=True)) == {20}


def test_a_circle_of_locks_is_broken_and_both_are_done(workspace: Workspace) -> None:
    one, other = add(workspace, person(chats=0), person(chats=0))
    # Each wants the row that the other has. SQLite lets one writer in at a time, so that nobody need meet there.
    meeting = threading.Barrier(2, timeout=0.5)

    def circle(first: int, second: int) -> None:
        def work(tx: Transaction) -> None:
            for number, person_id in enumerate((first, second)):
                people = People.lock(tx, [person_id])
                people[person_id].chats += 1
                people.seen(people[person_id], now())
                people.save()
                if not number:
                    with contextlib.suppress(threading.BrokenBarrierError):
                        meeting.wait()

        commit(workspace.pk, "test", work)

    start = revision(workspace)
    parallel([lambda: circle(one, other), lambda: circle(other, one)])
    assert set(Person.objects.filter(workspace=workspace).values_list("chats", flat=True)) == {2}
    assert len(entries(workspace, start)) == 4


WRITERS = 8
ROUNDS = 25


def test_eight_writers_leave_no_gap_and_a_reader_misses_nothing(workspace: Workspace) -> None:
    shared = add(workspace, *(person(chats=0) for _ in range(3)))
    own = [add(workspace, person(chats=0))[0] for _ in range(WRITERS)]
    start = revision(workspace)
    done = threading.Event()
    followed: list[int] = []

    def write(number: int) -> None:
        for turn in range(ROUNDS):
            ids = [own[number], shared[turn % 3]] if turn % 2 else [shared[(turn + number) % 3]]

            def work(tx: Transaction, ids: list[int] = ids, turn: int = turn) -> None:
                people = People.lock(tx, ids)
                for one in people:
                    one.chats += 1
                    people.seen(one, now())
                    people.set(one, {"turn": f"{number}.{turn}"}, now())
                people.save()
                time.sleep(0.001)

            commit(workspace.pk, f"writer:{number}", work)

    def follow() -> None:
        """As the replica does: what is up to the revision that was seen, once; it must never be less than all."""
        last, ended = start, False
        while not ended:
            ended = done.is_set()
            seen = revision(workspace)
            found = JournalEntry.objects.filter(workspace=workspace, revision__gt=last, revision__lte=seen)
            numbers = sorted(found.values_list("revision", flat=True))
            assert numbers == list(range(last + 1, seen + 1))
            followed.extend(numbers)
            last = seen

    def write_all() -> None:
        try:
            parallel([lambda number=number: write(number) for number in range(WRITERS)])  # type: ignore[misc]
        finally:
            done.set()

    parallel([write_all, follow])
    end = revision(workspace)
    assert followed == list(range(start + 1, end + 1))
    found = JournalEntry.objects.filter(workspace=workspace, revision__gt=start)
    assert sorted(found.values_list("revision", flat=True)) == followed
    # Every turn is there once, on every person it was about.
    people = WRITERS * sum(2 if turn % 2 else 1 for turn in range(ROUNDS))
    assert Counter(found.values_list("kind", flat=True))["seen"] == people
    assert sum(Person.objects.filter(workspace=workspace).values_list("chats", flat=True)) == people
    # What is after in one entry is before in the next one of that person.
    for person_id in (*shared, *own):
        told = found.filter(person_id=person_id, kind="set").order_by("revision").values_list("before", "after")
        values = [(before.get("turn"), after["turn"]) for before, after in told]
        assert [before for before, _ in values] == [None, *(after for _, after in values[:-1])]
        assert values[-1][1] == Person.objects.get(workspace=workspace, id=person_id).attributes["turn"]
