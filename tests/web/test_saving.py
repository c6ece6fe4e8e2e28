"""Save to Segment."""

import re

import pytest

from coterie.audience.tree import Condition
from coterie.segments.catalogue import create, segments_of
from coterie.segments.membership import sizes
from coterie.segments.models import Membership
from coterie.segments.rules import create_rule
from coterie.web import saving
from tests.makers import put_in
from tests.web.pages import text_of


@pytest.fixture
def newsletter(workspace):
    """A segment that exists."""
    return create(workspace, "Newsletter", "test")


def members(workspace, segment) -> set[int]:
    return set(
        Membership.objects.filter(workspace=workspace, segment_id=segment.id).values_list("person_id", flat=True)
    )


def test_the_dialog_says_what_would_happen(browse, crowd, workspace, newsletter):
    people = crowd(3, default_name="Ada {n}")
    put_in(workspace, "test", [newsletter.id], [people[0].id])
    fields = {"person": [person.public_id for person in people], "segment": newsletter.public_id}
    dialog = browse.post("/users/save", fields)
    assert "Save 3 people to segments" in text_of(dialog)
    preview = browse.post("/users/save/preview", fields | {"new": "Fresh"})
    assert text_of(preview) == "Newsletter Adds 2 people; 1 is already in it Fresh Adds 3 people"


def test_confirm_saves_the_picked_people_to_several_segments(browse, crowd, workspace, newsletter):
    people = crowd(3, default_name="Ada {n}")
    fields = {
        "person": [person.public_id for person in people[:2]],
        "segment": newsletter.public_id,
        "new": ["Fresh"],
        "confirm": "1",
        "view": "f=default_city:is_empty",
    }
    response = browse.post("/users/save", fields)
    assert response.headers["Location"] == "/users?f=default_city:is_empty"
    fresh = segments_of(workspace)[0]
    assert fresh.name == "Fresh"
    assert members(workspace, newsletter) == members(workspace, fresh) == {person.id for person in people[:2]}
    assert "2 people added to Newsletter." in browse.get("/users").content.decode()


def test_everybody_who_matches_means_the_filter_itself(browse, crowd, workspace, newsletter):
    wanted = crowd(60, default_city="Oslo")
    crowd(5, default_city="Lima")
    fields = {
        "all": "1",
        "view": "f=default_city:is:Oslo",
        "seen": "60",
        "segment": newsletter.public_id,
        "confirm": "1",
    }
    assert browse.post("/users/save", fields).status_code == 302
    assert members(workspace, newsletter) == {person.id for person in wanted}


def test_it_asks_again_when_the_number_has_moved(browse, crowd, workspace, newsletter):
    crowd(60, default_city="Oslo")
    fields = {
        "all": "1",
        "view": "f=default_city:is:Oslo",
        "seen": "40",
        "segment": newsletter.public_id,
        "confirm": "1",
    }
    response = browse.post("/users/save", fields)
    assert response.status_code == 409
    assert "Meanwhile it is 60 people, no longer 40" in text_of(response)
    assert sizes(workspace, [newsletter.id]) == {}
    assert 'name="seen" value="60"' in response.content.decode()


def test_it_asks_again_when_the_number_moves_at_the_last_moment(browse, crowd, workspace, newsletter, monkeypatch):
    """Between the look at the number and the deed somebody else may be quick."""
    crowd(10, default_city="Oslo")
    real = saving.start

    def late(*args):
        crowd(10, default_city="Oslo")
        return real(*args)

    monkeypatch.setattr(saving, "start", late)
    fields = {
        "all": "1",
        "view": "f=default_city:is:Oslo",
        "seen": "10",
        "segment": newsletter.public_id,
        "new": "Fresh",
        "confirm": "1",
    }
    response = browse.post("/users/save", fields)
    assert response.status_code == 409
    assert "Meanwhile it is 20 people, no longer 10" in text_of(response)
    fresh = segments_of(workspace)[0]
    assert sizes(workspace, [newsletter.id, fresh.id]) == {}
    # Confirming again works: the new segment is there by now, and chosen like the other.
    body = response.content.decode()
    chosen = re.findall(r'name="segment" value="([^"]*)" checked', body)
    assert set(chosen) == {fresh.public_id, newsletter.public_id}
    assert 'name="seen" value="20"' in body
    monkeypatch.undo()
    again = fields | {"seen": "20", "segment": chosen, "new": []}
    assert browse.post("/users/save", again).status_code == 302
    assert sizes(workspace, [newsletter.id, fresh.id]) == {newsletter.id: 20, fresh.id: 20}


