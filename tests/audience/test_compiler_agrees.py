"""The compiler means the same people as the slow evaluator, whatever the filter."""

from collections.abc import Callable
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.accounts.models import Workspace
from coterie.audience import rules
from coterie.audience.audience import Audience, audience_of
from coterie.audience.moments import Moments
from coterie.audience.tree import All, Any, Condition, Node, Not
from coterie.audience.view import View
from tests.audience.evaluator import Evaluator
from tests.audience.population import PLACES, TYPES, Population
from tests.audience.trees import EVERY_RULE, RULES, conditions, trees
from tests.profiles import examples

# Filters are compiled for the replica, which holds the same people on every database. One place asks it on all of them.
_PARAMS = [pytest.param(name, marks=pytest.mark.one_database if number else ()) for number, name in enumerate(PLACES)]


@pytest.fixture(params=_PARAMS)
def place(
    request: pytest.FixtureRequest, population: Population
) -> tuple[Audience, Callable[[Node | None], list[int]]]:
    """The audience of a workspace in one time zone at one moment, and what the evaluator says about it."""
    name: str = request.param
    Workspace.objects.filter(pk=population.workspace.pk).update(time_zone=name)
    zone, now = ZoneInfo(name), PLACES[name]
    audience = replace(audience_of(population.workspace), moments=Moments(now, zone))
    evaluator = Evaluator(TYPES, now, zone)

    def expected(node: Node | None) -> list[int]:
        return sorted(person.id for person in population.people if evaluator.matches(node, person))

    return audience, expected


Place = tuple[Audience, Callable[[Node | None], list[int]]]


def test_there_are_exactly_the_rules_of_the_specification() -> None:
    table = {kind.value: {key: rule.arity.value for key, rule in found.items()} for kind, found in rules.RULES.items()}
    assert table == RULES


def test_the_evaluator_knows_every_rule() -> None:
    positive = {kind: [key for key, rule in found.items() if not rule.negates] for kind, found in rules.RULES.items()}
    missing = [
        f"{kind}.{key}"
        for kind, keys in positive.items()
        for key in keys
        if key not in ("is_set", "in") and not hasattr(Evaluator, f"_{kind}_{key}")
    ]
    assert missing == []


@examples(0.12)
@given(data=st.data())
def test_a_condition_of_every_rule_means_the_same_people(
    place: Place, population: Population, data: st.DataObject
) -> None:
    audience, expected = place
    for rule in EVERY_RULE:
        node = data.draw(conditions(population.segments, [rule]))
        assert audience.matching_ids(node) == expected(node)


@examples(0.8)
@given(data=st.data())
def test_a_tree_means_the_same_people(place: Place, population: Population, data: st.DataObject) -> None:
    audience, expected = place
    node = data.draw(trees(population.segments))
    ids = expected(node)
    assert audience.matching_ids(node) == ids
    assert audience.count(node) == len(ids)
    page = audience.page(View(children=(node,)), len(ids) + 1)
    assert sorted(row.id for row in page.rows) == ids
    assert page.total == len(ids)


def test_without_a_filter_it_is_everybody(place: Place, population: Population) -> None:
    audience, _ = place
    assert audience.matching_ids(None) == sorted(person.id for person in population.people)


@pytest.mark.one_database
@examples(0.4)
@given(data=st.data())
def test_whoever_matches_and_whoever_does_not_are_everybody(population: Population, data: st.DataObject) -> None:
    audience = audience_of(population.workspace)
    node = data.draw(trees(population.segments, 3))
    inside, outside = audience.matching_ids(node), audience.matching_ids(Not(node))
    assert audience.count(node) + audience.count(Not(node)) == len(population.people)
    assert sorted(inside + outside) == audience.matching_ids(None)


@pytest.mark.one_database
@examples(0.4)
@given(data=st.data())
def test_all_narrows_and_any_widens(population: Population, data: st.DataObject) -> None:
    audience = audience_of(population.workspace)
    one, other = data.draw(trees(population.segments, 2)), data.draw(trees(population.segments, 2))
    first, second = set(audience.matching_ids(one)), set(audience.matching_ids(other))
    assert set(audience.matching_ids(All((one, other)))) == first & second
    assert set(audience.matching_ids(Any((one, other)))) == first | second
    assert audience.matching_ids(Not(All((one, other)))) == audience.matching_ids(Any((Not(one), Not(other))))


_POSITIVE = {
    **{"is_not": "is", "none_of": "any_of", "not_contains": "contains", "is_empty": "is_set", "ne": "eq"},
    **{"not_in_last": "in_last", "not_in": "in"},
}


def test_every_rule_that_says_not_has_an_opposite() -> None:
    assert {key for found in rules.RULES.values() for key, rule in found.items() if rule.negates} == set(_POSITIVE)


@pytest.mark.one_database
@given(data=st.data())
def test_a_rule_that_says_not_means_everybody_else(population: Population, data: st.DataObject) -> None:
    audience = audience_of(population.workspace)
    negative = data.draw(conditions(population.segments, [each for each in EVERY_RULE if each[1] in _POSITIVE]))
    positive = Condition(negative.attribute, _POSITIVE[negative.rule], negative.values)
    everybody = set(audience.matching_ids(None))
    assert set(audience.matching_ids(negative)) == everybody - set(audience.matching_ids(positive))
