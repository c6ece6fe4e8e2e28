"""Building a filter with links and forms alone, and the parts of it that follow by script."""

import contextlib
import html
import re
import threading
import time
from urllib.parse import parse_qs, quote, urlencode

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from coterie.accounts.models import Member
from coterie.audience.audience import audience_of
from coterie.audience.models import Attribute
from coterie.audience.turns import Superseded, take_turn
from coterie.core.text import clean
from coterie.segments.catalogue import create
from tests.profiles import examples
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


@pytest.mark.one_database
def test_every_attribute_of_the_catalogue_is_offered(browse, people):
    text = text_of(browse.get("/users/filter"))
    for label in (
        "Email", "Last seen", "First seen", "City", "Country", "Language", "Timezone", "Gender", "Referrer",
        "Integration", "Source", "IP", "Username", "User ID", "Banned", "Segment", "Avatar", "Name", "Region", "Chats",
        "plan",
    ):  # fmt: skip
        assert label in text


@pytest.mark.one_database
def test_a_chip_leads_to_its_editor_and_is_replaced(browse, people):
    editor = browse.get(link(browse.get("/users?f=default_city:is:Oslo"), "Edit filter: City is Oslo"))
    assert 'value="Oslo" checked' in editor.content.decode()
    applied = browse.get(
        "/users/filter/apply?view=f%3Ddefault_city%3Ais%3AOslo&edit=0&attribute=default_city&rule=is_not&value=Oslo"
    )
    assert applied.headers["Location"] == "/users?f=default_city:is_not:Oslo"


@pytest.mark.one_database
def test_the_rest_of_the_view_is_kept(browse, people):
    view = "match%3Dany%26f%3Ddefault_language%3Ais%3ASpanish%26sort%3DcreatedAt"
    response = browse.get(f"/users/filter/apply?view={view}&attribute=banned&rule=is_true")
    assert (
        response.headers["Location"] == "/users?match=any&f=default_language:is:Spanish&f=banned:is_true&sort=createdAt"
    )


@pytest.mark.one_database
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


@pytest.mark.one_database
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


@pytest.mark.one_database
def test_an_unknown_attribute_leads_back_to_the_choice(browse, people):
    assert browse.get("/users/filter/apply?attribute=nonsense&rule=is&typed=x").status_code == 422


@pytest.mark.one_database
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


@pytest.mark.one_database
def test_the_count_is_told_before_the_filter_is_applied(browse, people):
    counted = browse.get("/users/filter/count?attribute=default_city&rule=is&typed=Oslo")
    assert text_of(counted) == "3 of 4 people City is Oslo"
    assert text_of(browse.get("/users/filter/count?attribute=chats&rule=gt&value=many")) == "4 people"


@pytest.mark.one_database
def test_a_page_deep_in_the_list_does_not_travel_with_a_new_filter(browse, people):
    assert "after" not in link(browse.get("/users"), 'id="add-filter"')
    assert all("after=" not in url for url in links(browse.get("/users/filter")))


@pytest.mark.one_database
def test_the_condition_is_said_in_words_and_drawn_with_the_number(browse, people):
    told = browse.get("/users/filter/count?attribute=lastSeen&rule=in_last&amount=7&unit=days")
    assert text_of(told).startswith("4 of 4 people Last seen is in the last 7 days")
    assert 'id="filter-said"' in told.content.decode()
    assert "the filter chooses 4." in told.content.decode()
    assert "Since " in text_of(told)
    unfinished = browse.get("/users/filter/count?attribute=lastSeen&rule=between&value=2026-01-01&value=")
    assert "the filter chooses 0." in unfinished.content.decode()


@pytest.mark.one_database
@pytest.mark.parametrize("amount", ["99999", "0", "1"])
@pytest.mark.parametrize("unit", ["minutes", "months"])
@pytest.mark.parametrize("rule", ["in_last", "not_in_last"])
def test_any_amount_can_be_told(browse, people, rule, unit, amount):
    for page in ("", "/count"):
        found = browse.get(f"/users/filter{page}?attribute=lastSeen&rule={rule}&amount={amount}&unit={unit}")
        assert found.status_code == 200


