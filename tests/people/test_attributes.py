"""Attributes as they arrive: named, cleaned, limited, typed by their first value."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.accounts.models import Workspace
from coterie.audience.columns import DEFAULT_KEYS, RESERVED_KEYS
from coterie.audience.models import Attribute, AttributeType, Scope
from coterie.people import attributes
from coterie.people.attributes import Refused, catalogue_keys, guess_type, validated
from tests.profiles import examples


def test_texts_numbers_and_booleans_are_kept_as_they_are() -> None:
    raw = {"plan": "pro", "age": 36, "half": 0.5, "vip": True, "default_name": "Ada", "Zażółć “x” [0].y": "x"}
    assert validated(raw) == raw
    assert [type(value) for value in validated(raw).values()] == [type(value) for value in raw.values()]


@pytest.mark.parametrize("empty", [None, "", "   ", "\t\n"])
def test_empty_values_are_not_known(empty: Any) -> None:
    assert validated({"plan": empty, "age": 1}) == {"age": 1}


def test_no_attributes_are_none() -> None:
    assert validated(None) == validated({}) == {}


def test_names_and_values_are_cleaned() -> None:
    assert validated({" plan ": " pro ", "e\u0301": "a\x00b", "n\x00": "e\u0301"}) == {
        "plan": "pro",
        "é": "a\ufffdb",
        "n\ufffd": "é",
    }


def test_values_of_default_attributes_are_texts() -> None:
    assert validated({"default_city": 5, "default_name": True, "default_ip": 1.5}) == {
        "default_city": "5",
        "default_name": "true",
        "default_ip": "1.5",
    }


@pytest.mark.parametrize("raw", [[], "x", 5, True, [("plan", "pro")]])
def test_only_an_object_is_taken(raw: Any) -> None:
    with pytest.raises(Refused, match="expected an object"):
        validated(raw)


def test_up_to_ninety_nine_attributes_are_taken_at_a_time() -> None:
    assert len(validated({f"a{number}": 1 for number in range(99)})) == 99
    with pytest.raises(Refused, match="at most 99"):
        validated({f"a{number}": 1 for number in range(1_000)})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("k" * 128, "x"),
        ("plan", "x" * 1024),
        ("plan", " " * 5_000 + "x" * 1024),
        ("default_name", "x" * 256),
        ("plan", "👩" * 1024),
        ("n", 2**63 - 1),
        ("n", -(2**63) + 1),
    ],
)
def test_values_up_to_the_limit_are_taken(key: str, value: Any) -> None:
    assert len(validated({key: value})) == 1


@pytest.mark.parametrize(
    ("key", "value", "field"),
    [
        ("k" * 129, "x", "attributes"),
        ("", "x", "attributes"),
        ("  ", "x", "attributes"),
        (5, "x", "attributes"),
        ("plan", "x" * 1025, "attributes.plan"),
        ("plan", "x" * 10_000_000, "attributes.plan"),
        ("default_name", "x" * 257, "attributes.default_name"),
        ("n", 2**63, "attributes.n"),
        ("n", -(2**63), "attributes.n"),
        ("n", 10**400, "attributes.n"),
        ("n", -(10**400), "attributes.n"),
        ("n", math.inf, "attributes.n"),
        ("n", math.nan, "attributes.n"),
        ("n", 1e300, "attributes.n"),
        ("default_city", math.nan, "attributes.default_city"),
        ("plan", [], "attributes.plan"),
        ("plan", {"x": 1}, "attributes.plan"),
        ("\ud800" * 200, "x", "attributes"),
    ],
)
def test_what_is_outside_the_limits_is_refused_with_its_field(key: Any, value: Any, field: str) -> None:
    with pytest.raises(Refused) as refused:
        validated({key: value})
    assert refused.value.field == field
    assert len(str(refused.value).encode()) < 1_000


@pytest.mark.parametrize("key", sorted({*RESERVED_KEYS} - {*DEFAULT_KEYS}))
def test_names_with_another_meaning_are_reserved(key: str) -> None:
    with pytest.raises(Refused, match="reserved"):
        validated({key: "x"})


@pytest.mark.parametrize("key", ["default_", "default_shoe_size", " default_shoe_size", "default_banned"])
def test_unknown_names_that_begin_with_default_are_reserved(key: str) -> None:
    with pytest.raises(Refused, match="reserved"):
        validated({key: "x"})


def test_a_stranger_may_not_write_default_attributes() -> None:
    with pytest.raises(Refused, match="reserved"):
        validated({"default_email": "ada@example.test"}, custom_only=True)
    assert validated({"plan": "pro"}, custom_only=True) == {"plan": "pro"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=4),
)


@examples(1.2)
@given(raw=JSON)
def test_anything_is_taken_or_refused_and_what_is_taken_can_be_stored(raw: Any) -> None:
    try:
        found = validated(raw)
    except Refused as refused:
        str(refused).encode()
        return
    json.dumps(found, allow_nan=False, ensure_ascii=False).encode()
    assert validated(found) == found


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("pro", "text"),
        ("17", "text"),  # It may be a post code.
        ("true", "text"),
        (17, "number"),
        (0.5, "number"),
        (True, "boolean"),
        ("2026-11-23", "time"),
        ("2026-11-23T10:00", "time"),
        ("2026-11-23 10:00:00.123456+02:00", "time"),
        ("2026-11-23T10:00:00Z", "time"),
        ("2026-11-23T10:00:00+0200", "time"),
        ("2026-02-30", "text"),
        ("2026-11-23T25:00", "text"),
        ("2026-11", "text"),
        ("in 2026-11-23", "text"),
        ("٢٠٢٦-٠١-٠١", "text"),
    ],
)
def test_the_first_value_gives_the_type(value: Any, kind: str) -> None:
    assert guess_type(value) == AttributeType(kind)


def keys(workspace: Workspace, scope: Scope = Scope.PERSON) -> dict[str, str]:
    return dict(Attribute.objects.filter(workspace=workspace, scope=scope).values_list("key", "type"))


def test_new_names_enter_the_catalogue_once(workspace: Workspace) -> None:
    catalogue_keys(workspace.pk, [{"plan": "pro", "age": 36}, {"plan": 5, "vip": True, "default_name": "Ada"}])
    catalogue_keys(workspace.pk, [{"age": "old"}, {"since": "2026-01-01"}])
    assert keys(workspace) == {"plan": "text", "age": "number", "vip": "boolean", "since": "time"}


def test_attributes_of_a_chat_are_another_list(workspace: Workspace, other_workspace: Workspace) -> None:
    catalogue_keys(workspace.pk, [{"plan": "pro"}])
    catalogue_keys(workspace.pk, [{"order": 5}], Scope.SESSION)
    assert keys(workspace) == {"plan": "text"}
    assert keys(workspace, Scope.SESSION) == {"order": "number"}
    assert keys(other_workspace) == {}


def test_a_full_catalogue_takes_no_more_names(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attributes, "MAX_CATALOGUE", 2)
    catalogue_keys(workspace.pk, [{"a": 1, "b": 1}])
    catalogue_keys(workspace.pk, [{"a": 2}])
    with pytest.raises(Refused, match="no more can be added"):
        catalogue_keys(workspace.pk, [{"a": 1, "c": 1}])
    assert keys(workspace) == {"a": "number", "b": "number"}
