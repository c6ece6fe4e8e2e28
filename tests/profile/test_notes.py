"""Notes about a person."""

import pytest

from coterie.core.ids import new_id
from coterie.journal.models import JournalEntry, Kind
from coterie.people.attributes import Refused
from coterie.profile.editing import Gone
from coterie.profile.models import Note
from coterie.profile.notes import MAX_NOTE, add, edit, find
from tests.makers import make_person

ME = "member:1"


def test_a_note_is_kept_with_its_author_and_in_the_journal(workspace, ada):
    note_id = new_id()
    (revision,) = add(workspace, ME, ada.id, note_id, "  Likes dark roasts. ")
    note = find(workspace, ada.id, note_id)
    assert (note.text, note.author, note.edited_at) == ("Likes dark roasts.", ME, None)
    entry = JournalEntry.objects.get(workspace=workspace, revision=revision)
    assert (entry.kind, entry.before) == (Kind.NOTED, None)
    assert entry.after == {"note": note.public_id, "text": "Likes dark roasts.", "author": ME}


def test_the_same_form_twice_makes_one_note(workspace, ada):
    note_id = new_id()
    add(workspace, ME, ada.id, note_id, "Once.")
    assert add(workspace, ME, ada.id, note_id, "Twice?") == []
    assert Note.objects.get(workspace=workspace).text == "Once."


def test_other_words_and_no_words(workspace, ada):
    note_id = new_id()
    add(workspace, ME, ada.id, note_id, "One.")
    edit(workspace, ME, find(workspace, ada.id, note_id), "Other.")
    changed = find(workspace, ada.id, note_id)
    assert changed.text == "Other."
    assert changed.edited_at is not None
    edit(workspace, ME, changed, None)
    assert find(workspace, ada.id, note_id) is None
    with pytest.raises(Gone):
        edit(workspace, ME, changed, "Again.")


@pytest.mark.parametrize(("text", "words"), [("   ", "write something"), ("x" * (MAX_NOTE + 1), "at most 4,000")])
def test_an_empty_and_a_too_long_note_are_refused(workspace, ada, text, words):
    with pytest.raises(Refused, match=words):
        add(workspace, ME, ada.id, new_id(), text)


def test_a_note_about_somebody_of_another_workspace_is_not_written(workspace, other_workspace):
    theirs = make_person(other_workspace)
    with pytest.raises(Gone):
        add(workspace, ME, theirs.id, new_id(), "Hello")
    assert not Note.objects.filter(workspace__in=[workspace, other_workspace]).exists()
