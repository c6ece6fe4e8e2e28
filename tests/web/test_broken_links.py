"""A link with a part that is not understood: never a guess, always a way out."""

import base64
import json
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.audience.models import Attribute
from coterie.core.clock import now
from coterie.journal.commit import commit
from coterie.people.changes import People
from tests.profiles import examples
from tests.web.pages import link, links, listed, text_of

GOOD = "f=default_language:is:English"


@pytest.fixture
def people(crowd):
    """One who matches the good part, one who does not."""
    crowd(1, default_name="Ada", default_language="English", default_country="United States")
    crowd(1, default_name="Luz", default_language="Spanish", default_country="Peru")


@pytest.mark.one_database
def test_an_unknown_attribute_lists_nobody_and_offers_the_one_meant(browse, people):
    response = browse.get(f"/users?f=defualt_country:is:United%20States&{GOOD}")
    assert response.status_code == 422
    assert listed(response) == []
    text = text_of(response)
    assert "Filter 1: there is no attribute “defualt_country”" in text
    assert "Did you mean Country" in text
    fixed = next(url for url in links(response) if "default_country" in url)
    assert listed(browse.get(fixed)) == ["Ada"]


@pytest.mark.one_database
def test_the_rest_of_the_view_is_kept_when_the_broken_filter_is_removed(browse, people):
    response = browse.get(f"/users?f=nonsense:is:1&{GOOD}&sort=createdAt")
    assert f"/users?{GOOD}&sort=createdAt" in links(response)


@pytest.mark.one_database
def test_removing_one_broken_filter_keeps_the_other_broken_one(browse, people):
    response = browse.get("/users?f=aaaaaa:is:1&f=bbbbbb:is:2")
    assert {"/users?f=aaaaaa:is:1", "/users?f=bbbbbb:is:2"} <= set(links(response))


@pytest.mark.one_database
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


@pytest.mark.one_database
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


@pytest.mark.one_database
def test_names_in_the_url_that_are_not_ours_are_dropped(browse, people):
    assert browse.get(f"/users?{GOOD}&utm_source=mail").headers["Location"] == f"/users?{GOOD}"


@pytest.mark.one_database
def test_a_broken_link_is_text_in_the_page(browse, people):
    response = browse.get("/users?f=%3Cscript%3Ealert(1)%3C/script%3E:is:x")
    assert b"<script>alert" not in response.content


def test_a_page_of_another_list_shows_the_first_page_of_this_one(browse, crowd):
    crowd(60, default_name="Ada {n}", default_city="Oslo")
    crowd(60, default_name="Luz {n}", default_city="Lima")
    after = link(browse.get("/users"), 'id="next-page"').partition("after=")[2]
    response = browse.get(f"/users?f=default_city:is:Oslo&columns=chats&after={after}")
    text = text_of(response)
    assert listed(response)[0] == "Ada 0"
    assert "Showing 1–50 of 60" in text
    assert "A part of this link was left out: this page marker belongs to another list" in text


@pytest.mark.one_database
@pytest.mark.parametrize(
    "other", ["sort=createdAt", "search=Ada", "match=any", "f=chats:gte:1", "f=default_city:is_not:x"]
)
def test_every_part_that_makes_another_list_makes_another_page(browse, crowd, other):
    crowd(60, default_name="Ada {n}", default_city="Oslo")
    good = "f=default_city:is:Oslo&f=default_name:is_set"
    after = link(browse.get(f"/users?{good}"), 'id="next-page"').partition("after=")[2]
    assert "Showing 51–60 of 60" in text_of(browse.get(f"/users?{good}&columns=chats&after={after}"))
    assert "belongs to another list" in text_of(browse.get(f"/users?{good}&{other}&after={after}"))


@pytest.mark.one_database
def test_past_the_end_it_says_so_and_shows_the_first_page(browse, crowd, workspace):
    people = crowd(55, default_name="Ada {n}", default_city="Oslo")
    city = "f=default_city:is:Oslo"
    second = link(browse.get(f"/users?{city}"), 'id="next-page"')

    def move(tx):
        rows = People.lock(tx, [person.id for person in people[50:]])
        for row in list(rows):
            rows.set(row, {"default_city": "Lima"}, now())
        rows.save()

    commit(workspace.pk, "test", move)
    response = browse.get(second)
    assert response.status_code == 200
    assert len(listed(response)) == 50
    assert "nobody comes after this page any more" in text_of(response)


@pytest.mark.one_database
def test_a_search_beside_a_filter_that_is_gone_leads_to_the_whole_page(browse, people):
    part = {"HX-Request": "true", "HX-Target": "div#list"}
    assert (
        browse.get("/users?search=ada&f=gone:is:1", headers=part).headers["HX-Redirect"]
        == "/users?search=ada&f=gone:is:1"
    )
    assert browse.get("/users?search=ada&f=chats:gte:0", headers=part).headers["HX-Replace-Url"]


