"""Suggested values: exact numbers, however many values there are, and one suggestion for one value in any case."""

from collections import Counter

import pytest

from coterie.accounts.models import Workspace
from coterie.audience import facets
from coterie.audience.audience import Audience, audience_of
from coterie.audience.tree import All, Condition, Node
from tests.audience.population import CUSTOM, Population
from tests.makers import make_people, make_person

# Answered by the replica, which holds the same people on every database.
pytestmark = pytest.mark.one_database
TEXTS = ["default_city", "default_name", "default_email", "userId", "default_location", "plan", "it's", "%_\\"]
BASES = [None, Condition("chats", "gte", ("2",)), Condition("default_country", "is_set", ())]


@pytest.fixture(params=["all of them", "few different", "many different"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """As if the sample showed everybody, or few different values, or many."""
    if request.param != "all of them":
        monkeypatch.setattr(facets, "SAMPLE", 40)
        monkeypatch.setattr(facets, "FEW", 10_000 if request.param == "few different" else 0)
    return str(request.param)


def counts(audience: Audience, nodes: list[Node]) -> list[int]:
    """How many people each of these filters finds, in one question: there are thousands of them."""
    predicates = [audience.predicate(node) for node in nodes]
    numbers = ", ".join(f"count(*) FILTER (WHERE {predicate.sql})" for predicate in predicates)
    values = [value for predicate in predicates for value in predicate.params]
    return list(audience.ask(lambda reader: reader.execute(f"SELECT {numbers} FROM people p", values).fetchall()[0]))


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("key", TEXTS)
def test_every_number_is_what_the_filter_finds(audience: Audience, kind: str, key: str, base: Node | None) -> None:
    column = audience.catalogue.by_key[key]
    found = audience.facet(base, column, limit=60)
    assert found
    both = [Condition(key, "is", (value,)) for value, _ in found]
    both = both if base is None else [All((base, node)) for node in both]
    assert found == [(value, people) for (value, _), people in zip(found, counts(audience, both), strict=True)]


@pytest.mark.parametrize("key", TEXTS)
def test_no_two_suggestions_are_the_same_filter(audience: Audience, kind: str, key: str) -> None:
    found = audience.facet(None, audience.catalogue.by_key[key], limit=60)
    together = Condition(key, "any_of", tuple(value for value, _ in found))
    assert audience.count(together) == sum(people for _, people in found)


@pytest.mark.parametrize("typed", ["W", "new y", "ß", "a", "a%", "a_", "a\\", "' OR", "שלום", "👩", "x", "e\u0301"])
def test_suggestions_begin_with_what_was_typed(audience: Audience, kind: str, typed: str) -> None:
    column = audience.catalogue.by_key["default_city"]
    found = audience.facet(None, column, typed, limit=60)
    expected = audience.count(Condition("default_city", "starts_with", (typed,)))
    if kind == "all of them":
        assert sum(people for _, people in found) == expected
    started = Condition("default_city", "starts_with", (typed,))
    both = [All((started, Condition("default_city", "is", (value,)))) for value, _ in found]
    assert [people for _, people in found] == (counts(audience, both) if both else [])


def test_values_that_differ_in_case_are_one_in_their_most_frequent_spelling(workspace: Workspace, kind: str) -> None:
    make_people(workspace, 3, default_city="Oslo", default_name="Ada Byron")
    make_people(workspace, 2, default_city="OSLO", default_name="ADA BYRON")
    make_people(workspace, 1, default_city="oslo", default_name="ada byron")
    make_people(workspace, 1, default_city="Lima", default_name="Luz")
    audience = audience_of(workspace)
    assert audience.facet(None, audience.catalogue.by_key["default_city"]) == [("Oslo", 6), ("Lima", 1)]
    assert audience.facet(None, audience.catalogue.by_key["default_name"]) == [("Ada Byron", 6), ("Luz", 1)]


def test_the_sample_sees_who_came_last(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facets, "SAMPLE", 5)
    monkeypatch.setattr(facets, "_LATELY", 5)
    monkeypatch.setattr(facets, "FEW", 0)
    make_people(workspace, 20, default_url="https://old.example/")
    make_people(workspace, 4, default_url="https://new.example/")
    audience = audience_of(workspace)
    found = audience.facet(None, audience.catalogue.by_key["default_url"])
    assert found == [("https://old.example/", 20), ("https://new.example/", 4)]


def test_the_most_frequent_come_first_and_the_rest_is_left_out(audience: Audience, population: Population) -> None:
    column = audience.catalogue.by_key["default_language"]
    all_of_them = audience.facet(None, column, limit=1_000)
    assert [people for _, people in all_of_them] == sorted((people for _, people in all_of_them), reverse=True)
    assert audience.facet(None, column, limit=3) == all_of_them[:3]


@pytest.mark.parametrize("key", [key for key, kind in CUSTOM.items() if kind in ("number", "boolean")])
def test_numbers_and_booleans_are_read_as_filters_read_them(audience: Audience, kind: str, key: str) -> None:
    column = audience.catalogue.by_key[key]
    found = audience.facet(None, column, limit=1_000)
    if kind == "many different":
        assert found == []
        return
    assert len(found) == len(dict(found))
    same = [
        Condition(key, *((f"is_{value}", ()) if column.type == "boolean" else ("eq", (value,)))) for value, _ in found
    ]
    assert [people for _, people in found] == counts(audience, same)


def test_numbers_are_printed_as_people_write_them(workspace: Workspace) -> None:
    for chats in (3, 3, 7):
        make_person(workspace, chats=chats)
    audience = audience_of(workspace)
    assert audience.facet(None, audience.catalogue.by_key["chats"]) == [("3", 2), ("7", 1)]
    assert audience.facet(None, audience.catalogue.by_key["banned"]) == [("false", 3)]


@pytest.mark.parametrize("key", ["default_city", "default_email", "plan"])
def test_chosen_values_keep_their_order_and_spelling(audience: Audience, key: str) -> None:
    column = audience.catalogue.by_key[key]
    wanted = ["nobody's", *(value.upper() for value, _ in audience.facet(None, column, limit=4))]
    found = audience.numbers_of(None, column, wanted)
    assert [value for value, _ in found] == wanted
    assert [people for _, people in found] == [audience.count(Condition(key, "is", (value,))) for value in wanted]


def test_another_workspace_is_never_counted(workspace: Workspace, other_workspace: Workspace) -> None:
    make_people(workspace, 2, default_city="Oslo")
    make_people(other_workspace, 5, default_city="Oslo")
    audience = audience_of(workspace)
    assert Counter(dict(audience.facet(None, audience.catalogue.by_key["default_city"]))) == Counter({"Oslo": 2})
