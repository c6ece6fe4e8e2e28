"""The URL is the view: what is printed is read again."""

from dataclasses import replace
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.audience.audience import Audience, audience_of
from coterie.audience.columns import LEADS
from coterie.audience.cursor import Cursor
from coterie.audience.tree import (
    All,
    Condition,
)
from coterie.audience.view import Parsed, View
from coterie.core.text import clean
from tests.audience.asking import asked
from tests.audience.population import TYPES, Population
from tests.audience.trees import conditions, texts, trees

# Addresses are read and printed without a database; only the catalogue comes from it.
pytestmark = pytest.mark.one_database


def cursors(listing: str) -> st.SearchStrategy[Cursor]:
    values = st.text(st.characters(exclude_categories=["Cs"])) | st.integers(-5, 5) | st.floats(allow_nan=False)
    return st.builds(
        Cursor,
        st.just(listing),
        values | st.none() | st.booleans(),
        st.integers(0, 2**63 - 1),
        st.integers(0, 10**9),
    )


@given(data=st.data())
def test_a_printed_view_is_read_again(population: Population, data: st.DataObject) -> None:
    audience = audience_of(population.workspace)
    drawn = View(
        match=data.draw(st.sampled_from(("all", "any"))),
        children=tuple(data.draw(st.lists(trees(population.segments, 3), max_size=4))),
        sort=data.draw(st.sampled_from(sorted(TYPES))),
        search=data.draw(st.just("") | texts().map(clean)),
        columns=data.draw(st.none() | st.lists(st.sampled_from(sorted(TYPES)), unique=True).map(tuple)),
    )
    # What a cursor belongs to is the list as it was read.
    view = replace(drawn, after=data.draw(st.none() | cursors(audience.parse(drawn.query).view.listing)))
    parsed = audience.parse(view.query)
    assert parsed.problems == ()
    assert parsed.view.filter == view.filter or parsed.view.filter == All((view.filter,))
    assert (parsed.view.sort, parsed.view.after, parsed.view.search) == (view.sort, view.after, view.search)
    assert parsed.view.columns == (view.columns and tuple(key for key in view.columns if key != LEADS))
    # Once read it is canonical, and stays so.
    assert audience.parse(parsed.view.query).view == parsed.view


@given(data=st.data())
def test_simple_filters_are_printed_one_by_one(population: Population, data: st.DataObject) -> None:
    audience = audience_of(population.workspace)
    children = tuple(data.draw(st.lists(conditions(population.segments), max_size=5)))
    view = View(data.draw(st.sampled_from(("all", "any"))), children)
    assert view.query.count("f=") == len(children)
    assert "q=" not in view.query
    assert audience.parse(view.query) == Parsed(view)


def test_everybody_has_an_address_of_their_own() -> None:
    assert View().query == "match=all"


def test_the_form_is_the_documented_one(audience: Audience) -> None:
    parsed = asked(
        audience, "match=all&f=default_country:is:United%20States&f=default_language:is:English&sort=-lastSeen"
    )
    assert parsed.problems == ()
    assert parsed.view.children == (
        Condition("default_country", "is", ("United States",)),
        Condition("default_language", "is", ("English",)),
    )
    assert parsed.view.query == "f=default_country:is:United%20States&f=default_language:is:English"


@given(data=st.data())
def test_a_filter_that_was_encoded_twice_is_understood(population: Population, data: st.DataObject) -> None:
    audience = audience_of(population.workspace)
    view = View("all", (data.draw(conditions(population.segments)),))
    printed = view.query.removeprefix("f=")
    assert audience.parse(f"f={quote(printed, safe='')}") == Parsed(view)
    assert audience.parse(urlencode({"f": printed})) == Parsed(view)


@pytest.mark.parametrize("value", ["John Smith", "john+news@example.com", "a&b", "50", "Zażółć", "a|b"])
def test_a_filter_that_was_encoded_as_a_whole_is_understood(audience: Audience, value: str) -> None:
    parsed = asked(audience, urlencode({"f": f"default_email:is:{value}"}))
    assert parsed == Parsed(View("all", (Condition("default_email", "is", (value,)),)))


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("f=default_city:is:New+York", ("New York",)),
        ("f=default_city:is:New%20York", ("New York",)),
        ("f=default_url:is:https://x.test/a:b", ("https://x.test/a:b",)),
        ("f=default_city:is:a|b", ("a|b",)),
        ("f=default_city:any_of:a|b%7Cc", ("a", "b|c")),
        ("f=default_city:is:%FF", ("\ufffd",)),
        ("f=default_city:is:100%", ("100%",)),
    ],
)
def test_typed_by_hand_it_is_understood(audience: Audience, query: str, values: tuple[str, ...]) -> None:
    parsed = asked(audience, query)
    assert parsed.problems == ()
    (condition,) = parsed.view.children
    assert isinstance(condition, Condition)
    assert condition.values == values
