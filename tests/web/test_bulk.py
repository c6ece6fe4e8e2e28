"""Bulk actions from the list: the effect first, then the deed, then Undo."""

import html
import re

import pytest

from coterie.audience.models import Attribute
from coterie.bulk import start as starting
from coterie.journal.models import Operation, State
from coterie.people.models import Person
from coterie.segments.catalogue import create
from coterie.segments.membership import sizes
from tests.makers import put_in
from tests.web.pages import said_on, text_of, undo_of


@pytest.fixture
def shop(browse):
    """`shop("ban", person=[…])`: opens the dialog and confirms what it showed; returns the last answer."""

    def confirm(act: str, fields: dict, **more):
        dialog = browse.post(f"/users/{act}", fields)
        assert dialog.status_code == 200
        return browse.post(f"/users/{act}", fields | {"confirm": "1", "shown": shown(dialog)} | more)

    return confirm


def shown(response) -> str:
    """The effect that the dialog says it showed."""

    return html.unescape(re.search(r'name="shown" value="([^"]*)"', response.content.decode())[1])


def picked(people) -> dict:
    return {"person": [person.public_id for person in people]}


def fresh(people) -> list[Person]:
    return [Person.objects.get(workspace_id=person.workspace_id, id=person.id) for person in people]


def plans(people) -> list[object]:
    return [person.attributes.get("plan") for person in fresh(people)]


def test_ban_shows_its_exact_effect_and_changes_nobody_yet(browse, crowd, shop):
    people = crowd(3)
    shop("ban", picked(people[:1]))
    dialog = browse.post("/users/ban", picked(people))
    assert "Ban 3 people" in text_of(dialog)
    assert "Changes 2 people; 1 is banned already" in text_of(dialog)
    assert [person.banned for person in fresh(people)] == [True, False, False]


def test_a_ban_says_what_it_did_and_is_undone_from_its_message(browse, crowd, shop):
    people = crowd(3)
    response = shop("ban", picked(people[:2]) | {"view": "f=banned:is_false"})
    assert response.headers["Location"] == "/users?f=banned:is_false"
    page = browse.get("/users")
    assert "2 people banned." in said_on(page)
    response = browse.post("/activity/undo", undo_of(page))
    assert response.headers["Location"] == "/users?f=banned:is_false"
    assert [person.banned for person in fresh(people)] == [False, False, False]
    assert "Undone: 2 people are as before." in said_on(browse.get("/users"))


def test_unban_lifts_it(crowd, shop):
    people = crowd(2)
    shop("ban", picked(people))
    shop("unban", picked(people[:1]))
    assert [person.banned for person in fresh(people)] == [False, True]


def test_set_shows_who_has_it_already_and_who_has_another_value(browse, crowd):
    people = crowd(2, plan="club") + crowd(3, plan="free") + crowd(1)
    dialog = browse.post("/users/set", picked(people) | {"key": "plan", "value": "club"})
    assert "Changes 4 people (3 have another value now); 2 have it already" in text_of(dialog)


def test_set_and_clear_an_attribute(crowd, shop):
    people = crowd(3, plan="free")
    shop("set", picked(people[:2]) | {"key": "plan", "value": " club "})
    assert plans(people) == ["club", "club", "free"]
    shop("clear", picked(people[1:]) | {"key": "plan"})
    assert plans(people) == ["club", None, None]


def test_nothing_is_done_before_the_effect_of_exactly_this_choice_was_shown(browse, crowd):
    people = crowd(2, plan="free")
    fields = picked(people) | {"key": "plan", "value": "club"}
    first = browse.post("/users/set", fields | {"confirm": "1"})
    assert first.status_code == 200
    assert plans(people) == ["free", "free"]
    other = browse.post("/users/set", fields | {"confirm": "1", "value": "gold", "shown": shown(first)})
    assert other.status_code == 200
    assert plans(people) == ["free", "free"]
    assert browse.post("/users/set", fields | {"confirm": "1", "shown": shown(first)}).status_code == 302
    assert plans(people) == ["club", "club"]


@pytest.mark.one_database
def test_a_look_asks_for_the_effect_and_never_does_it(browse, crowd):
    people = crowd(2, plan="free")
    fields = picked(people) | {"key": "plan", "value": "club", "confirm": "1"}
    look = browse.post("/users/set?look=1", fields, headers={"HX-Request": "true"})
    assert "HX-Retarget" not in look.headers
    browse.post("/users/set?look=1", fields | {"shown": shown(look)})
    assert plans(people) == ["free", "free"]


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("kind", "value", "stored"),
    [
        ("number", "12", 12),
        ("number", "-1.5", -1.5),
        ("number", "12 kg", None),
        ("number", "nan", None),
        ("number", "1e999", None),
        ("boolean", "True", True),
        ("boolean", "yes", None),
        ("time", "2026-11-24", "2026-11-24"),
        ("time", "soon", None),
        ("text", "12", "12"),
        ("text", "x" * 1025, None),
    ],
)
def test_a_value_is_checked_by_the_attribute_s_type(crowd, browse, workspace, kind, value, stored):

    people = crowd(1)
    Attribute.objects.create(workspace=workspace, scope="person", key="size", type=kind)
    fields = picked(people) | {"key": "size", "value": value, "confirm": "1"}
    response = browse.post("/users/set", fields)
    if stored is None:
        assert response.status_code == 422
    else:
        browse.post("/users/set", fields | {"shown": shown(response)})
    assert fresh(people)[0].attributes.get("size") == stored


