"""The Segments page."""

import re

import pytest

from coterie.accounts.models import AuditEntry
from coterie.audience.audience import audience_of
from coterie.audience.recent import recent, remember
from coterie.audience.saved import save
from coterie.audience.tree import All, Condition, to_json
from coterie.segments.catalogue import create, find, segments_of
from coterie.segments.membership import sizes
from coterie.segments.rules import create_rule
from coterie.segments.settle import settle
from coterie.segments.trash import remove
from tests.makers import put_in
from tests.web.pages import link, listed, said_on, text_of, undo_of

OSLO = "f=default_city:is:Oslo"


def test_segments_are_listed_newest_first_with_their_people(browse, crowd, workspace):
    people = crowd(2)
    first, second = create(workspace, "First", "test"), create(workspace, "Second", "test")
    put_in(workspace, "test", [first.id], [person.id for person in people])
    text = text_of(browse.get("/segments"))
    assert text.index("Second Manual 0 0") < text.index("First Manual 2 +2")
    assert second.public_id in browse.get("/segments").content.decode()


def test_a_segment_leads_to_its_people(browse, crowd, workspace):
    people = crowd(2, default_name="Ada {n}")
    segment = create(workspace, "Friends", "test")
    put_in(workspace, "test", [segment.id], [people[1].id])
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


@pytest.mark.one_database
def test_no_segments_yet_says_what_they_are_for(browse):
    assert "No segments yet" in text_of(browse.get("/segments"))


def test_segments_of_another_workspace_never_show(browse, other_workspace):
    create(other_workspace, "Foreign", "test")
    assert "Foreign" not in browse.get("/segments").content.decode()


@pytest.mark.one_database
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


@pytest.mark.one_database
def test_a_fixed_list_of_nobody_is_refused(browse, crowd, workspace):
    crowd(1)
    response = browse.post("/users/segment", {"view": OSLO, "seen": "0", "name": "Then", "kind": "fixed"})
    assert response.status_code == 422
    assert "Nobody matches now" in text_of(response)
    assert segments_of(workspace) == []


@pytest.mark.one_database
@pytest.mark.parametrize("kind", ["live", "fixed"])
def test_a_taken_name_keeps_what_was_chosen(browse, crowd, workspace, kind):
    crowd(1, default_city="Oslo")
    create(workspace, "Friends", "test")
    response = browse.post("/users/segment", {"view": OSLO, "seen": "1", "name": "friends", "kind": kind})
    assert response.status_code == 422
    assert "There is already a segment called “friends”." in text_of(response)
    assert f'value="{kind}" checked' in response.content.decode()


@pytest.mark.one_database
@pytest.mark.parametrize("view", ["", "match=all", "f=nonsense:is:1", "q={", "f=default_city:shouts:x"])
def test_everybody_or_a_filter_that_is_not_understood_is_never_saved(browse, crowd, workspace, view):
    crowd(1)
    assert browse.get("/users/segment", {"view": view}).status_code == 422
    assert browse.post("/users/segment", {"view": view, "name": "All", "kind": "live"}).status_code == 422
    assert segments_of(workspace) == []


@pytest.mark.one_database
def test_a_hostile_name_is_only_text(browse, crowd, workspace):
    crowd(1, default_city="Oslo")
    name = '<img src=x onerror=alert(1)> " مرحبا'
    response = browse.post("/users/segment", {"view": OSLO, "name": name, "kind": "live"})
    page = browse.get(response.headers["Location"]).content.decode() + browse.get("/segments").content.decode()
    assert "<img src=x" not in page
    assert segments_of(workspace)[0].name == name


@pytest.mark.one_database
def test_a_viewer_is_not_offered_to_save_a_list(client_of, viewer, crowd, workspace):
    crowd(1, default_city="Oslo")
    client = client_of(viewer)
    assert "save-as-segment" not in client.get(f"/users?{OSLO}").content.decode()
    assert client.post("/users/segment", {"view": OSLO, "name": "Mine", "kind": "live"}).status_code == 403
    assert segments_of(workspace) == []


@pytest.fixture
def live(crowd, workspace):
    """A live segment, "Northern", of two people in Oslo, settled."""
    crowd(2, default_city="Oslo")
    segment = create_rule(workspace, "Northern", Condition("default_city", "is", ("Oslo",)), "test")
    settle(workspace)
    return segment


