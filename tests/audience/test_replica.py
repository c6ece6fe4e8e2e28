"""The replica is a cache that is never stale, never wrong, and may be lost at any time."""

import datetime as dt
import os
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest
from django.db import connection
from django.db.models import F

from coterie.accounts.models import Workspace
from coterie.audience import query, replica, source
from coterie.audience.audience import audience_of
from coterie.audience.compiler import EVERYBODY
from coterie.audience.replica import Replica
from coterie.audience.tree import Condition
from coterie.audience.view import View
from coterie.core.clock import now
from coterie.core.ids import new_ids
from coterie.journal.commit import Transaction, commit
from coterie.journal.models import JournalEntry, Kind
from coterie.people.changes import People, create_people
from coterie.people.models import Person
from coterie.segments.catalogue import create
from coterie.segments.membership import remove_from_segments, save_to_segments
from coterie.segments.models import Membership, Segment
from tests.conftest import ROOT

Row = tuple[Any, ...]
VALUES = [
    "Ada",
    "it's",
    "Zażółć 👩‍👩‍👧",
    "",
    "x" * 1024,
    0,
    1,
    -1,
    17,
    1.5,
    0.1,
    -0.25,
    2**53 + 1,
    2**63 - 1,
    True,
    False,
]
KEYS = ["default_name", "default_email", "plan", "Plan", "a.b", "it's", "$", '"', "ключ"]


def in_record(workspace: Workspace) -> dict[int, Row]:
    """Everybody as the system of record has them."""
    segments: dict[int, list[int]] = {}
    for segment_id, person_id in Membership.objects.filter(workspace=workspace).values_list("segment_id", "person_id"):
        segments.setdefault(person_id, []).append(segment_id)
    return {
        person.id: (
            person.user_id,
            person.banned,
            person.created_at,
            person.last_seen,
            person.chats,
            typed(person.attributes),
            sorted(segments.get(person.id, [])),
        )
        for person in Person.objects.filter(workspace=workspace)
    }


def in_replica(reader: duckdb.DuckDBPyConnection) -> dict[int, Row]:
    """Everybody as the replica has them; every row once."""
    ids = query.matching_ids(reader, EVERYBODY)
    assert len(ids) == len(set(ids)) == query.count(reader, EVERYBODY)
    return {
        row.id: (
            row.user_id,
            row.banned,
            row.created_at,
            row.last_seen,
            row.chats,
            typed(row.attributes),
            sorted(row.segments),
        )
        for row in query.rows(reader, ids)
    }


def typed(attributes: dict[str, Any]) -> dict[str, tuple[type, Any]]:
    """With the types, because to Python true is 1."""
    return {key: (type(value), value) for key, value in attributes.items()}


def newcomers(count: int, chance: random.Random | None = None) -> list[Person]:
    chance = chance or random.Random(count)
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    return [
        Person(
            id=row_id,
            user_id=f"user {row_id}",
            attributes={key: value(chance, key) for key in KEYS if chance.random() < 0.6},
            banned=chance.random() < 0.1,
            created_at=start,
            last_seen=start + dt.timedelta(microseconds=chance.randrange(10**13)) if chance.random() < 0.9 else None,
            chats=chance.randrange(50),
        )
        for row_id in new_ids(count)
    ]


def value(chance: random.Random, key: str) -> Any:
    found = chance.choice(VALUES)
    return str(found) if key.startswith("default_") else found


def add(workspace: Workspace, count: int) -> list[int]:
    people = newcomers(count)
    commit(workspace.pk, "test", lambda tx: create_people(tx, people))
    return [person.id for person in people]


def change(workspace: Workspace, person_id: int, act: Callable[[People, Person], None]) -> None:
    def work(tx: Transaction) -> None:
        people = People.lock(tx, [person_id])
        act(people, people[person_id])
        people.save()

    commit(workspace.pk, "test", work)