@pytest.mark.one_database
@pytest.mark.parametrize("key", ["userId", "banned", "lastSeen", "nonsense", "'; DROP TABLE people_person;--"])
def test_only_attributes_of_the_catalogue_are_set(browse, crowd, key):
    response = browse.post("/users/set", picked(crowd(1)) | {"key": key, "value": "1", "confirm": "1"})
    assert response.status_code == 422
    assert "There is no attribute" in text_of(response)


def test_leave_shows_each_segment_and_takes_them_out(browse, crowd, workspace, shop):
    people = crowd(3)
    news, sales = create(workspace, "News", "test"), create(workspace, "Sales", "test")
    put_in(workspace, "test", [news.id], [person.id for person in people])
    fields = picked(people[:2]) | {"segment": [news.public_id, sales.public_id]}
    words = text_of(browse.post("/users/leave", fields))
    assert "News Changes 2 people" in words
    assert "Sales Changes nobody; 2 are not in it" in words
    shop("leave", fields)
    assert sizes(workspace, [news.id, sales.id]) == {news.id: 1}


@pytest.mark.one_database
@pytest.mark.parametrize(("act", "words"), [("leave", "at least one segment"), ("clear", "Choose an attribute")])
def test_nothing_chosen_is_said(browse, crowd, act, words):
    response = browse.post(f"/users/{act}", picked(crowd(1)) | {"confirm": "1"})
    assert response.status_code == 422
    assert words in text_of(response)


@pytest.mark.one_database
def test_what_is_wrong_is_said_once(browse, crowd, workspace):
    Attribute.objects.create(workspace=workspace, scope="person", key="size", type="number")
    fields = picked(crowd(1)) | {"key": "size", "value": "12 kg", "confirm": "1"}
    for address in ("/users/set", "/users/set?look=1"):
        assert text_of(browse.post(address, fields)).count("12 kg") == 1


def test_delete_wants_the_number_typed_and_comes_back_by_undo(client_of, admin, crowd, workspace):
    people, browse = crowd(3), client_of(admin)
    fields = picked(people[:2]) | {"confirm": "1", "shown": "{}"}
    for wrong in ("", "3", "two"):
        assert browse.post("/users/delete", fields | {"typed": wrong}).status_code == 422
    assert Person.objects.filter(workspace=workspace).count() == 3
    assert browse.post("/users/delete", fields | {"typed": "2"}).status_code == 302
    assert Person.objects.filter(workspace=workspace).count() == 1
    browse.post("/activity/undo", undo_of(browse.get("/users")))
    assert Person.objects.filter(workspace=workspace).count() == 3


@pytest.mark.one_database
def test_an_editor_is_offered_no_delete_and_may_not(browse, crowd, workspace):
    people = crowd(2)
    assert "/users/delete" not in browse.get("/users").content.decode()
    fields = picked(people) | {"confirm": "1", "shown": "{}", "typed": "2"}
    assert browse.post("/users/delete", fields).status_code == 403
    assert Person.objects.filter(workspace=workspace).count() == 2


def test_an_editor_may_neither_undo_nor_redo_a_delete(browse, client_of, admin, crowd, workspace):
    people = crowd(2)
    mighty = client_of(admin)
    mighty.post("/users/delete", picked(people) | {"confirm": "1", "shown": "{}", "typed": "2"})
    deletion = Operation.objects.get(workspace=workspace)
    browse.post("/activity/undo", {"operation": deletion.public_id})
    assert Person.objects.filter(workspace=workspace).count() == 0
    assert "Only who may delete people may do that" in said_on(browse.get("/users"))
    mighty.post("/activity/undo", {"operation": deletion.public_id})
    undoing = Operation.objects.get(workspace=workspace, undo_of=deletion.id)
    browse.post("/activity/undo", {"operation": undoing.public_id})
    assert Person.objects.filter(workspace=workspace).count() == 2


def test_everybody_who_matches_but_for_the_exceptions(browse, crowd, shop):
    oslo, lima = crowd(5, default_city="Oslo", plan="free"), crowd(1, default_city="Lima", plan="free")
    fields = {"all": "1", "view": "f=default_city:is:Oslo", "seen": "3", "key": "plan", "value": "club"}
    fields |= {"except": [person.public_id for person in oslo[:2]]}
    dialog = browse.post("/users/set", fields)
    assert "Set an attribute of 3 people" in text_of(dialog)
    for person in oslo[:2]:
        assert re.search(rf'name="except" value="[^"]*{person.public_id}', dialog.content.decode())
    shop("set", fields)
    assert plans(oslo + lima) == ["free", "free", "club", "club", "club", "free"]


