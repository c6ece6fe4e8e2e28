"""The Segments page."""

import pytest

from coterie.segments.catalogue import create, find, segments_of
from coterie.segments.membership import save_to_segments, sizes
from coterie.segments.settle import settle
from tests.web.pages import link, listed, said_on, text_of

OSLO = "f=default_city:is:Oslo"


def test_segments_are_listed_newest_first_with_their_people(browse, crowd, workspace):
    people = crowd(2)
    first, second = create(workspace, "First", "test"), create(workspace, "Second", "test")
    save_to_segments(workspace, "test", [first.id], [person.id for person in people])
    text = text_of(browse.get("/segments"))
    assert text.index("Second 0") < text.index("First 2")
    assert second.public_id in browse.get("/segments").content.decode()


def test_a_segment_leads_to_its_people(browse, crowd, workspace):
    people = crowd(2, default_name="Ada {n}")
    segment = create(workspace, "Friends", "test")
    save_to_segments(workspace, "test", [segment.id], [people[1].id])
    response = browse.get(link(browse.get("/segments"), "Show Friends in Users"))
    assert listed(response) == ["Ada 1"]
    assert "Segment is Friends" in text_of(response)


def test_a_segment_is_created_by_name(browse, workspace):
    assert browse.post("/segments/new", {"name": "Friends"}).headers["Location"] == "/segments"
    assert [segment.name for segment in segments_of(workspace)] == ["Friends"]
    assert "Segment Friends created." in browse.get("/segments").content.decode()


def test_a_taken_name_is_said_beside_the_field(browse, workspace):
    create(workspace, "Friends", "test")
    response = browse.post("/segments/new", {"name": "friends"})
    assert response.status_code == 422
    assert "There is already a segment called “friends”." in text_of(response)
    assert 'value="friends"' in response.content.decode()


def test_no_segments_yet_says_what_they_are_for(browse):
    assert "No segments yet" in text_of(browse.get("/segments"))


def test_segments_of_another_workspace_never_show(browse, other_workspace):
    create(other_workspace, "Foreign", "test")
    assert "Foreign" not in browse.get("/segments").content.decode()


def test_a_narrowed_list_offers_to_be_saved_as_a_segment(browse, crowd):
    crowd(1, default_city="Oslo")
    page = browse.get(f"/users?{OSLO}")
    form = browse.get(link(page, 'id="save-as-segment"'))
    assert 'value="City is Oslo"' in form.content.decode()
    assert "1 person matches now." in text_of(form)
    assert "People where City is Oslo ." in text_of(form)
    assert "save-as-segment" not in browse.get("/users?match=all").content.decode()


def test_a_live_segment_has_the_list_s_filter_and_search_as_its_rule(browse, crowd, workspace):
    crowd(2, default_city="Oslo", default_name="Ada {n}")
    query = f"search=ada%201&{OSLO}"
    response = browse.post("/users/segment", {"view": query, "name": "Northern", "kind": "live"})
    assert response.headers["Location"] == f"/users?{query}"
    assert "It keeps itself up to date; 1 person matches now." in said_on(browse.get(response.headers["Location"]))
    segment = find(workspace, "Northern")
    assert segment.is_rule
    assert sizes(workspace, [segment.id]) == {}
    assert settle(workspace) == 1
    assert sizes(workspace, [segment.id]) == {segment.id: 1}


def test_a_fixed_list_has_the_people_who_match_now(browse, crowd, workspace):
    crowd(2, default_city="Oslo")
    crowd(1, default_city="Lima")
    response = browse.post("/users/segment", {"view": OSLO, "seen": "2", "name": "Then", "kind": "fixed"})
    assert "2 people added to Then." in said_on(browse.get(response.headers["Location"]))
    segment = find(workspace, "Then")
    assert not segment.is_rule
    assert sizes(workspace, [segment.id]) == {segment.id: 2}


def test_a_fixed_list_is_not_made_of_other_people_than_were_seen(browse, crowd, workspace):
    crowd(2, default_city="Oslo")
    response = browse.post("/users/segment", {"view": OSLO, "seen": "1", "name": "Then", "kind": "fixed"})
    assert response.status_code == 409
    assert "Meanwhile it is 2 people" in text_of(response)
    assert segments_of(workspace) == []


def test_a_fixed_list_of_nobody_is_refused(browse, crowd, workspace):
    crowd(1)
    response = browse.post("/users/segment", {"view": OSLO, "seen": "0", "name": "Then", "kind": "fixed"})
    assert response.status_code == 422
    assert "Nobody matches now" in text_of(response)
    assert segments_of(workspace) == []


@pytest.mark.parametrize("kind", ["live", "fixed"])
def test_a_taken_name_keeps_what_was_chosen(browse, crowd, workspace, kind):
    crowd(1, default_city="Oslo")
    create(workspace, "Friends", "test")
    response = browse.post("/users/segment", {"view": OSLO, "seen": "1", "name": "friends", "kind": kind})
    assert response.status_code == 422
    assert "There is already a segment called “friends”." in text_of(response)
    assert f'value="{kind}" checked' in response.content.decode()


@pytest.mark.parametrize("view", ["", "match=all", "f=nonsense:is:1", "q={", "f=default_city:shouts:x"])
def test_everybody_or_a_filter_that_is_not_understood_is_never_saved(browse, crowd, workspace, view):
    crowd(1)
    assert browse.get("/users/segment", {"view": view}).status_code == 422
    assert browse.post("/users/segment", {"view": view, "name": "All", "kind": "live"}).status_code == 422
    assert segments_of(workspace) == []


def test_a_hostile_name_is_only_text(browse, crowd, workspace):
    crowd(1, default_city="Oslo")
    name = '<img src=x onerror=alert(1)> " مرحبا'
    response = browse.post("/users/segment", {"view": OSLO, "name": name, "kind": "live"})
    page = browse.get(response.headers["Location"]).content.decode() + browse.get("/segments").content.decode()
    assert "<img src=x" not in page
    assert segments_of(workspace)[0].name == name


def test_a_viewer_is_not_offered_to_save_a_list(client_of, viewer, crowd, workspace):
    crowd(1, default_city="Oslo")
    client = client_of(viewer)
    assert "save-as-segment" not in client.get(f"/users?{OSLO}").content.decode()
    assert client.post("/users/segment", {"view": OSLO, "name": "Mine", "kind": "live"}).status_code == 403
    assert segments_of(workspace) == []
