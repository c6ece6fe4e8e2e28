"""After 30 days a deletion is for good, and nothing of the person is left but that there was one."""

import datetime as dt

import pytest

from coterie.bulk.actions import Action
from coterie.bulk.forgetting import sweep
from coterie.bulk.selection import Selection
from coterie.bulk.start import start, undo
from coterie.chats import queries
from coterie.chats.models import Chat, Message
from coterie.core.clock import now
from coterie.core.ids import new_id
from coterie.jobs.control import NotPossible
from coterie.journal.models import JournalEntry, Operation
from coterie.people.models import Person
from coterie.profile import notes
from coterie.profile.models import Note
from tests.bulk.checking import assert_whole


def delete(workspace, *ids):
    return start(workspace, "test", Action.delete(), Selection.of_ids(ids))


def thirty_days_pass(workspace):
    operations = Operation.objects.filter(workspace=workspace, undo_until__isnull=False)
    for operation in operations:
        operations.filter(id=operation.id).update(undo_until=operation.undo_until - dt.timedelta(days=30, seconds=1))


def values_of(workspace, person_id):
    found = JournalEntry.objects.filter(workspace=workspace, person_id=person_id)
    return [value for pair in found.values_list("before", "after") for value in pair if value]


def test_chats_of_the_deleted_are_not_found(workspace, people):
    chat = Chat.objects.get(workspace=workspace, person_id=people[0])
    assert queries.one(workspace, chat.id) is not None
    operation = delete(workspace, people[0])
    assert queries.one(workspace, chat.id) is None
    assert people[0] not in {found.chat.person_id for found in queries.latest(workspace, None, 50)}
    undo(workspace, "test", operation.id)
    assert queries.one(workspace, chat.id).person.id == people[0]


def test_within_thirty_days_nothing_is_forgotten(workspace, people):
    delete(workspace, people[0])
    sweep()
    assert Chat.objects.filter(workspace=workspace, person_id=people[0]).exists()
    assert values_of(workspace, people[0])


def test_afterwards_chats_messages_notes_and_values_are_gone(workspace, people):
    messages = Message.objects.filter(workspace=workspace).count()
    for person_id in people[:2]:
        notes.add(workspace, "test", person_id, new_id(), "A note.")
    operation = delete(workspace, people[0])
    thirty_days_pass(workspace)
    sweep()
    assert not Chat.objects.filter(workspace=workspace, person_id=people[0]).exists()
    assert Message.objects.filter(workspace=workspace).count() == messages - 1
    assert set(Note.objects.filter(workspace=workspace).values_list("person_id", flat=True)) == {people[1]}
    assert values_of(workspace, people[0]) == []
    assert values_of(workspace, people[1])
    with pytest.raises(NotPossible):
        undo(workspace, "test", operation.id)
    assert_whole(workspace)


def test_whoever_came_back_is_not_forgotten(workspace, people):
    undo(workspace, "test", delete(workspace, people[0], people[1]).id)
    again = delete(workspace, people[0])
    Operation.objects.filter(workspace=workspace).exclude(id=again.id).update(undo_until=now() - dt.timedelta(days=1))
    sweep()
    assert Chat.objects.filter(workspace=workspace, person_id__in=people[:2]).count() == 2
    undo(workspace, "test", again.id)
    assert Person.objects.filter(workspace=workspace).count() == 7
    assert_whole(workspace)


def test_other_workspaces_keep_theirs(workspace, other_workspace, people):
    entries = JournalEntry.objects.filter(workspace=other_workspace)
    JournalEntry.objects.create(
        workspace=other_workspace, revision=1, person_id=people[0], kind="set", after={"x": 1}, actor="t", at=now()
    )
    delete(workspace, people[0])
    thirty_days_pass(workspace)
    sweep()
    assert entries.get().after == {"x": 1}
    entries.delete()
