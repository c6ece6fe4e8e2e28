"""The page of a person who is several in one, the menu that leads to merging and erasing, and what was refused."""

import pytest

from coterie.core.ids import new_id
from coterie.merging.merge import merge
from coterie.merging.split import split
from coterie.privacy.erasing import erase
from coterie.profile import notes
from coterie.profile.editing import set_banned
from coterie.profile.models import Note
from coterie.segments.catalogue import create
from tests.makers import make_person, put_in
from tests.web.pages import link, links, text_of

MENU = {
    "merge": "Merge with…",
    "everything": "Everything about this person",
    "erase": "Erase for good…",
}


@pytest.fixture
def bo(workspace, channel):
    """Bo, who has Ada's e-mail address, a segment and a note."""
    person = make_person(workspace, default_name="Bo", default_email="ada@example.com", size="3")
    put_in(workspace, "test", [create(workspace, "Sales", "test").id], [person.id])
    notes.add(workspace, "member:1", person.id, new_id(), "Bo likes tea.")
    return person


def timeline(browse, person) -> str:
    return text_of(browse.get(f"/users/{person.public_id}?tab=timeline"))


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("role", "offered"),
    [
        ("viewer", set()),
        ("editor", {"merge", "everything"}),
        ("admin", {"merge", "everything", "erase"}),
    ],
)
def test_the_menu_offers_what_the_role_may_do(client_of, member_of, workspace, ada, role, offered):
    response = client_of(member_of(workspace, role)).get(f"/users/{ada.public_id}")
    words, found = text_of(response), links(response)
    for name, label in MENU.items():
        assert (f"/users/{ada.public_id}/{name}" in found) == (label in words) == (name in offered)
    assert f"/archives?user={ada.public_id}" in found


@pytest.mark.one_database
def test_the_menu_keeps_the_list_one_came_from(browse, ada):
    response = browse.get(f"/users/{ada.public_id}?view=search%3Dada")
    page = browse.get(link(response, "/merge"))
    assert "/users?search=ada" in links(page)


def test_the_menu_asks_how_many_may_be_the_same_when_it_opens(browse, ada, bo):
    response = browse.get(f"/users/{ada.public_id}/twins")
    assert "1 may be the same human" in text_of(response)
    assert "same human" not in text_of(browse.get(f"/users/{make_person(ada.workspace).public_id}/twins"))


@pytest.mark.one_database
def test_a_viewer_may_not_ask_for_it(client_of, viewer, ada):
    assert client_of(viewer).get(f"/users/{ada.public_id}/twins").status_code == 403


def test_the_timeline_says_who_was_merged_and_taken_apart(browse, workspace, ada, bo):
    merge(workspace, "member:1", ada.id, bo.id, set())
    text = timeline(browse, ada)
    assert "merged them with Bo Take apart" in text
    assert "added them to Sales by merging" in text
    split(workspace, "member:1", ada.id, bo.id)
    text = timeline(browse, ada)
    assert "took them and Bo apart again" in text
    assert "took them out of Sales by taking people apart" in text
    assert "Take apart" not in text
    text = timeline(browse, bo)
    assert "merged them with Ada" in text
    assert "took them and Ada apart again" in text


def test_what_happened_to_whoever_was_merged_is_told_too(browse, workspace, ada, bo):
    merge(workspace, "member:1", ada.id, bo.id, set())
    text = timeline(browse, ada)
    assert "Bo likes tea." in text
    assert "about Bo , before they were merged" in text
    assert text.count("merged them with") == 1
    assert "took them out of Sales" not in text


def test_a_note_of_whoever_was_merged_can_be_changed(browse, workspace, ada, bo):
    merge(workspace, "member:1", ada.id, bo.id, set())
    note = Note.objects.get(workspace=workspace, person_id=ada.id)
    browse.post(f"/users/{ada.public_id}/note", {"note": note.public_id, "remove": "1"}, follow=True)
    assert notes.find(workspace, ada.id, note.id) is not None  # Only who wrote it may.
    notes.edit(workspace, "member:1", note, "Bo likes coffee.")
    assert "Bo likes coffee." in timeline(browse, ada)


def test_somebody_erased_since_is_somebody_who_is_gone(client_of, admin, workspace, ada, bo):
    merge(workspace, "member:1", ada.id, bo.id, set())
    split(workspace, "member:1", ada.id, bo.id)
    erase(workspace, "member:1", [bo.id])
    text = timeline(client_of(admin), ada)
    assert "merged them with somebody who is gone" in text
    assert "took them and somebody who is gone apart again" in text


def test_a_change_sent_to_somebody_merged_meanwhile_changes_nothing(browse, workspace, ada, bo):
    merge(workspace, "member:1", ada.id, bo.id, set())
    for page, fields in (
        ("ban", {}),
        ("note", {"new": "1", "text": "late"}),
        ("value/save", {"key": "plan", "seen": '"free"', "value": "pro"}),
        ("merge", {"with": ada.public_id}),
    ):
        response = browse.post(f"/users/{bo.public_id}/{page}", fields, follow=True)
        assert response.redirect_chain[-1][0] == f"/users/{ada.public_id}"
        assert "merged into this person meanwhile" in response.content.decode()
    ada.refresh_from_db()
    assert (ada.banned, ada.attributes["plan"]) == (False, "free")


def test_the_archives_find_the_chats_by_either_id(browse, workspace, ada, bo, talk):
    talk(bo, "hello from bo")
    merge(workspace, "member:1", ada.id, bo.id, set())
    for person in (ada, bo):
        text = text_of(browse.get(f"/archives?user={person.public_id}"))
        assert "hello from bo" in text
        assert "User Ada" in text


def test_what_was_refused_is_counted_and_marked(browse, workspace, ada, talk):
    talk(ada, "before")
    set_banned(workspace, "member:1", ada.id, True)
    assert "refused" not in text_of(browse.get(f"/users/{ada.public_id}"))
    talk(ada, "spam", session={"order": "1"}, session_id="other")
    talk(ada, "more spam", session_id="other")
    response = browse.get(f"/users/{ada.public_id}")
    assert "2 messages refused since then" in text_of(response)
    transcript = text_of(browse.get(link(response, r"/archives/[0-9a-f]{24}\?message")))
    assert transcript.count("Refused, as they are banned") == 2
    assert "Collected" not in transcript