def test_people_picked_by_hand_who_are_gone_meanwhile_do_not_hold_it_up(browse, crowd, workspace, newsletter):
    person = crowd(1)[0]
    fields = {"person": [person.public_id, "0" * 24], "seen": "2", "segment": newsletter.public_id, "confirm": "1"}
    assert browse.post("/users/save", fields).status_code == 302
    assert members(workspace, newsletter) == {person.id}


@pytest.mark.one_database
def test_a_filter_that_is_not_understood_selects_nobody(browse, crowd, workspace, newsletter):
    crowd(2)
    fields = {"all": "1", "view": "f=nonsense:is:1", "segment": newsletter.public_id, "confirm": "1"}
    assert browse.post("/users/save", fields).status_code == 422
    assert sizes(workspace, [newsletter.id]) == {}


@pytest.mark.one_database
@pytest.mark.parametrize("fields", [{}, {"person": "abc"}, {"person": "0" * 24}])
def test_nobody_selected_is_said(browse, crowd, fields):
    crowd(1)
    response = browse.post("/users/save", fields)
    assert response.status_code == 422
    assert "Nobody is selected." in text_of(response)


@pytest.mark.one_database
def test_no_segment_chosen_is_said(browse, crowd):
    response = browse.post("/users/save", {"person": crowd(1)[0].public_id, "confirm": "1"})
    assert response.status_code == 422
    assert "Choose at least one segment" in text_of(response)


@pytest.mark.one_database
def test_a_taken_name_is_said_and_the_choice_kept(browse, crowd, workspace, newsletter):
    fields = {"person": crowd(1)[0].public_id, "new": "NEWSLETTER", "confirm": "1"}
    response = browse.post("/users/save", fields)
    assert response.status_code == 422
    assert "There is already a segment called “NEWSLETTER”." in text_of(response)
    assert len(segments_of(workspace)) == 1


def test_people_and_segments_of_another_workspace_are_nobody_and_nothing(
    browse, crowd, workspace, other_workspace, newsletter
):
    theirs = crowd(1, in_workspace=other_workspace)[0]
    foreign = create(other_workspace, "Foreign", "test")
    mine = crowd(1)[0]
    person_swapped = {"person": theirs.public_id, "segment": newsletter.public_id, "confirm": "1"}
    assert browse.post("/users/save", person_swapped).status_code == 422
    segment_swapped = {"person": mine.public_id, "segment": foreign.public_id, "confirm": "1"}
    assert browse.post("/users/save", segment_swapped).status_code == 422
    assert not Membership.objects.filter(person_id__in=[theirs.id, mine.id]).exists()


@pytest.mark.one_database
def test_htmx_gets_an_error_into_the_dialog(browse, crowd):
    fields = {"person": crowd(1)[0].public_id, "confirm": "1"}
    response = browse.post("/users/save", fields, headers={"HX-Request": "true"})
    assert response.headers["HX-Retarget"] == "#save-dialog"
    assert response.headers["HX-Reselect"] == "#save-form"
    assert response.headers["HX-Push-Url"] == "false"


@pytest.mark.one_database
def test_segments_that_a_rule_fills_are_not_offered_and_refused(browse, crowd, workspace, newsletter):
    person = crowd(1, default_name="Ada {n}")[0]
    by_rule = create_rule(workspace, "Adas", Condition("default_name", "contains", ("Ada",)), "test")
    fields = {"person": person.public_id, "segment": by_rule.public_id}
    assert "Adas" not in text_of(browse.post("/users/save", fields))
    refused = browse.post("/users/save", fields | {"confirm": "1"})
    assert refused.status_code == 422
    assert "keeps itself up to date" in text_of(refused)
    assert members(workspace, by_rule) == set()
