"""What is broken in a URL is named by its position, and the rest of the view is kept."""

import json
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.audience.audience import Audience
from coterie.audience.tree import (
    MAX_CONDITIONS,
    MAX_DEPTH,
    MAX_VALUE_LENGTH,
    MAX_VALUES,
    All,
    Any,
    Condition,
    FilterError,
    Node,
    Not,
    from_json,
    to_json,
)
from coterie.audience.view import Parsed, View
from tests.audience.asking import POLAND, asked
from tests.audience.population import CUSTOM, Population
from tests.audience.trees import trees

pytestmark = pytest.mark.one_database
MANY = "|".join(["x"] * (MAX_VALUES + 1))


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ("nonsense:is:Poland", "there is no attribute"),
        ("default_countr:is:Poland", "there is no attribute"),
        ("p.country:is:Poland", "there is no attribute"),
        ("default_country:like:Poland", "has no rule"),
        ("default_country:IS:Poland", "has no rule"),
        ("banned:is:true", "has no rule"),
        ("lastSeen:on:yesterday", "does not fit"),
        ("lastSeen:in_last:7", "does not fit"),
        ("chats:gt:many", "does not fit"),
        ("chats:gt:inf", "does not fit"),
        ("chats:gt:nan", "does not fit"),
        ("segment:in:Newsletter", "does not fit"),
        ("default_country:is", "takes 1 value"),
        ("default_country:is:", "takes 1 value"),
        ("default_country:is_set:x", "takes no value"),
        ("chats:between:1", "takes 2 values"),
        ("chats:between:1|2|3", "takes 2 values"),
        (f"default_country:any_of:{MANY}", "takes 1 to 100 values"),
        ("default_country:is:%00", "needs a value"),
        ("default_country:is:a%00b", "needs a value"),
        ("default_country:is:%20%20", "needs a value"),
        (f"default_country:is:{'x' * (MAX_VALUE_LENGTH + 1)}", "longer than 1024"),
        ("default_country", "is not of the form"),
        (":is:Poland", "is not of the form"),
        ("default_country::Poland", "is not of the form"),
    ],
)
def test_a_broken_filter_is_named_and_the_rest_is_kept(audience: Audience, broken: str, says: str) -> None:
    parsed = asked(audience, f"f=default_country:is:Poland&f={broken}&f=banned:is_false&sort=createdAt")
    assert parsed.view == View("all", (POLAND, Condition("banned", "is_false")), "createdAt")
    (problem,) = parsed.problems
    assert problem.where == "f[1]"
    assert says in problem.message


def test_a_broken_filter_never_means_everybody(audience: Audience) -> None:
    with pytest.raises(FilterError, match="there is no attribute"):
        audience.count(Condition("nonsense", "is", ("x",)))


def test_an_unknown_attribute_lists_those_there_are(audience: Audience) -> None:
    (problem,) = audience.parse("f=nonsense:is:x").problems
    assert {"default_email", "lastSeen", "segment", *CUSTOM} <= set(problem.allowed)


def test_an_unknown_rule_lists_those_there_are(audience: Audience) -> None:
    (problem,) = audience.parse("f=banned:is:x").problems
    assert problem.allowed == ("is_true", "is_false")


def test_an_unknown_sort_or_match_is_named_and_the_rest_is_kept(audience: Audience) -> None:
    parsed = asked(audience, "f=default_country:is:Poland&match=some&sort=nonsense&after=rubbish")
    assert parsed.view == View("all", (POLAND,))
    assert [problem.where for problem in parsed.problems] == ["match", "sort", "after"]


def test_the_forty_first_filter_is_one_too_many(audience: Audience) -> None:
    parsed = asked(audience, "&".join(["f=default_country:is:Poland"] * (MAX_CONDITIONS + 2)))
    assert parsed.view.children == (POLAND,) * MAX_CONDITIONS
    assert [problem.where for problem in parsed.problems] == ["f[40]"]


def test_broken_filters_count_too(audience: Audience) -> None:
    parsed = asked(audience, "&".join(["f=nope:is:x"] * 500))
    assert len(parsed.problems) == MAX_CONDITIONS + 1


def test_half_characters_in_a_group_are_replaced(audience: Audience) -> None:
    broken = {"all": [{"attribute": "default_name", "rule": "is", "values": ["a\ud800"]}]}
    parsed = asked(audience, f"q={quote(json.dumps(broken))}")
    assert parsed.view.children == (Condition("default_name", "is", ("a?",)),)
    assert parsed.view.query == "f=default_name:is:a%3F"


def as_query(node: Node) -> str:
    return f"q={quote(json.dumps(to_json(node)))}"


def test_forty_one_nested_conditions_are_too_many(audience: Audience) -> None:
    parsed = asked(audience, as_query(Not(Any((POLAND,) * (MAX_CONDITIONS + 1)))) + "&sort=createdAt")
    assert parsed.view == View(sort="createdAt")
    (problem,) = parsed.problems
    assert (problem.where, problem.message) == ("q", "at most 40 conditions.")


def nest(depth: int, group: Callable[[Node], Node]) -> Node:
    node: Node = POLAND
    for _ in range(depth - 1):
        node = group(node)
    return node


@pytest.mark.parametrize("group", [Not, lambda node: All((node,)), lambda node: Any((node,))])
def test_groups_nested_too_deep_are_refused_with_their_position(audience: Audience, group: Callable) -> None:
    assert asked(audience, as_query(nest(MAX_DEPTH - 1, group))).problems == ()
    (problem,) = asked(audience, as_query(nest(MAX_DEPTH + 1, group))).problems
    assert problem.where.startswith("q.")
    assert "deep" in problem.message


def test_whatever_depth_is_read_can_be_listed_and_printed(audience: Audience) -> None:
    for group in (Not, lambda node: All((node,)), lambda node: Any((node,))):
        for depth in range(1, MAX_DEPTH + 3):
            parsed = asked(audience, as_query(nest(depth, group)))
            assert audience.parse(parsed.view.query) == Parsed(parsed.view)


@pytest.mark.parametrize(
    ("data", "where"),
    [
        ([], "q"),
        ("x", "q"),
        (None, "q"),
        ({}, "q"),
        ({"all": []} | {"any": []}, "q"),
        ({"all": {}}, "q.all"),
        ({"all": [1]}, "q.all[0]"),
        ({"any": [{"not": 5}]}, "q.any[0].not"),
        ({"attribute": "banned"}, "q"),
        ({"attribute": "banned", "rule": 5}, "q"),
        ({"attribute": ["banned"], "rule": "is_true"}, "q"),
        ({"attribute": "banned", "rule": "is_true", "values": "x"}, "q.values"),
        ({"attribute": "banned", "rule": "is_true", "values": [None]}, "q.values"),
        ({"attribute": "banned", "rule": "is_true", "joiner": "OR"}, "q"),
        ({"all": [{"attribute": "nonsense", "rule": "is", "values": ["x"]}]}, "q: nonsense"),
    ],
)
def test_a_broken_group_is_named_by_its_position(audience: Audience, data: object, where: str) -> None:
    parsed = asked(audience, f"sort=createdAt&q={quote(json.dumps(data))}")
    assert parsed.view == View(sort="createdAt")
    assert [problem.where for problem in parsed.problems] == [where]


@given(data=st.data())
def test_a_tree_travels_as_json(population: Population, data: st.DataObject) -> None:
    node = data.draw(trees(population.segments))
    assert from_json(json.loads(json.dumps(to_json(node)))) == node
