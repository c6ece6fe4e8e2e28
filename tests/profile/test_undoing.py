"""Taking single changes back: only what is still as they left it, all of them or none, and as often as one likes."""

import pytest

from coterie.chats.models import Chat
from coterie.core.ids import new_id
from coterie.journal.models import JournalEntry
from coterie.people.models import Person
from coterie.profile import notes
from coterie.profile.editing import (
    Gone,
    change_session_value,
    change_value,
    join,
    leave,
    set_banned,
)
from coterie.profile.models import Note
from coterie.profile.undoing import Changed, NotYours, undo
from coterie.segments.catalogue import create
from coterie.segments.models import Membership
from coterie.segments.trash import remove
from tests.makers import make_person

ME = "member:1"


def now_on(person: Person) -> Person:
    return Person.objects.get(workspace_id=person.workspace_id, id=person.id)


@pytest.mark.parametrize(("key", "seen", "wish"), [("plan", "free", "pro"), ("plan", "free", None), ("new", None, 7)])
def test_a_changed_a_removed_and_a_new_value_are_as_before(workspace, ada, key, seen, wish):
    made = change_value(workspace, ME, ada.id, key, seen, wish)
    undo(workspace, ME, ada.id, made)
    assert now_on(ada).attributes == ada.attributes


def test_an_undo_can_be_undone(workspace, ada):
    made = change_value(workspace, ME, ada.id, "plan", "free", "pro")
    again = undo(workspace, ME, ada.id, made)
    undo(workspace, ME, ada.id, again)
    assert now_on(ada).attributes["plan"] == "pro"


def test_undoing_twice_changes_nothing_more(workspace, ada):
    made = change_value(workspace, ME, ada.id, "plan", "free", "pro")
    undo(workspace, ME, ada.id, made)
    assert undo(workspace, ME, ada.id, made) == []


def test_what_was_changed_since_is_left_alone(workspace, ada):
    made = change_value(workspace, ME, ada.id, "plan", "free", "pro")
    change_value(workspace, "member:2", ada.id, "plan", "pro", "gold")
    with pytest.raises(Changed):
        undo(workspace, ME, ada.id, made)
    assert now_on(ada).attributes["plan"] == "gold"


def test_several_changes_are_taken_back_together_or_not_at_all(workspace, ada):
    one = change_value(workspace, ME, ada.id, "plan", "free", "pro")
    other = change_value(workspace, ME, ada.id, "default_city", "Oslo", "Bergen")
    change_value(workspace, "member:2", ada.id, "plan", "pro", "gold")
    with pytest.raises(Changed):
        undo(workspace, ME, ada.id, [*one, *other])
    assert now_on(ada).attributes["default_city"] == "Bergen"


def test_two_changes_of_one_value_go_back_to_the_first(workspace, ada):
    one = change_value(workspace, ME, ada.id, "plan", "free", "pro")
    other = change_value(workspace, ME, ada.id, "plan", "pro", "gold")
    undo(workspace, ME, ada.id, [*one, *other])
    assert now_on(ada).attributes["plan"] == "free"


def test_a_ban_is_lifted(workspace, ada):
    undo(workspace, ME, ada.id, set_banned(workspace, ME, ada.id, True))
    assert not now_on(ada).banned


def test_joining_and_leaving_segments(workspace, ada):
    segments = [create(workspace, name, ME) for name in ("One", "Other")]
    made = join(workspace, ME, ada.id, [segment.id for segment in segments])
    undo(workspace, ME, ada.id, made)
    assert not Membership.objects.filter(workspace=workspace, person_id=ada.id).exists()
    join(workspace, ME, ada.id, [segments[0].id])
    undo(workspace, ME, ada.id, leave(workspace, ME, ada.id, segments[0].id))
    assert Membership.objects.filter(workspace=workspace, person_id=ada.id).count() == 1


