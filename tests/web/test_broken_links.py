"""A link with a part that is not understood: never a guess, always a way out."""

import pytest

from tests.web.pages import link, links, listed, text_of

GOOD = "f=default_language:is:English"


@pytest.fixture
def people(crowd):
    """One who matches the good part, one who does not."""
    crowd(1, default_name="Ada", default_language="English", default_country="United States")
    crowd(1, default_name="Luz", default_language="Spanish", default_country="Peru")


def test_an_unknown_attribute_lists_nobody_and_offers_the_one_meant(browse, people):
    response = browse.get(f"/users?f=defualt_country:is:United%20States&{GOOD}")
    assert response.status_code == 422
    assert listed(response) == []
    text = text_of(response)
    assert "Filter 1: there is no attribute “defualt_country”" in text
    assert "Did you mean Country" in text
    fixed = next(url for url in links(response) if "default_country" in url)
    assert listed(browse.get(fixed)) == ["Ada"]


def test_the_rest_of_the_view_is_kept_when_the_broken_filter_is_removed(browse, people):
    response = browse.get(f"/users?f=nonsense:is:1&{GOOD}&sort=createdAt")
    assert f"/users?{GOOD}&sort=createdAt" in links(response)


def test_removing_one_broken_filter_keeps_the_other_broken_one(browse, people):
    response = browse.get("/users?f=aaaaaa:is:1&f=bbbbbb:is:2")
    assert {"/users?f=aaaaaa:is:1", "/users?f=bbbbbb:is:2"} <= set(links(response))


def test_an_unknown_rule_names_the_rules_there_are(browse, people):
    response = browse.get("/users?f=lastSeen:newer_than:1")
    assert response.status_code == 422
    assert "Last seen has no rule “newer_than”" in text_of(response)
    assert "is before, is after" in text_of(response)
    assert "attribute=lastSeen" in link(response, "/users/filter")


@pytest.mark.parametrize(
    "query",
    ["f=lastSeen:on:yesterdayish", "f=chats:gt:many", "f=segment:in:abc", "f=default_city:is:", "f=default_city",
     "match=some", "q=%7B", "q=%7B%22all%22%3A3%7D", "f=default_city:is:%00", "&".join(["f=banned:is_true"] * 41)],
)  # fmt: skip
def test_whatever_is_wrong_with_a_filter_nobody_is_listed(browse, people, query):
    response = browse.get(f"/users?{query}")
    assert response.status_code == 422
    assert listed(response) == []
    assert "so nobody is listed" in text_of(response)


def test_a_way_to_match_that_is_not_known_offers_both(browse, people):
    response = browse.get(f"/users?match=some&{GOOD}")
    assert f"/users?match=all&{GOOD}" in links(response)
    assert f"/users?match=any&{GOOD}" in links(response)


@pytest.mark.parametrize("part", ["sort=shoe_size", "after=zzz", "before=zzz", "after=%00%FF"])
def test_a_broken_order_or_page_shows_the_list_with_a_notice(browse, people, part):
    response = browse.get(f"/users?{GOOD}&{part}")
    assert response.status_code == 200
    assert listed(response) == ["Ada"]
    assert "A part of this link was left out" in text_of(response)


def test_names_in_the_url_that_are_not_ours_are_dropped(browse, people):
    assert browse.get(f"/users?{GOOD}&utm_source=mail").headers["Location"] == f"/users?{GOOD}"


def test_a_broken_link_is_text_in_the_page(browse, people):
    response = browse.get("/users?f=%3Cscript%3Ealert(1)%3C/script%3E:is:x")
    assert b"<script>alert" not in response.content