@pytest.mark.one_database
@pytest.mark.parametrize("key", ["secret", "default_city"])
@pytest.mark.parametrize("part", ["sort={}", "sort=-{}", "columns={},chats"])
def test_what_is_hidden_is_left_out_by_name_and_the_rest_is_kept(browse, crowd, workspace, key, part):
    crowd(1, default_name="Ada", default_language="English", default_city="Oslo", secret="x")
    crowd(1, default_name="Luz", default_language="Spanish")
    Attribute.objects.filter(workspace=workspace, key=key).update(hidden=True)
    Attribute.objects.get_or_create(workspace=workspace, key=key, scope="person", defaults={"hidden": True})
    response = browse.get(f"/users?{GOOD}&{part.format(key)}")
    assert (response.status_code, listed(response)) == (200, ["Ada"])
    assert "is hidden in Settings" in text_of(response)


@pytest.mark.one_database
def test_a_filter_on_what_is_hidden_lists_nobody(browse, crowd, workspace):
    crowd(1, default_name="Ada", secret="x")
    Attribute.objects.filter(workspace=workspace, key="secret").update(hidden=True)
    response = browse.get("/users?f=secret:is:x&f=chats:gte:0")
    assert (response.status_code, listed(response)) == (422, [])
    assert "“secret” is hidden in Settings" in text_of(response)
    assert "/users?f=chats:gte:0" in links(response)


@pytest.mark.one_database
def test_filters_in_two_forms_are_not_guessed_about(browse, people):
    q = "q=%7B%22all%22%3A%5B%5D%7D"
    response = browse.get(f"/users?{q}&{GOOD}&sort=createdAt")
    assert (response.status_code, listed(response)) == (422, [])
    assert {f"/users?{q}&sort=createdAt", f"/users?{GOOD}&sort=createdAt"} <= set(links(response))


@pytest.mark.one_database
def test_a_search_that_is_too_long_lists_nobody_and_can_be_removed(browse, people):
    response = browse.get(f"/users?search={'x' * 1025}&{GOOD}")
    assert (response.status_code, listed(response)) == (422, [])
    assert f"/users?{GOOD}" in links(response)


@pytest.mark.parametrize(
    "value", ["50%", "a_b", "a|b", "a:b", 'say "hi"', "it's", "👩‍👩‍👧", "שלום", "\u200fabc", "a&b=c#d+e", "\\", "%25"]
)
def test_filters_and_searches_are_literal(browse, crowd, value):
    crowd(1, default_name="x".join(["", *value[1:], ""]), default_city="Oslo")
    mine = crowd(1, default_name=value, default_city=value)
    written = quote(value, safe="")
    for query in (f"f=default_city:is:{written}", f"f=default_name:contains:{written}", f"search={written}"):
        response = browse.get(f"/users?{query}")
        assert listed(response) == [str(person.attributes["default_name"]) for person in mine]


_PARTS = ["f", "q", "match", "search", "sort", "columns", "after", "before", "f[]", "F", "", "page"]
_BITS = [
    *("default_city", ":", "is", "|", "%", "%00", "%FF", "%25", "{", "}", "[", '"', "all", ",", "-", "&", "=", "+"),
    *("Oslo", "lastSeen", "0", "é", "1e999", "null", "eyJ", "\\", "'", ";", "any", "segment"),
]


@examples(0.8)
@given(
    parts=st.lists(
        st.tuples(st.sampled_from(_PARTS), st.lists(st.sampled_from(_BITS), max_size=6).map("".join)), max_size=4
    )
)
def test_no_address_is_a_failure(browse, crowd, parts):
    if b"Nobody here yet" in browse.get("/users").content:
        crowd(2, default_name="Ada {n}", default_city="Oslo")
    query = "&".join(f"{name}={value}" for name, value in parts)
    response = browse.get(f"/users?{query}")
    assert response.status_code in (200, 302, 422)
    if response.status_code == 422:
        assert listed(response) == []
    for path in ("/users/count", "/users/columns", "/users/filter", "/users/news"):
        assert browse.get(f"{path}?{urlencode({'view': query})}").status_code in (200, 204, 302, 422)


@pytest.mark.one_database
@examples(0.4)
@given(data=st.data())
def test_no_page_marker_is_a_failure(browse, crowd, data):
    if b"Nobody here yet" in browse.get("/users").content:
        crowd(2, default_name="Ada {n}", default_city="Oslo")
    sort = data.draw(st.sampled_from(["-lastSeen", "chats", "segment", "default_name", "banned", "default_location"]))
    value = data.draw(st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just([1]))
    whole = st.integers(-1, 2**70)
    marker = data.draw(st.tuples(st.sampled_from([sort, "lastSeen"]), st.just(value), whole, whole))
    text = base64.urlsafe_b64encode(json.dumps(marker).encode()).decode().rstrip("=")
    for name in ("after", "before"):
        assert browse.get(f"/users?sort={sort}&{name}={text}").status_code in (200, 302)
