"""The Segments page."""

from coterie.segments.catalogue import create, segments_of
from coterie.segments.membership import save_to_segments
from tests.web.pages import link, listed, text_of


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