def test_a_live_segment_says_its_rule_its_people_and_how_it_grew(browse, live):
    page = browse.get("/segments")
    assert "Northern Live City is Oslo 2 +2" in text_of(page)
    assert 'data-kind="rule"' in page.content.decode()


@pytest.mark.one_database
def test_the_pill_of_a_live_segment_in_the_list_says_that_it_is_one(browse, live):
    assert re.search(
        r'<a class="pill"[^>]* data-kind="rule"[^>]*><span class="clip">Northern', browse.get("/users").content.decode()
    )


def test_a_broken_rule_needs_a_look_and_says_why(browse, workspace, crowd):
    base = create(workspace, "Base", "test")
    create_rule(workspace, "On top", Condition("segment", "in", (base.public_id,)), "test")
    crowd(1)
    remove(workspace, base, "test")
    settle(workspace)
    reason = find(workspace, "On top").broken
    assert reason
    assert f"needs a look {reason[:1].upper()}{reason[1:]}" in text_of(browse.get("/segments"))


def test_segments_are_searched_by_name_in_whatever_case(browse, workspace):
    for name in ("Ärzte", "Friends"):
        create(workspace, name, "test")
    page = text_of(browse.get("/segments", {"q": "ärz"}))
    assert "Ärzte" in page
    assert "Friends" not in page
    assert "2 segments" in page
    assert "No segment is called that" in text_of(browse.get("/segments", {"q": "<b>"}))


def test_a_segment_is_renamed(browse, live):
    form = browse.get(link(browse.get("/segments"), "Edit Northern"))
    assert "People where City is Oslo ." in text_of(form)
    response = browse.post(f"/segments/{live.public_id}/edit", {"name": "The North"})
    assert "“Northern” is called “The North” now." in said_on(browse.get(response.headers["Location"]))


def test_another_name_that_is_taken_is_said_in_the_form(browse, live, workspace):
    create(workspace, "Friends", "test")
    response = browse.post(f"/segments/{live.public_id}/edit", {"name": "FRIENDS"})
    assert response.status_code == 422
    assert "There is already a segment called “FRIENDS”." in text_of(response)
    assert "Edit Northern" in text_of(response)


def test_a_removed_segment_is_brought_back_by_undo_with_its_people(browse, live, workspace):
    response = browse.post(f"/segments/{live.public_id}/remove")
    page = browse.get(response.headers["Location"])
    assert "Segment “Northern” removed." in said_on(page)
    assert segments_of(workspace) == []
    undo = f"/segments/{live.public_id}/restore"
    assert f'action="{undo}"' in page.content.decode()
    page = browse.get(browse.post(undo).headers["Location"])
    assert "Segment “Northern” is back." in said_on(page)
    assert "Northern Live filling … City is Oslo 2" in text_of(page)


def test_removed_segments_stay_in_a_list_of_their_own(browse, live):
    browse.post(f"/segments/{live.public_id}/remove")
    browse.get("/segments")
    assert "Removed Each can be restored, with its people, for 30 days. Northern" in text_of(browse.get("/segments"))


def test_a_segment_whose_name_was_taken_meanwhile_is_not_restored(browse, live, workspace):
    browse.post(f"/segments/{live.public_id}/remove")
    create(workspace, "northern", "test")
    page = browse.get(browse.post(f"/segments/{live.public_id}/restore").headers["Location"])
    assert "There is already a segment called “Northern”. Rename that one first." in said_on(page)
    assert [segment.name for segment in segments_of(workspace)] == ["northern"]


@pytest.mark.parametrize("act", ["edit", "remove", "restore"])
def test_segments_of_another_workspace_are_out_of_reach(browse, other_workspace, act):
    foreign = create(other_workspace, "Foreign", "test")
    assert browse.post(f"/segments/{foreign.public_id}/{act}", {"name": "Mine"}).status_code == 404
    assert [segment.name for segment in segments_of(other_workspace)] == ["Foreign"]


@pytest.mark.one_database
def test_a_viewer_sees_segments_and_changes_none(client_of, viewer, live, workspace):
    client = client_of(viewer)
    page = client.get("/segments").content.decode()
    assert "Northern" in page
    assert "/edit" not in page
    assert "/remove" not in page
    for act in ("edit", "remove", "restore"):
        assert client.post(f"/segments/{live.public_id}/{act}", {"name": "Mine"}).status_code == 403
    assert [segment.name for segment in segments_of(workspace)] == ["Northern"]


