"""The URL is the view: what is printed is read again, what is broken is named, nothing sent raises."""

import json
from collections.abc import Callable
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coterie.audience.audience import Audience, audience_of
from coterie.audience.cursor import Cursor
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
from tests.audience.population import CUSTOM, TYPES, Population
from tests.audience.trees import conditions, trees

steady = settings(
    derandomize=True, deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
POLAND = Condition("default_country", "is", ("Poland",))


@pytest.fixture
def audience(population: Population) -> Audience:
    return audience_of(population.workspace)


def asked(audience: Audience, query: str) -> Parsed:
    """The view, after everything a page does with it was done: it must be right, or refused, but never fail."""
    parsed = audience.parse(query)
    for problem in parsed.problems:
        assert problem.where
        assert problem.message
        json.dumps(problem.as_json()).encode()
        str(problem).encode()
    audience.page(parsed.view, 2)
    parsed.view.query.encode("ascii")
    return parsed


def cursors() -> st.SearchStrategy[Cursor]:
    values = st.text(st.characters(exclude_categories=["Cs"])) | st.integers(-5, 5) | st.floats(allow_nan=False)
    return st.builds(
        Cursor,
        st.just("-lastSeen"),
        values | st.none() | st.booleans(),
        st.integers(0, 2**63 - 1),
        st.integers(0, 10**9),
    )


@steady
@given(data=st.data())
def test_a_printed_view_is_read_again(population: Population, data: st.DataObject) -> None:
    audience = audience_of(population.workspace)
    after = data.draw(st.none() | cursors())
    view = View(
        match=data.draw(st.sampled_from(("all", "any"))),
        children=tuple(data.draw(st.lists(trees(population.segments, 3), max_size=4))),
        sort="-lastSeen" if after else data.draw(st.sampled_from(sorted({*TYPES} - {"segment"}))),
        after=after,
    )
    parsed = audience.parse(view.query)
    assert parsed.problems == ()
    assert parsed.view.node == view.node or parsed.view.node == All((view.node,))
    assert (parsed.view.sort, parsed.view.after) == (view.sort, view.after)
    # Once read it is canonical, and stays so.
    assert audience.parse(parsed.view.query).view == parsed.view


@steady
@given(data=st.data())
def test_simple_filters_are_printed_one_by_one(population: Population, data: st.DataObject) -> None:
    audience = audience_of(population.workspace)
    children = tuple(data.draw(st.lists(conditions(population.segments), max_size=5)))
    view = View(data.draw(st.sampled_from(("all", "any"))), children)
    assert view.query.count("f=") == len(children)
    assert "q=" not in view.query
    assert audience.parse(view.query) == Parsed(view)


def test_the_default_view_has_no_query() -> None:
    assert View().query == ""


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


@steady
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


def test_the_list_is_not_sorted_by_segments(audience: Audience) -> None:
    (problem,) = audience.parse("sort=segment").problems
    assert problem.where == "sort"


def test_the_forty_first_filter_is_one_too_many(audience: Audience) -> None:
    parsed = asked(audience, "&".join(["f=default_country:is:Poland"] * (MAX_CONDITIONS + 2)))
    assert parsed.view.children == (POLAND,) * MAX_CONDITIONS
    assert [problem.where for problem in parsed.problems] == ["f[40]", "f[41]"]


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


@steady
@given(data=st.data())
def test_a_tree_travels_as_json(population: Population, data: st.DataObject) -> None:
    node = data.draw(trees(population.segments))
    assert from_json(json.loads(json.dumps(to_json(node)))) == node


NAMES = st.sampled_from(("f", "q", "match", "sort", "after", "before", "x"))
SIGNS = st.text("aif:|%20+&=#'\"();-{}[]\\\x00é\ud800😀_.,*", max_size=30)
PARTS = st.text(max_size=20) | SIGNS | st.binary(max_size=20).map(lambda raw: raw.decode("latin-1"))


@settings(steady, max_examples=250)
@given(pairs=st.lists(st.tuples(NAMES, PARTS | PARTS.map(lambda text: quote(text, errors="replace"))), max_size=5))
def test_no_query_string_raises(population: Population, pairs: list[tuple[str, str]]) -> None:
    asked(audience_of(population.workspace), "&".join(f"{name}={value}" for name, value in pairs))


@settings(steady, max_examples=150)
@given(
    attribute=st.sampled_from(sorted(TYPES)) | PARTS,
    rule=st.sampled_from(("is", "gt", "on", "in", "in_last", "contains", "is_true", "between", "is_set")) | PARTS,
    values=st.lists(PARTS | st.integers().map(str) | st.dates().map(str), max_size=3),
)
def test_no_condition_raises(population: Population, attribute: str, rule: str, values: list[str]) -> None:
    audience = audience_of(population.workspace)
    text = json.dumps({"attribute": attribute, "rule": rule, "values": values})
    asked(audience, f"q={quote(text)}")
    parts = [quote(part, safe="", errors="replace") for part in (attribute, rule)]
    asked(audience, f"f={':'.join(parts)}:{'|'.join(quote(value, safe='', errors='replace') for value in values)}")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | PARTS | st.sampled_from(("is", "banned", "default_city")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(("all", "any", "not", "attribute", "rule", "values")) | PARTS, inner, max_size=4
        )
    ),
    max_leaves=12,
)