def test_it_says_both_numbers_and_asks_again_when_they_have_moved(browse, crowd):
    people = crowd(6, default_city="Oslo")
    fields = {"all": "1", "view": "f=default_city:is:Oslo", "seen": "4", "confirm": "1", "shown": "{}"}
    response = browse.post("/users/ban", fields)
    assert response.status_code == 409
    assert "Meanwhile it is 6 people, no longer 4." in text_of(response)
    assert not any(person.banned for person in fresh(people))
    assert browse.post("/users/ban", fields | {"seen": "6"}).status_code == 302
    assert all(person.banned for person in fresh(people))


@pytest.mark.one_database
@pytest.mark.parametrize("fields", [{}, {"person": "abc"}, {"all": "1", "view": "f=nonsense:is:1"}])
@pytest.mark.parametrize("act", ["leave", "set", "clear", "ban", "unban"])
def test_what_selects_nobody_changes_nobody(browse, crowd, workspace, act, fields):
    crowd(1)
    assert browse.post(f"/users/{act}", fields | {"confirm": "1", "shown": "{}"}).status_code == 422
    assert not Operation.objects.filter(workspace=workspace).exists()


def test_people_of_another_workspace_are_nobody(browse, crowd, other_workspace):
    theirs = crowd(1, in_workspace=other_workspace)
    mine = crowd(1)
    browse.post("/users/ban", picked(theirs + mine) | {"confirm": "1", "shown": "{}"})
    assert [person.banned for person in fresh(theirs + mine)] == [False, True]


def test_many_people_are_changed_in_the_background(browse, crowd, workspace, monkeypatch):
    monkeypatch.setattr(starting, "AT_ONCE", 2)
    people = crowd(3)
    browse.post("/users/ban", picked(people) | {"confirm": "1", "shown": "{}"})
    assert Operation.objects.get(workspace=workspace).state == State.QUEUED
    page = browse.get("/users")
    assert "Banning 3 people … See Activity" in said_on(page)
    Operation.objects.filter(workspace=workspace).update(state=State.DONE)


@pytest.mark.one_database
def test_all_but_one_is_exported_only_after_the_same_question_as_all(browse, crowd):
    people = crowd(3)
    response = browse.post("/users/export", {"all": "1", "view": "", "except": people[0].public_id})
    assert "Export 2 people?" in text_of(response)


def test_saving_is_an_operation_that_its_message_undoes(browse, crowd, workspace):
    people, segment = crowd(3), create(workspace, "News", "test")
    browse.post("/users/save", picked(people) | {"segment": segment.public_id, "confirm": "1"})
    page = browse.get("/users")
    assert "3 people added to News." in said_on(page)
    browse.post("/activity/undo", undo_of(page))
    assert sizes(workspace, [segment.id]) == {}


@pytest.mark.one_database
def test_htmx_gets_the_next_question_into_the_dialog(browse, crowd):
    fields = picked(crowd(1)) | {"confirm": "1"}
    response = browse.post("/users/set", fields, headers={"HX-Request": "true"})
    assert response.headers["HX-Retarget"] == "#bulk-dialog"
    assert response.headers["HX-Reselect"] == "#bulk-form"


@pytest.mark.one_database
def test_a_viewer_sees_no_bulk_actions(client_of, viewer, crowd):
    crowd(1)
    page = client_of(viewer).get("/users").content.decode()
    assert "/users/ban" not in page
    assert "/activity/undo" not in page


def test_saving_leaves_out_the_exceptions(browse, crowd, workspace):
    people, segment = crowd(3, default_city="Oslo"), create(workspace, "News", "test")
    fields = {"all": "1", "view": "f=default_city:is:Oslo", "seen": "2", "except": people[0].public_id}
    browse.post("/users/save", fields | {"segment": segment.public_id, "confirm": "1"})
    assert sizes(workspace, [segment.id]) == {segment.id: 2}


def test_saving_many_people_goes_on_in_the_background(browse, crowd, workspace, monkeypatch):
    monkeypatch.setattr(starting, "AT_ONCE", 2)
    people, segment = crowd(3), create(workspace, "News", "test")
    browse.post("/users/save", picked(people) | {"segment": segment.public_id, "confirm": "1"})
    assert "Saving 3 people … See Activity" in said_on(browse.get("/users"))
    assert sizes(workspace, [segment.id]) == {}
    Operation.objects.filter(workspace=workspace).update(state=State.DONE)


def test_people_on_many_pages_are_more_than_a_form_may_have_fields(browse, crowd, workspace):
    """So a field may have many of them."""
    people = crowd(3)
    nobody = ["0" * 24] * 6_000
    mine = " ".join([people[0].public_id, *nobody, people[1].public_id])
    dialog = browse.post("/users/ban", {"person": [mine, people[2].public_id]})
    assert "Ban 3 people" in text_of(dialog)
    sent = re.findall(r'name="person" value="([^"]*)"', dialog.content.decode())
    assert len(sent) == 1
    browse.post("/users/ban", {"person": sent, "confirm": "1", "shown": shown(dialog)})
    assert Person.objects.filter(workspace=workspace, banned=True).count() == 3