@pytest.mark.one_database
def test_by_script_the_builder_comes_before_its_numbers(browse, people, monkeypatch):
    def slow(*_):
        raise AssertionError("asked the audience")

    for question in ("audience.facet", "query.segment_sizes", "histogram.histogram"):
        monkeypatch.setattr(f"coterie.audience.{question}", slow)
    monkeypatch.setattr("coterie.web.filters._numbers", slow)
    for attribute in ("default_city", "lastSeen", "chats", "banned", "segment"):
        page = browse.get(f"/users/filter?attribute={attribute}", headers={"HX-Request": "true"})
        assert page.status_code == 200
        assert "ghost" in page.content.decode()


@pytest.mark.one_database
def test_what_was_chosen_is_there_before_the_suggestions(browse, people):
    address = "/users/filter?view=f%3Ddefault_city%3Aany_of%3AOslo%7CRome&edit=0"
    body = browse.get(address, headers={"HX-Request": "true"}).content.decode()
    assert re.findall(r'type="checkbox" name="value" value="(\w+)" checked', body) == ["Oslo", "Rome"]
    assert text_of(browse.get(address)).count("Rome 0") == 1


@pytest.mark.one_database
def test_few_numbers_and_both_answers_of_a_boolean_are_told(browse, people):
    assert text_of(browse.get("/users/filter/values?attribute=chats&rule=eq")) == "1 2 2 1 3 1"
    assert text_of(browse.get("/users/filter/values?attribute=banned&rule=is_true")) == "false 4"
    assert (
        browse.get("/users/filter/apply?attribute=chats&rule=eq&value=2").headers["Location"] == "/users?f=chats:eq:2"
    )


def test_a_newer_question_of_the_same_builder_ends_the_older_one(browse, people, editor, workspace):
    member = Member.objects.get(user=editor, workspace=workspace)
    url = "/users/filter/count?attribute=default_city&rule=is&typed=Oslo&editor=mine"
    slot = (member.pk, "/users/filter/count", "mine")
    with take_turn(slot, 5):
        assert browse.get(f"{url}&turn=4").status_code == 204
        assert browse.get(f"{url[:-4]}other&turn=4").status_code == 200
        assert browse.get(f"{url}&turn=6").status_code == 200
    assert browse.get(f"{url}&turn=1").status_code == 200


def test_a_question_that_was_overtaken_answers_quickly_and_with_nothing(browse, people, editor, workspace, client_of):
    begun = threading.Event()
    slow = "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE hash(a.range, b.range) = 1"

    def question(reader):
        begun.set()
        return reader.execute(slow).fetchall()

    def ask() -> None:
        with contextlib.closing(connection), pytest.raises(Superseded), take_turn(slot) as turn:
            audience_of(workspace).within(turn).ask(question)

    slot = (Member.objects.get(user=editor, workspace=workspace).pk, "/users/filter/count", "mine")
    older = threading.Thread(target=ask)
    older.start()
    assert begun.wait(10)
    began = time.monotonic()
    assert browse.get("/users/filter/count?attribute=banned&rule=is_true&editor=mine&turn=1").status_code == 200
    older.join(10)
    assert not older.is_alive()
    assert time.monotonic() - began < 5


@pytest.mark.one_database
@pytest.mark.parametrize("turn", ["", "-1", "x", "9" * 40, "1.5"])
def test_a_turn_that_is_no_number_is_the_first(browse, people, turn):
    url = f"/users/filter/values?attribute=default_city&rule=is&editor={'e' * 5000}&turn={turn}"
    assert text_of(browse.get(url)) == "Oslo 3 Lima 1"


def test_too_many_or_too_long_values_are_no_error_of_ours(browse, people):
    many = urlencode([("value", f"v{number}") for number in range(150)])
    for values in (many, f"value={'x' * 2000}", "value=a%00b", "value=%ED%A0%80"):
        for part in ("", "/values", "/count"):
            assert browse.get(f"/users/filter{part}?attribute=default_city&rule=any_of&{values}").status_code == 200