def forget(workspace: Workspace, person_id: int) -> None:
    def work(tx: Transaction) -> None:
        Membership.objects.filter(workspace=workspace, person_id=person_id).delete()
        Person.objects.filter(workspace=workspace, id=person_id).delete()
        tx.record(person_id, Kind.ERASED)

    commit(workspace.pk, "test", work)


@pytest.fixture
def opened() -> Iterator[Callable[[Workspace], Replica]]:
    """Factory of replicas as other processes would open them; closed at the end."""
    found: list[Replica] = []

    def make(workspace: Workspace) -> Replica:
        found.append(Replica(workspace))
        return found[-1]

    yield make
    for one in found:
        one.close()


def files(workspace: Workspace) -> Path:
    return Path(os.environ["COTERIE_DATA"]) / "replica" / f"{workspace.uid}-0.duckdb"


# Read your writes.


def test_a_new_person_is_there_at_once(workspace: Workspace) -> None:
    audience = audience_of(workspace)
    assert audience.count(None) == 0
    add(workspace, 3)
    assert audience.count(None) == 3


def test_a_set_and_an_unset_value_are_found_at_once(workspace: Workspace) -> None:
    audience = audience_of(workspace)
    (ada,) = add(workspace, 1)
    condition = Condition("default_city", "is", ("London",))
    assert audience.matching_ids(condition) == []
    change(workspace, ada, lambda people, person: people.set(person, {"default_city": "London"}, now()))
    assert audience.matching_ids(condition) == [ada]
    change(workspace, ada, lambda people, person: people.unset(person, ["default_city"]))
    assert audience.matching_ids(condition) == []


def test_whoever_is_seen_is_first_at_once(workspace: Workspace) -> None:
    ids = add(workspace, 5)
    change(workspace, ids[2], lambda people, person: people.seen(person, now()))
    assert audience_of(workspace).page(View(), 1).rows[0].id == ids[2]


def test_who_joined_and_left_a_segment_is_known_at_once(workspace: Workspace) -> None:
    audience = audience_of(workspace)
    ids = add(workspace, 3)
    segment = create(workspace, "Leads", "test")
    condition = Condition("segment", "in", (segment.public_id,))
    save_to_segments(workspace, "test", [segment.id], ids[:2])
    assert audience.matching_ids(condition) == ids[:2]
    assert audience.segment_sizes() == {segment.id: 2}
    remove_from_segments(workspace, "test", [segment.id], ids[:1])
    assert audience.matching_ids(condition) == ids[1:2]


def test_a_deleted_person_is_gone_at_once(workspace: Workspace) -> None:
    ids = add(workspace, 2)
    assert audience_of(workspace).count(None) == 2
    forget(workspace, ids[0])
    assert audience_of(workspace).matching_ids(None) == ids[1:]


def test_people_of_another_workspace_are_never_there(workspace: Workspace, other_workspace: Workspace) -> None:
    ids, others = add(workspace, 3), add(other_workspace, 2)
    assert audience_of(workspace).matching_ids(None) == ids
    assert audience_of(other_workspace).matching_ids(None) == others
    add(other_workspace, 1)
    assert audience_of(workspace).matching_ids(None) == ids


