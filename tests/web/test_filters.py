"""Building a filter with links and forms alone."""

from urllib.parse import quote

import pytest

from coterie.segments.catalogue import create
from tests.web.pages import link, links, listed, text_of


@pytest.fixture
def people(crowd):
    """Three in Oslo, one in Lima."""
    crowd(3, default_name="Ada {n}", default_city="Oslo", default_language="English", plan="pro")
    crowd(1, default_name="Luz", default_city="Lima", default_language="Spanish")


def test_from_the_list_to_a_filter_and_back(browse, people):
    builder = browse.get(link(browse.get("/users"), 'id="add-filter"'))
    city = browse.get(link(builder, 'data-attribute="default_city"'))
    assert "Oslo 3" in text_of(city)
    response = browse.get("/users/filter/apply?view=&attribute=default_city&rule=is&typed=oslo")
    assert response.headers["Location"] == "/users?f=default_city:is:oslo"
    assert len(listed(browse.get(response.headers["Location"]))) == 3


def test_every_attribute_of_the_catalogue_is_offered(browse, people):
    text = text_of(browse.get("/users/filter"))
    for label in (
        "Email", "Last seen", "First seen", "City", "Country", "Language", "Timezone", "Gender", "Referrer",
        "Integration", "Source", "IP", "Username", "User ID", "Banned", "Segment", "Avatar", "Name", "Region", "Chats",
        "plan",
    ):  # fmt: skip
        assert label in text


def test_a_chip_leads_to_its_editor_and_is_replaced(browse, people):
    editor = browse.get(link(browse.get("/users?f=default_city:is:Oslo"), "Edit filter: City is Oslo"))
    assert 'value="Oslo" checked' in editor.content.decode()
    applied = browse.get(
        "/users/filter/apply?view=f%3Ddefault_city%3Ais%3AOslo&edit=0&attribute=default_city&rule=is_not&value=Oslo"
    )
    assert applied.headers["Location"] == "/users?f=default_city:is_not:Oslo"


def test_the_rest_of_the_view_is_kept(browse, people):
    view = "match%3Dany%26f%3Ddefault_language%3Ais%3ASpanish%26sort%3DcreatedAt"
    response = browse.get(f"/users/filter/apply?view={view}&attribute=banned&rule=is_true")
    assert (
        response.headers["Location"] == "/users?match=any&f=default_language:is:Spanish&f=banned:is_true&sort=createdAt"
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("attribute=default_city&rule=any_of&value=Oslo&value=Lima", "default_city:any_of:Oslo|Lima"),
        ("attribute=default_city&rule=any_of&value=Oslo&typed=Lima", "default_city:any_of:Oslo|Lima"),
        ("attribute=default_city&rule=any_of&value=Oslo&typed=Li&only_chosen=1", "default_city:any_of:Oslo"),
        ("attribute=default_city&rule=is&value=Oslo&typed=Lima", "default_city:is:Lima"),
        ("attribute=default_city&rule=is_set&typed=x", "default_city:is_set"),
        ("attribute=chats&rule=between&value=2&value=5", "chats:between:2|5"),
        ("attribute=lastSeen&rule=in_last&amount=7&unit=days", "lastSeen:in_last:7%20days"),
        ("attribute=lastSeen&rule=in_last&amount=7&unit=days&preset=24+hours", "lastSeen:in_last:24%20hours"),
        ("attribute=createdAt&rule=on&value=2026-05-01", "createdAt:on:2026-05-01"),
        ("attribute=default_name&rule=contains&typed=a%7Cb", "default_name:contains:a%7Cb"),
    ],
)
def test_each_kind_of_value_arrives(browse, people, fields, expected):
    assert browse.get(f"/users/filter/apply?{fields}").headers["Location"] == f"/users?f={expected}"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ("attribute=chats&rule=gt&value=many", "does not fit"),
        ("attribute=default_city&rule=is&typed=", "takes 1 value"),
        ("attribute=lastSeen&rule=in_last&amount=&unit=days", "takes 1 value"),
        ("attribute=lastSeen&rule=in_last&amount=7&unit=fortnights", "does not fit"),
    ],
)
def test_a_value_that_does_not_fit_is_explained_where_it_stands(browse, people, fields, words):
    response = browse.get(f"/users/filter/apply?{fields}")
    assert response.status_code == 422
    assert words in text_of(response)


def test_an_unknown_attribute_leads_back_to_the_choice(browse, people):
    assert browse.get("/users/filter/apply?attribute=nonsense&rule=is&typed=x").status_code == 422


def test_suggestions_begin_with_what_was_typed_and_keep_what_was_chosen(browse, people):
    response = browse.get("/users/filter/values?attribute=default_city&rule=any_of&typed=li&value=Oslo&only_chosen=1")
    assert text_of(response) == "Oslo 3 Lima 1"


def test_suggestions_count_those_who_match_the_other_filters(browse, people):
    view = "view=f%3Ddefault_language%3Ais%3ASpanish"
    assert text_of(browse.get(f"/users/filter/values?{view}&attribute=default_city&rule=is")) == "Lima 1"


def test_segments_are_offered_by_name(browse, people, workspace):
    segment = create(workspace, "Newsletter", "test")
    response = browse.get("/users/filter?attribute=segment")
    assert "Newsletter" in text_of(response)
    assert segment.public_id in response.content.decode()


def test_the_count_is_told_before_the_filter_is_applied(browse, people):
    counted = browse.get("/users/filter/count?attribute=default_city&rule=is&typed=Oslo")
    assert text_of(counted) == "3 of 4 people"
    assert text_of(browse.get("/users/filter/count?attribute=chats&rule=gt&value=many")) == "4 people"


def test_a_page_deep_in_the_list_does_not_travel_with_a_new_filter(browse, people):
    assert "after" not in link(browse.get("/users"), 'id="add-filter"')
    assert all("after=" not in url for url in links(browse.get("/users/filter")))


@pytest.mark.parametrize("into", ["0", "1", "1.0", "0.0", "9", "x", "-1", "none.0"])
def test_a_new_part_goes_into_a_group_or_beside_the_others_but_never_fails(browse, people, into):
    city, banned = (
        '{"attribute":"default_city","rule":"is","values":["Oslo"]}',
        '{"attribute":"banned","rule":"is_true"}',
    )
    q = f'{{"all":[{city},{{"not":{banned}}}]}}'
    view = quote(f"q={quote(q, safe='')}", safe="")
    for path in ("filter", "filter/apply", "filter/count"):
        response = browse.get(f"/users/{path}?view={view}&into={into}&attribute=default_name&rule=is&value=Ada%200")
        assert response.status_code in (200, 302)
    applied = browse.get(f"/users/filter/apply?view={view}&into={into}&attribute=default_name&rule=is&value=Ada%200")
    assert listed(browse.get(applied.headers["Location"])) == ["Ada 0"]