@pytest.mark.one_database
def test_a_filter_is_put_into_a_group_and_edited_there(browse, people):
    view = browse.get("/users/filter/apply?view=f%3Ddefault_city%3Ais%3AOslo&into=any&attribute=plan&rule=is&typed=pro")
    listed_page = browse.get(view.headers["Location"])
    assert len(listed(listed_page)) == 3
    adding = link(listed_page, "Add a filter to the group: plan is pro")
    builder = browse.get(adding)
    fields = {name: values[0] for name, values in parse_qs(adding.partition("?")[2]).items()}
    assert 'name="into" value="1"' in builder.content.decode()
    grown = browse.get(f"/users/filter/apply?{urlencode(fields)}&attribute=default_name&rule=is&typed=Luz")
    page = browse.get(grown.headers["Location"])
    assert "City is Oslo and (plan is pro or Name is Luz)" in text_of(page)
    editor = browse.get(link(page, "Edit filter: Name is Luz"))
    assert 'value="Luz" checked' in editor.content.decode()


# What must be encoded somewhere on its way through forms, addresses, SQL and chips.
_SIGNS = st.text(
    st.sampled_from("aZ 0%_|:,;+&=?#/\\'\"<>(){}[]*~`^$!@.-ßİ🔑שלאع\u200f\u0301\u2028"), min_size=1, max_size=12
)


@examples(0.4)
@given(value=_SIGNS.map(clean).filter(bool), rule=st.sampled_from(["is", "any_of", "contains", "starts_with"]))
def test_any_signs_pass_through_the_builder_the_address_and_the_chips(browse, people, rule, value):
    fields = urlencode([("attribute", "default_name"), ("rule", rule), ("typed", value)])
    address = browse.get(f"/users/filter/apply?{fields}").headers["Location"]
    page = browse.get(address)
    assert page.status_code == 200
    chip = re.search(r'data-filter-pop[^>]*aria-label="Edit filter: ([^"]*)"', page.content.decode())
    assert html.unescape(chip[1]).endswith(f" {value}")
    editor = browse.get(link(page, "Edit filter: "))
    shown = re.findall(r'name="(?:typed|value)" value="([^"]*)"', editor.content.decode())
    assert value in [html.unescape(text) for text in shown]


@pytest.mark.parametrize(
    "value", ["50%", "a_b", "a|b", "a:b", "a,b", "it's", 'say "hi"', "🔑", "שלום", "a\\b", "a+b&c=d#e"]
)
def test_a_value_of_signs_finds_itself_alone(browse, crowd, value):
    crowd(1, default_city=value, default_name="Found")
    crowd(1, default_city="50x", default_name="Other")
    crowd(1, default_city="axb", default_name="Other")
    suggested = browse.get(f"/users/filter/values?attribute=default_city&rule=is&typed={quote(value)}")
    assert re.findall(r'value="([^"]*)"', html.unescape(suggested.content.decode().replace("&quot;", "”"))) == [
        value.replace('"', "”")
    ]
    applied = browse.get(f"/users/filter/apply?attribute=default_city&rule=is&value={quote(value)}")
    assert listed(browse.get(applied.headers["Location"])) == ["Found"]


@pytest.mark.one_database
def test_thousands_of_attributes_are_offered_at_once(browse, people, workspace):
    Attribute.objects.bulk_create(Attribute(workspace=workspace, key=f"attribute {n:04}") for n in range(2_000))
    page = browse.get("/users/filter?attribute=attribute%200007", headers={"HX-Request": "true"})
    assert page.content.decode().count("data-attribute=") > 2_000
    assert link(page, 'data-attribute="attribute 1999"').endswith("attribute=attribute%201999")


def test_hidden_attributes_are_neither_offered_nor_counted(browse, people, workspace):
    Attribute.objects.filter(workspace=workspace, key="plan").update(hidden=True)
    assert 'data-attribute="plan"' not in browse.get("/users/filter").content.decode()
    assert "pro" not in text_of(browse.get("/users/filter/values?attribute=plan&rule=is"))