def test_without_news_nothing_is_read_again(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    add(workspace, 3)
    audience = audience_of(workspace)
    assert audience.count(None) == 3
    monkeypatch.setattr(source, "people", None)
    assert audience.count(None) == 3


def test_thousands_of_random_changes_lead_to_the_same_people(workspace: Workspace) -> None:
    chance = random.Random(2026)
    segments = [create(workspace, name, "test").id for name in ("A", "B")]
    ids = add(workspace, 200)
    audience = audience_of(workspace)
    for number in range(60):
        commit(workspace.pk, "test", partial(_turmoil, chance=chance, ids=ids, segments=segments))
        if chance.random() < 0.3:
            ids += add(workspace, chance.randrange(20))
        if chance.random() < 0.3:
            forget(workspace, ids.pop(chance.randrange(len(ids))))
        if number % 4 == 0:
            assert audience.ask(in_replica) == in_record(workspace)
    assert audience.ask(in_replica) == in_record(workspace)
    assert audience.replica.repair() == Workspace.objects.get(pk=workspace.pk).revision
    assert audience.ask(in_replica) == in_record(workspace)


def _turmoil(tx: Transaction, chance: random.Random, ids: list[int], segments: list[int]) -> None:
    from coterie.segments.membership import join, leave

    people = People.lock(tx, chance.sample(ids, 60))
    for person in people:
        match chance.randrange(4):
            case 0:
                people.set(person, {key: value(chance, key) for key in chance.sample(KEYS, 2)}, now())
            case 1:
                people.unset(person, chance.sample(KEYS, 2))
            case 2:
                people.seen(person, now() - dt.timedelta(days=chance.randrange(400)))
                person.chats += 1
            case _:
                (join if chance.random() < 0.6 else leave)(tx, chance.choice(segments), [person.id], tx.at)
    people.save()


# The file.


def test_a_deleted_file_is_made_anew(workspace: Workspace, opened: Callable) -> None:
    add(workspace, 50)
    first = opened(workspace)
    assert first.path == files(workspace)
    assert first.ask(in_replica) == in_record(workspace)
    first.close()
    files(workspace).unlink()
    assert opened(workspace).ask(in_replica) == in_record(workspace)


def test_a_good_file_is_used_again(workspace: Workspace, opened: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    add(workspace, 50)
    first = opened(workspace)
    first.catch_up()
    first.close()
    monkeypatch.setattr(Replica, "_fill", None)
    ids = add(workspace, 2)
    second = opened(workspace)
    assert second.ask(in_replica) == in_record(workspace)
    assert set(ids) <= set(second.ask(in_replica))


@pytest.fixture
def kept(workspace: Workspace, opened: Callable, tmp_path: Path) -> Path:
    """A copy of a good file with several blocks; the replica is closed."""
    add(workspace, 1_500)
    first = opened(workspace)
    first.catch_up()
    first.close()
    return Path(shutil.copy(files(workspace), tmp_path / "kept.duckdb"))


def test_random_bytes_in_the_file_are_noticed_and_repaired(workspace: Workspace, kept: Path, opened: Callable) -> None:
    expected, good = in_record(workspace), kept.read_bytes()
    chance = random.Random(7)
    for _ in range(20):
        damaged = bytearray(good)
        for _ in range(chance.choice((1, 5, 50))):
            start = chance.randrange(chance.choice((4096, 3 * 4096, len(good))))
            length = chance.choice((1, 16, 4096, 65536))
            piece = chance.randbytes(length)
            damaged[start : start + length] = piece[: len(damaged) - start]
        files(workspace).write_bytes(damaged)
        one = opened(workspace)
        assert one.path == files(workspace)
        assert one.ask(in_replica) == expected
        one.close()


def test_a_truncated_file_is_noticed_and_repaired(workspace: Workspace, kept: Path, opened: Callable) -> None:
    expected, good = in_record(workspace), kept.read_bytes()
    for length in (0, 1, 100, 4096, 8192, 12_288, 100_000, len(good) // 2, len(good) - 1):
        files(workspace).write_bytes(good[:length])
        one = opened(workspace)
        assert one.ask(in_replica) == expected
        one.close()


def test_a_broken_log_beside_the_file_is_noticed_and_repaired(
    workspace: Workspace, kept: Path, opened: Callable
) -> None:
    log = files(workspace).with_name(files(workspace).name + ".wal")
    for content in (b"", b"rubbish", os.urandom(10_000)):
        shutil.copy(kept, files(workspace))
        log.write_bytes(content)
        one = opened(workspace)
        assert one.ask(in_replica) == in_record(workspace)
        one.close()


def test_a_file_that_is_no_replica_is_replaced(workspace: Workspace, opened: Callable) -> None:
    add(workspace, 3)
    files(workspace).parent.mkdir(exist_ok=True)
    files(workspace).write_text("This is a letter to my aunt. " * 1000, encoding="utf-8")
    assert opened(workspace).ask(in_replica) == in_record(workspace)


def test_the_file_of_another_workspace_is_replaced(
    workspace: Workspace, other_workspace: Workspace, opened: Callable
) -> None:
    ids = add(workspace, 3)
    add(other_workspace, 3)
    other = opened(other_workspace)
    other.catch_up()
    other.close()
    shutil.copy(files(other_workspace), files(workspace))
    assert opened(workspace).ask(lambda reader: query.matching_ids(reader, EVERYBODY)) == ids


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE state SET version = version - 1",
        "DELETE FROM state",
        "DROP TABLE state",
        "UPDATE state SET version = version - 1; DROP TABLE memberships; ALTER TABLE people DROP COLUMN custom",
    ],
)
def test_a_file_of_another_version_is_replaced(workspace: Workspace, kept: Path, opened: Callable, sql: str) -> None:
    with duckdb.connect(str(files(workspace))) as file:
        file.execute(sql)
        file.execute("DELETE FROM people")
    assert opened(workspace).ask(in_replica) == in_record(workspace)


def restore_backup(workspace: Workspace) -> None:
    """The database goes back by one revision, as when a backup is restored."""
    revision = Workspace.objects.get(pk=workspace.pk).revision
    gone = JournalEntry.objects.get(workspace=workspace, revision=revision)
    Person.objects.filter(workspace=workspace, id=gone.person_id).delete()
    gone.delete()
    Workspace.objects.filter(pk=workspace.pk).update(revision=revision - 1)


def test_a_replica_ahead_of_the_workspace_is_made_anew(workspace: Workspace, opened: Callable) -> None:
    add(workspace, 1)
    commit(workspace.pk, "test", lambda tx: create_people(tx, [Person(id=new_ids(1)[0], user_id="last")]))
    # Without attributes, so that the person is one entry.
    first = opened(workspace)
    assert len(first.ask(in_replica)) == 2
    first.close()
    restore_backup(workspace)
    second = opened(workspace)
    assert len(second.ask(in_replica)) == 1
    assert second.ask(in_replica) == in_record(workspace)


def test_a_replica_that_falls_ahead_while_open_is_made_anew(workspace: Workspace) -> None:
    add(workspace, 1)
    commit(workspace.pk, "test", lambda tx: create_people(tx, [Person(id=new_ids(1)[0], user_id="last")]))
    assert audience_of(workspace).count(None) == 2
    restore_backup(workspace)
    assert audience_of(workspace).ask(in_replica) == in_record(workspace)
    add(workspace, 2)
    assert audience_of(workspace).ask(in_replica) == in_record(workspace)


def test_a_raised_epoch_makes_every_replica_anew(workspace: Workspace) -> None:
    (ada,) = add(workspace, 1)
    audience = audience_of(workspace)
    assert audience.count(None) == 1
    # Somebody changed the database behind our back, and says so.
    Person.objects.filter(workspace=workspace, id=ada).update(chats=99)
    assert audience.page(View(), 1).rows[0].chats != 99
    Workspace.objects.filter(pk=workspace.pk).update(replica_epoch=F("replica_epoch") + 1)
    assert audience.page(View(), 1).rows[0].chats == 99


def test_a_question_that_meets_damage_is_answered_after_the_repair(workspace: Workspace) -> None:
    add(workspace, 3)
    audience = audience_of(workspace)
    asked: list[int] = []

    def question(reader: duckdb.DuckDBPyConnection) -> int:
        asked.append(query.count(reader, EVERYBODY))
        if len(asked) == 1:
            raise duckdb.IOException("checksum of a block is wrong")
        return asked[-1]

    assert audience.ask(question) == 3
    assert asked == [3, 3]


def test_a_question_that_is_wrong_repairs_nothing(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Replica, "repair", None)
    with pytest.raises(duckdb.CatalogException):
        audience_of(workspace).ask(lambda reader: reader.execute("FROM nothing"))


def test_a_reader_cannot_write(workspace: Workspace) -> None:
    add(workspace, 1)
    with pytest.raises(duckdb.Error, match="read-only"):
        audience_of(workspace).ask(lambda reader: reader.execute("DELETE FROM people"))


# Several at once.

_OTHER_PROCESS = """
import sys, django
django.setup()
from coterie.accounts.models import Workspace
from coterie.audience.audience import audience_of
audience = audience_of(Workspace.objects.get(pk=int(sys.argv[1])))
print(audience.count(None), audience.replica.path.name, flush=True)
sys.stdin.readline()
print(audience.count(None), flush=True)
"""


def test_every_process_has_a_file_of_its_own(workspace: Workspace) -> None:
    add(workspace, 3)
    mine = audience_of(workspace)
    assert mine.count(None) == 3
    command = [sys.executable, "-c", _OTHER_PROCESS, str(workspace.pk)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT
    ) as other:
        assert other.stdin
        assert other.stdout
        people, name = other.stdout.readline().split()
        assert people == "3"
        assert name != mine.replica.path.name
        add(workspace, 2)
        print("go on", file=other.stdin, flush=True)
        assert other.stdout.readline().strip() == "5"
    assert mine.count(None) == 5


def test_a_slot_is_free_again_when_its_owner_is_gone(workspace: Workspace, opened: Callable) -> None:
    first, second = opened(workspace), opened(workspace)
    assert first.path != second.path
    first.close()
    assert opened(workspace).path == first.path


def in_threads(work: Callable[[int], None], count: int) -> list[threading.Thread]:
    """Runs `work` in threads that keep what went wrong for `finish`."""

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            threads[number].problem = error  # type: ignore[attr-defined]
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    return threads


def finish(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    for thread in threads:
        if problem := getattr(thread, "problem", None):
            raise problem


def test_readers_see_one_moment_while_people_arrive_and_change(workspace: Workspace) -> None:
    ids, done, known = add(workspace, 100), threading.Event(), [100]

    def read(_: int) -> None:
        last = 0
        while not done.is_set():
            least = known[0]
            page = audience_of(workspace).page(View(), 10_000)
            assert len({row.id for row in page.rows}) == len(page.rows) == page.total
            assert page.total >= max(least, last)
            last = page.total

    threads = in_threads(read, 3)
    try:
        for number in range(60):
            for person_id in ids[number % 50 :: 25]:
                change(workspace, person_id, lambda people, person: people.seen(person, now()))
            known[0] += len(add(workspace, 3))
    finally:
        done.set()
        finish(threads)
    assert audience_of(workspace).ask(in_replica) == in_record(workspace)


def test_whoever_changes_while_the_replica_catches_up_is_there_once(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ada, *_) = add(workspace, 5)
    audience = audience_of(workspace)
    assert audience.count(None) == 5
    add(workspace, 1)
    real = source.changed

    def changed(*arguments: Any) -> list[int]:
        found = real(*arguments)
        # Another writer is quicker than the rest of this catch-up.
        change(workspace, ada, lambda people, person: people.seen(person, now()))
        return found

    monkeypatch.setattr(replica.source, "changed", changed)
    page = audience.page(View(), 100)
    assert len(page.rows) == page.total == 6
    monkeypatch.undo()
    assert audience.ask(in_replica) == in_record(workspace)


def test_questions_are_answered_while_the_replica_is_repaired(workspace: Workspace) -> None:
    add(workspace, 300)
    done = threading.Event()

    def read(_: int) -> None:
        while not done.is_set():
            assert audience_of(workspace).count(None) == 300

    threads = in_threads(read, 4)
    try:
        for _ in range(15):
            audience_of(workspace).replica.repair()
    finally:
        done.set()
        finish(threads)


def test_segments_are_read_with_their_people(workspace: Workspace) -> None:
    ids = add(workspace, 4)
    segment = Segment.objects.create(workspace=workspace, name="Leads")
    save_to_segments(workspace, "test", [segment.id], ids[1:3])
    rows = {row.id: row.segments for row in audience_of(workspace).page(View(), 10).rows}
    assert rows == {ids[0]: [], ids[1]: [segment.id], ids[2]: [segment.id], ids[3]: []}
