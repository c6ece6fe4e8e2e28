"""The pages about the same human twice."""

import pytest

from coterie.people.models import Person, Share
from tests.web.pages import link, said_on, text_of, undo_of


@pytest.fixture
def two(crowd) -> tuple[Person, Person]:
    """Ada and Bo with one e-mail address."""
    ada = crowd(1, default_name="Ada", default_email="one@example.test", plan="pro")[0]
    bo = crowd(1, default_name="Bo", default_email="ONE@example.test", size="3")[0]
    return ada, bo


def of(person: Person, page: str = "merge") -> str:
    return f"/users/{person.public_id}/{page}"


def now(person: Person) -> Person:
    return Person.objects.get(workspace_id=person.workspace_id, id=person.id)


def merge(client, ada: Person, bo: Person, **fields: str):
    chosen = {f"keep.{key}": value for key, value in fields.items()}
    return client.post(of(ada), {"with": bo.public_id, **chosen}, follow=True)


def test_it_suggests_who_may_be_the_same_and_says_why(browse, two):
    response = browse.get(of(two[0]))
    assert "Bo Both have the e-mail address one@example.test" in text_of(response)
    assert link(response, r"\?with=").endswith(f"?with={two[1].public_id}")


@pytest.mark.one_database
def test_without_anything_in_common_it_says_so(browse, crowd):
    assert "Nobody is ever merged by itself" in text_of(browse.get(of(crowd(1, default_name="Cy")[0])))


@pytest.mark.parametrize("how", ["public_id", "user_id"])
def test_anybody_can_be_compared_by_an_id(browse, two, crowd, how):
    cy = crowd(1, default_name="Cy", default_email="cy@example.test")[0]
    assert "Merge Cy into Ada ?" in text_of(browse.get(of(two[0]), {"with": getattr(cy, how)}))
    assert "Merge Cy into Ada ?" in text_of(browse.get(of(two[0]), {"with": "cy@example.test"}))


@pytest.mark.one_database
@pytest.mark.parametrize("wanted", ["nobody", "no@body.test", "0" * 24, "|:%&", "x" * 3000])
def test_an_unknown_id_is_said_to_be_unknown(browse, two, wanted):
    response = browse.get(of(two[0]), {"with": wanted})
    assert response.status_code == 200
    assert "Nobody else has this id" in text_of(response)


def test_side_by_side_every_attribute_shows_whose_value_is_kept(browse, two):
    response = browse.get(of(two[0]), {"with": two[1].public_id})
    body = response.content.decode()
    assert 'name="keep.default_name" value="mine" checked' in body
    assert 'name="keep.default_name" value="other"' in body
    assert "keep.plan" not in body
    assert "Merge Bo into Ada ?" in text_of(response)


def test_merging_takes_the_chosen_values_and_leads_to_the_one_who_stays(browse, two):
    ada, bo = two
    response = merge(browse, ada, bo, default_name="other", default_email="mine")
    assert response.redirect_chain[-1][0] == f"/users/{ada.public_id}"
    assert now(ada).attributes == {
        **{"default_name": "Bo", "default_email": "one@example.test"},
        **{"plan": "pro", "size": "3"},
    }
    assert not Person.objects.filter(workspace_id=bo.workspace_id, id=bo.id).exists()


def test_every_page_of_the_former_address_leads_to_the_one_who_stays(client_of, admin, two):
    ada, bo = two
    client = client_of(admin)
    merge(client, ada, bo)
    assert client.get(f"/users/{bo.public_id}").headers["Location"] == f"/users/{ada.public_id}"
    for page in ("merge", "erase", "everything"):
        assert client.get(of(bo, page)).headers["Location"] == of(ada, page)


def test_the_message_offers_the_way_back(browse, two):
    ada, bo = two
    response = merge(browse, ada, bo)
    assert undo_of(response)["person"] == bo.public_id
    response = browse.post(of(ada, "split"), {"person": bo.public_id}, follow=True)
    assert "They are two people again" in said_on(response)
    assert now(ada).attributes == ada.attributes
    assert now(bo).attributes == bo.attributes


def test_the_page_lists_who_was_merged_to_be_taken_apart(browse, two):
    ada, bo = two
    merge(browse, ada, bo)
    assert f"Merged into this person 1 Bo User ID {bo.user_id}" in text_of(browse.get(of(ada)))


@pytest.mark.one_database
def test_taking_apart_whoever_is_not_merged_says_so(browse, two):
    for sent in (two[1].public_id, "0" * 24, "x", ""):
        response = browse.post(of(two[0], "split"), {"person": sent}, follow=True)
        assert "not merged" in said_on(response)


@pytest.mark.one_database
def test_merging_with_oneself_or_nobody_changes_nothing(browse, two, workspace):
    for other in (two[0].public_id, "x", ""):
        response = browse.post(of(two[0]), {"with": other})
        assert response.status_code == 422
    assert not Share.objects.filter(workspace=workspace).exists()


@pytest.mark.one_database
def test_a_viewer_may_not_merge(client_of, viewer, two, workspace):
    client = client_of(viewer)
    assert client.get(of(two[0])).status_code == 403
    assert merge(client, *two).status_code == 403
    assert client.post(of(two[0], "split"), {"person": two[1].public_id}).status_code == 403
    assert not Share.objects.filter(workspace=workspace).exists()


def test_nobody_is_merged_across_workspaces(browse, two, crowd, other_workspace):
    theirs = crowd(1, in_workspace=other_workspace, default_name="Theirs", default_email="one@example.test")[0]
    assert "Theirs" not in browse.get(of(two[0])).content.decode()
    assert "Theirs" not in browse.get(of(two[0]), {"with": theirs.public_id}).content.decode()
    assert browse.post(of(two[0]), {"with": theirs.public_id}).status_code == 422
    assert browse.get(of(theirs)).status_code == 404
    assert browse.post(of(theirs), {"with": two[0].public_id}).status_code == 404
    assert now(theirs).attributes == theirs.attributes


@pytest.mark.one_database
def test_names_with_markup_are_text(browse, crowd):
    people = crowd(2, default_name="<script>alert({n})</script>", default_email="x@example.test")
    for url in (of(people[0]), f"{of(people[0])}?with={people[1].public_id}"):
        assert "<script>alert(" not in browse.get(url).content.decode()


def test_a_hidden_e_mail_address_suggests_nobody(browse, client_of, admin, two):
    client_of(admin).post("/settings/attributes/edit", {"scope": "person", "key": "default_email", "hidden": "1"})
    text = text_of(browse.get(of(two[0])))
    assert "Bo" not in text
    assert "one@example.test" not in text
