"""Nothing that is sent raises, and no SQL in it does anything."""

import json
from urllib.parse import parse_qsl, quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.audience.audience import Audience, audience_of
from coterie.audience.cursor import Cursor
from coterie.audience.tree import Any, Condition
from coterie.audience.view import Parsed, View
from tests.audience.asking import asked
from tests.audience.population import CUSTOM, TYPES, Population
from tests.profiles import examples

# What is sent meets the replica's SQL, and the database's only by ids.
pytestmark = pytest.mark.one_database
NAMES = st.sampled_from(("f", "q", "match", "sort", "after", "before", "x"))
SIGNS = st.text("aif:|%20+&=#'\"();-{}[]\\\x00é\ud800😀_.,*", max_size=30)
PARTS = st.text(max_size=20) | SIGNS | st.binary(max_size=20).map(lambda raw: raw.decode("latin-1"))


@given(pairs=st.lists(st.tuples(NAMES, PARTS | PARTS.map(lambda text: quote(text, errors="replace"))), max_size=5))
def test_no_query_string_raises(population: Population, pairs: list[tuple[str, str]]) -> None:
    asked(audience_of(population.workspace), "&".join(f"{name}={value}" for name, value in pairs))


@examples(0.6)
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


@examples(0.8)
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


@examples(0.8)
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
    texts = [key for key in ("default_country", "userId", *CUSTOM) if TYPES[key] == "text"]
    for rule in ("is", "contains", "starts_with", "ends_with", "any_of"):
        found = audience.count(Any(tuple(Condition(key, rule, (attack,)) for key in texts)))
        assert found == 0 or (attack in ("?", "{}") and found < everybody)
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