def test_the_rule_of_a_live_segment_is_changed_in_the_list_after_saying_who_enters_and_leaves(
    browse, live, crowd, workspace
):
    crowd(1, default_city="Lima", default_name="Lia")
    form = browse.get(f"/segments/{live.public_id}/edit")
    assert "City is Oslo" in text_of(browse.get(link(form, "users\\?f=default_city")))
    view = "f=default_city:is:Lima"
    page = browse.get(link(browse.get("/users/segment", {"view": view}), f"{live.public_id}/rule"))
    assert "Until now: people where City is Oslo . From now on: people where City is Lima ." in text_of(page)
    assert "1 person enters Lia 2 people leave" in text_of(page)
    response = browse.post(f"/segments/{live.public_id}/rule", {"view": view})
    assert "“Northern” has another rule now." in said_on(browse.get(response.headers["Location"]))
    settle(workspace)
    assert sizes(workspace, [live.id]) == {live.id: 1}


@pytest.mark.one_database
def test_while_a_rule_is_edited_the_list_says_so_and_updates_it(browse, client_of, viewer, live, crowd, workspace):
    crowd(1, default_city="Lima", default_name="Lia")
    address = link(browse.get(f"/segments/{live.public_id}/edit"), r"users\?f=default_city")
    page = browse.get(address)
    assert "Editing the rule of Northern" in text_of(page)
    # Whatever is done to the list, it goes on.
    for next_one in ("match=any", "sort=default_name", "f=default_city:is:Lima"):
        address = f"/users?{next_one}&editing={live.public_id}"
        page = browse.get(address, follow=True)
        assert "Editing the rule of Northern" in text_of(page)
    assert f'name="editing" value="{live.public_id}"' in page.content.decode()
    update = browse.get(link(page, f"{live.public_id}/rule"))
    assert "Until now: people where City is Oslo . From now on: people where City is Lima ." in text_of(update)
    assert "Editing the rule of Northern" in text_of(browse.get(link(update, "users\\?f=")))
    view = re.search(r'name="view" value="([^"]*)"', update.content.decode())[1]
    browse.post(f"/segments/{live.public_id}/rule", {"view": view.replace("&amp;", "&")})
    live.refresh_from_db()
    assert live.filter == to_json(All((Condition("default_city", "is", ("Lima",)),)))
    without = browse.get(re.search(r'id="stop-editing"[^>]* href="([^"]*)"', page.content.decode())[1])
    assert "Editing the rule" not in text_of(without)
    assert "Editing the rule" not in text_of(client_of(viewer).get(address))


@pytest.mark.one_database
def test_nothing_is_edited_that_has_no_rule_or_is_not_there(browse, crowd, workspace, other_workspace):
    crowd(1, default_city="Lima")
    manual = create(workspace, "By hand", "test")
    foreign = create_rule(other_workspace, "Foreign", Condition("default_city", "is", ("Oslo",)), "test")
    for public_id in (manual.public_id, foreign.public_id, "nonsense", "0" * 24):
        page = browse.get(f"/users?f=default_city:is:Lima&editing={public_id}", follow=True)
        assert page.status_code == 200
        assert "Editing the rule" not in text_of(page)


@pytest.mark.one_database
def test_a_view_that_is_saved_or_shared_edits_nothing(browse, live, workspace, editor):
    address = f"/users?f=default_city:is:Oslo&editing={live.public_id}"
    page = browse.get(address).content.decode()
    assert "editing=" not in re.search(r'data-copy="([^"]*)"', page)[1]
    member = workspace.members.get(user=editor)
    view = audience_of(workspace).parse(address.partition("?")[2]).view
    assert view.editing == live.public_id
    assert save(member, "Oslo", view, shared=False).query == "f=default_city:is:Oslo"
    remember(member, view)
    assert recent(member) == ["f=default_city:is:Oslo"]


@pytest.mark.one_database
def test_creating_a_segment_says_where_live_ones_come_from(browse):
    page = browse.get("/segments/new")
    assert "filter the list in Users and press “Save as segment”" in text_of(page)
    assert 'href="/users?match=all"' in page.content.decode()


@pytest.mark.one_database
@pytest.mark.parametrize("view", ["", "match=all", "f=nonsense:is:1", "q={", "f=segment:in:{own}"])
def test_a_rule_is_never_everybody_nor_the_segment_itself_nor_what_is_not_understood(browse, live, workspace, view):
    sent = {"view": view.replace("{own}", live.public_id)}
    address = f"/segments/{live.public_id}/rule"
    page = browse.get(address, sent)
    assert page.status_code == 422
    assert "Update “Northern”" not in text_of(page)
    assert browse.post(address, sent).status_code == 422
    assert find(workspace, "Northern").filter == live.filter


