"""The replica's file is a cache: lost, damaged, foreign or outdated, it is made anew."""

import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from django.db.models import F

from coterie.accounts.models import Workspace
from coterie.audience import query
from coterie.audience.audience import audience_of
from coterie.audience.compiler import EVERYBODY
from coterie.audience.replica import Replica
from coterie.audience.tree import Condition
from coterie.core.ids import new_ids
from coterie.journal.commit import commit
from coterie.journal.models import JournalEntry
from coterie.people.changes import create_people
from coterie.people.models import Person
from tests.audience.mirror import Row, add, files, in_record, in_replica
from tests.profiles import times


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


@dataclass(frozen=True)
class Kept:
    """A workspace whose people nobody changes, what it has of them, and a good file of them with several blocks."""

    workspace: Workspace
    record: dict[int, Row]
    good: bytes

    def answers_with(self, content: bytes, opened: Callable) -> None:
        """Whatever the file holds now, the answer is right."""
        files(self.workspace).write_bytes(content)
        one = opened(self.workspace)
        assert one.path == files(self.workspace)
        assert one.ask(in_replica) == self.record
        one.close()


@pytest.fixture(scope="module")
def kept(database: str) -> Kept:
    workspace = Workspace.objects.create(name="Kept")
    add(workspace, 1_500)
    first = Replica(workspace)
    first.catch_up()
    first.close()
    return Kept(workspace, in_record(workspace), files(workspace).read_bytes())


@pytest.mark.one_database
def test_random_bytes_in_the_file_are_noticed_and_repaired(kept: Kept, opened: Callable) -> None:
    good, chance = kept.good, random.Random(7)
    for _ in range(times(0.4)):
        damaged = bytearray(good)
        for _ in range(chance.choice((1, 5, 50))):
            start = chance.randrange(chance.choice((4096, 3 * 4096, len(good))))
            length = chance.choice((1, 16, 4096, 65536))
            piece = chance.randbytes(length)
            damaged[start : start + length] = piece[: len(damaged) - start]
        kept.answers_with(damaged, opened)


@pytest.mark.one_database
def test_damage_in_any_block_is_noticed_at_the_latest_when_it_is_read(kept: Kept, opened: Callable) -> None:
    headers, block = 3 * 4096, 256 * 1024
    for start in range(headers, len(kept.good), block):
        damaged = bytearray(kept.good)
        damaged[start + 1000 : start + 1016] = bytes(byte ^ 255 for byte in damaged[start + 1000 : start + 1016])
        kept.answers_with(damaged, opened)


@pytest.mark.one_database
def test_a_truncated_file_is_noticed_and_repaired(kept: Kept, opened: Callable) -> None:
    whole = len(kept.good)
    for length in (0, 1, 100, 4096, 8192, 12_288, 100_000, whole // 2, whole - 1):
        kept.answers_with(kept.good[:length], opened)


@pytest.mark.one_database
def test_a_broken_log_beside_the_file_is_noticed_and_repaired(kept: Kept, opened: Callable) -> None:
    log = files(kept.workspace).with_name(files(kept.workspace).name + ".wal")
    for content in (b"", b"rubbish", os.urandom(10_000)):
        log.write_bytes(content)
        kept.answers_with(kept.good, opened)


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
    files(workspace).write_bytes(files(other_workspace).read_bytes())
    assert opened(workspace).ask(lambda reader: query.matching_ids(reader, EVERYBODY)) == ids


@pytest.mark.one_database
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE state SET version = version - 1",
        "DELETE FROM state",
        "DROP TABLE state",
        "UPDATE state SET version = version - 1; DROP TABLE memberships; ALTER TABLE people DROP COLUMN custom",
    ],
)
def test_a_file_of_another_version_is_replaced(kept: Kept, opened: Callable, tmp_path: Path, sql: str) -> None:
    path = tmp_path / "other.duckdb"
    path.write_bytes(kept.good)
    with duckdb.connect(str(path)) as file:
        file.execute(sql)
        file.execute("DELETE FROM people")
    kept.answers_with(path.read_bytes(), opened)


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
    assert audience.count(Condition("chats", "eq", ("99",))) == 0
    Workspace.objects.filter(pk=workspace.pk).update(replica_epoch=F("replica_epoch") + 1)
    assert audience.count(Condition("chats", "eq", ("99",))) == 1


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