def test_nobody_goes_back_into_a_segment_that_was_removed(workspace, ada):
    segment = create(workspace, "One", ME)
    join(workspace, ME, ada.id, [segment.id])
    made = leave(workspace, ME, ada.id, segment.id)
    remove(workspace, segment, ME)
    with pytest.raises(Changed):
        undo(workspace, ME, ada.id, made)


def test_what_a_chat_collected(workspace, ada, talk):
    talk(ada, session={"order": "FH-1"})
    chat = Chat.objects.get(workspace=workspace, person_id=ada.id)
    made = change_session_value(workspace, ME, ada.id, chat.id, "order", "FH-1", None)
    undo(workspace, ME, ada.id, made)
    assert Chat.objects.get(workspace=workspace, id=chat.id).attributes == {"order": "FH-1"}


def test_notes_come_back_with_their_author(workspace, ada):
    notes.add(workspace, "member:7", ada.id, new_id(), "Likes dark roasts.")
    note = Note.objects.get(workspace=workspace)
    undo(workspace, "member:7", ada.id, notes.edit(workspace, "member:7", note, "Likes light roasts."))
    assert Note.objects.get(workspace=workspace).text == "Likes dark roasts."
    made = notes.edit(workspace, ME, Note.objects.get(workspace=workspace), None)
    assert not Note.objects.filter(workspace=workspace).exists()
    undo(workspace, ME, ada.id, made, any_note=True)
    back = Note.objects.get(workspace=workspace)
    assert (back.id, back.text, back.author) == (note.id, "Likes dark roasts.", "member:7")


@pytest.mark.parametrize("any_note", [False, True])
def test_undo_changes_the_notes_of_others_no_more_than_editing_does(workspace, ada, any_note):
    written = notes.add(workspace, "member:7", ada.id, new_id(), "Likes dark roasts.")
    note = Note.objects.get(workspace=workspace)
    changed = notes.edit(workspace, "member:7", note, "Likes light roasts.")
    with pytest.raises(NotYours):
        undo(workspace, ME, ada.id, changed, any_note=any_note)
    undo(workspace, "member:7", ada.id, changed)
    if any_note:
        undo(workspace, ME, ada.id, written, any_note=True)
    else:
        with pytest.raises(NotYours):
            undo(workspace, ME, ada.id, written)
    assert Note.objects.filter(workspace=workspace).count() == (0 if any_note else 1)


def test_who_may_not_remove_a_note_does_not_bring_it_back_either(workspace, ada):
    notes.add(workspace, "member:7", ada.id, new_id(), "Likes dark roasts.")
    removed = notes.edit(workspace, "member:7", Note.objects.get(workspace=workspace), None)
    with pytest.raises(NotYours):
        undo(workspace, ME, ada.id, removed)
    undo(workspace, "member:7", ada.id, removed)
    assert Note.objects.get(workspace=workspace).author == "member:7"


def test_entries_of_others_and_of_other_workspaces_mean_nothing(workspace, other_workspace, ada):
    bob, theirs = make_person(workspace, plan="free"), make_person(other_workspace, plan="free")
    of_bob = change_value(workspace, ME, bob.id, "plan", "free", "pro")
    change_value(other_workspace, ME, theirs.id, "plan", "free", "pro")
    with pytest.raises(Changed):
        undo(workspace, ME, ada.id, of_bob)
    with pytest.raises(Gone):
        undo(workspace, ME, theirs.id, of_bob)
    assert now_on(bob).attributes["plan"] == now_on(theirs).attributes["plan"] == "pro"


def test_what_is_no_change_of_a_value_cannot_be_undone(workspace, ada, talk):
    talk(ada)
    seen = JournalEntry.objects.filter(workspace=workspace, person_id=ada.id, kind="seen").latest("revision")
    with pytest.raises(Changed):
        undo(workspace, ME, ada.id, [seen.revision])
    with pytest.raises(Changed):
        undo(workspace, ME, ada.id, [])