@settings(steady, max_examples=200)
@given(data=JSON)
def test_no_json_raises(population: Population, data: object) -> None:
    asked(audience_of(population.workspace), f"q={quote(json.dumps(data))}")


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[" * 60_000,
        '{"not":' * 10_000,
        "1" * 5_000,
        "NaN",
        '{"all":[' + '{"any":[]},' * 2_000 + "{}]}",
        "\ufeff{}",
    ],
)
def test_no_broken_json_raises(audience: Audience, text: str) -> None:
    assert asked(audience, f"q={quote(text)}").problems


@settings(steady, max_examples=200)
@given(
    sort=st.sampled_from(sorted({*TYPES} - {"segment"})),
    data=JSON | st.tuples(st.just("?"), JSON, st.integers(), st.integers()),
)
def test_no_cursor_raises(population: Population, sort: str, data: object) -> None:
    import base64

    if isinstance(data, tuple):
        data = [sort, *data[1:]]
    text = base64.urlsafe_b64encode(json.dumps(data).encode()).decode()
    for name in ("after", "before"):
        asked(audience_of(population.workspace), f"sort={quote(sort, safe='')}&{name}={text}")


def test_a_deeply_nested_cursor_is_just_wrong(audience: Audience) -> None:
    import base64

    text = base64.urlsafe_b64encode(b"[" * 40_000).decode()
    assert [problem.where for problem in asked(audience, f"after={text}").problems] == ["after"]


def test_a_cursor_of_another_list_is_named(audience: Audience) -> None:
    page = audience.page(View(sort="createdAt"), 2)
    assert page.next is not None
    parsed = asked(audience, f"sort=-createdAt&after={page.next.encode()}")
    assert parsed.view == View(sort="-createdAt")
    assert [problem.where for problem in parsed.problems] == ["after"]


ATTACKS = [
    "'; DROP TABLE people; --",
    "x') OR true --",
    "default_country' OR '1'='1",
    "p.id) OR (1=1",
    "userId\"; DELETE FROM memberships; --",
    "custom['x']) IS NULL OR true --",
    "') UNION SELECT * FROM state --",
    "lastSeen DESC, (SELECT 1)",
    "-lastSeen; COPY people TO 'stolen.csv'",
    "$$; ATTACH 'x.db'; $$",
    "read_csv('/etc/passwd')",
    "\\'; --",
    "%' OR '%'='",
    "?", "$1", ":name", "{}",
]  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_sql_does_nothing_anywhere(population: Population, audience: Audience, attack: str) -> None:
    everybody = len(population.people)
    text = quote(attack, safe="")
    for place in ("attribute", "rule", "sort", "after", "before", "match"):
        query = {
            "attribute": f"f={text}:is:x",
            "rule": f"f=default_country:{text}:x",
            "match": f"match={text}",
        }.get(place, f"{place}={text}")
        assert asked(audience, query).problems, place
    # As a value it is a text like any other, which nobody has.
    for attribute in ("default_country", "userId", "plan", *CUSTOM):
        if TYPES[attribute] == "text":
            for rule in ("is", "contains", "starts_with", "ends_with", "any_of"):
                assert audience.count(Condition(attribute, rule, (attack,))) in (
                    [0] if attack not in ("?", "{}") else range(everybody)
                )
    assert audience.facet(None, audience.catalogue.by_key["default_country"], attack) == []
    cursor = Cursor("default_name", attack, 1)
    assert audience.page(View(sort="default_name", after=cursor), 500).total == everybody
    assert audience.count(None) == everybody


@pytest.mark.parametrize("key", [key for key, kind in CUSTOM.items() if kind == "text"])
def test_a_name_of_an_attribute_may_be_anything(population: Population, audience: Audience, key: str) -> None:
    having = [person for person in population.people if key in person.attributes]
    assert 0 < len(having) < len(population.people)
    assert audience.count(Condition(key, "is_set")) == len(having)
    parsed = audience.parse(f"f={quote(key, safe='')}:is_set&sort={quote(key, safe='')}")
    assert parsed == Parsed(View("all", (Condition(key, "is_set"),), key))
    assert dict(parse_qsl(parsed.view.query))["sort"] == key