def test_manual_segments_and_those_of_others_have_no_rule_to_change(browse, workspace, other_workspace, crowd):
    crowd(1, in_workspace=other_workspace, default_city="Oslo")
    manual = create(workspace, "Mine", "test")
    foreign = create_rule(other_workspace, "Foreign", Condition("default_city", "is", ("Oslo",)), "test")
    for segment in (manual, foreign):
        assert browse.post(f"/segments/{segment.public_id}/rule", {"view": OSLO}).status_code == 404


def test_undo_gives_a_renamed_segment_its_name_back(browse, live):
    page = browse.get(browse.post(f"/segments/{live.public_id}/edit", {"name": "The North"}).headers["Location"])
    assert f'action="/segments/{live.public_id}/edit"' in page.content.decode().partition('id="toasts"')[2]
    back = browse.post(f"/segments/{live.public_id}/edit", undo_of(page))
    live.refresh_from_db()
    assert live.name == "Northern"
    # And that can be undone, too.
    browse.post(f"/segments/{live.public_id}/edit", undo_of(browse.get(back.headers["Location"])))
    live.refresh_from_db()
    assert live.name == "The North"


def test_undo_leaves_a_name_alone_that_somebody_else_gave_meanwhile(browse, live):
    page = browse.get(browse.post(f"/segments/{live.public_id}/edit", {"name": "The North"}).headers["Location"])
    browse.post(f"/segments/{live.public_id}/edit", {"name": "Somebody else’s"})
    browse.get("/segments")
    browse.post(f"/segments/{live.public_id}/edit", undo_of(page))
    live.refresh_from_db()
    assert live.name == "Somebody else’s"
    assert "Meanwhile it is called “Somebody else’s”" in said_on(browse.get("/segments"))


LIMA = {"view": "f=default_city:is:Lima"}


def rule_undo_of(browse, segment) -> dict[str, str]:
    """Changes the rule and returns what the Undo of the message sends."""
    page = browse.get(browse.post(f"/segments/{segment.public_id}/rule", LIMA).headers["Location"])
    assert f'action="/segments/{segment.public_id}/rule/undo"' in page.content.decode()
    return undo_of(page)


def test_undo_gives_a_segment_its_former_rule_back(browse, crowd, workspace, live):
    crowd(1, default_city="Lima")
    former = live.filter
    fields = rule_undo_of(browse, live)
    browse.post(f"/segments/{live.public_id}/rule/undo", fields)
    live.refresh_from_db()
    assert live.filter == former
    assert "“Northern” has its former rule again." in said_on(browse.get("/segments"))
    settle(workspace)
    written = AuditEntry.objects.filter(action="segment.rule", workspace=workspace).latest("pk")
    assert written.details["after"] == former


def test_undo_leaves_a_rule_alone_that_was_changed_since(browse, crowd, live):
    crowd(1, default_city="Lima")
    fields = rule_undo_of(browse, live)
    browse.post(f"/segments/{live.public_id}/rule", {"view": "f=default_city:is:Quito"})
    live.refresh_from_db()
    latest = live.filter
    browse.get("/segments")
    browse.post(f"/segments/{live.public_id}/rule/undo", fields)
    live.refresh_from_db()
    assert live.filter == latest
    assert "was changed since, so it was left as it is" in said_on(browse.get("/segments"))


def test_only_a_change_of_this_segment_s_rule_is_undone(browse, client_of, stranger, viewer, crowd, workspace, live):
    crowd(1, default_city="Lima")
    other = create_rule(workspace, "Other", Condition("default_city", "is", ("Lima",)), "test")
    fields, address = rule_undo_of(browse, live), f"/segments/{live.public_id}/rule/undo"
    live.refresh_from_db()
    changed = live.filter
    assert client_of(stranger).post(address, fields).status_code == 404
    assert client_of(viewer).post(address, fields).status_code == 403
    browse.post(f"/segments/{other.public_id}/rule/undo", fields)
    for nonsense in ({}, {"operation": "x"}, {"operation": other.public_id}):
        browse.post(address, nonsense)
    live.refresh_from_db()
    assert live.filter == changed
    assert "There is no such change of “Northern”." in said_on(browse.get("/segments"))
