"""Random filters for property tests, about values that people have, nearly have, or do not have."""

import unicodedata
from collections.abc import Sequence

from hypothesis import strategies as st

from coterie.audience.tree import All, Any, Condition, Node, Not, Search
from tests.audience.population import BOOLEANS, ISO, NUMBERS, TEXTS, TYPES

# Architecture §5: how many values each rule takes.
TEXT = {
    **dict.fromkeys(("is", "is_not", "contains", "not_contains", "starts_with", "ends_with"), "one"),
    **{"any_of": "many", "none_of": "many", "is_set": "none", "is_empty": "none"},
}
NUMBER = {
    **dict.fromkeys(("eq", "ne", "gt", "gte", "lt", "lte"), "one"),
    **{"between": "two", "is_set": "none", "is_empty": "none"},
}
TIME = {
    **dict.fromkeys(("on", "before", "after", "in_last", "not_in_last"), "one"),
    **{"between": "two", "is_set": "none", "is_empty": "none"},
}
RULES = {
    "text": TEXT,
    "number": NUMBER,
    "time": TIME,
    "boolean": {"is_true": "none", "is_false": "none"},
    "segment": {"in": "many", "not_in": "many"},
}
_LETTERS = "aAbBkKiIsSßẞİıΣσςéÉ\u0301\u212a%_\\'\"|:;-+&=#./ 0157😀ש日"


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A text as somebody types it who looks for one of the texts there are."""
    if draw(st.integers(0, 4)) == 0:
        found = draw(st.text(_LETTERS, min_size=1, max_size=6))
    else:
        found = draw(st.sampled_from(TEXTS))
        start = draw(st.integers(0, len(found) - 1)) if draw(st.booleans()) else 0
        found = found[start : start + draw(st.integers(1, len(found)))] if draw(st.booleans()) else found[start:]
    change = draw(
        st.sampled_from(
            (
                str,
                str.upper,
                str.lower,
                str.swapcase,
                lambda text: unicodedata.normalize("NFD", text),
                lambda text: f" {text}\t",
            )
        )
    )
    changed: str = change(found)
    return changed if changed.strip() else "x"


_NUMERIC = [str(value) for value in NUMBERS if not isinstance(value, bool) and str(value)[-1:].isdigit()]
_NUMERIC = [text for text in _NUMERIC if all(sign in "0123456789.+-e" for sign in text) and text not in ("--1", "1-1")]
_AMOUNTS = st.builds(
    "{} {}".format,
    st.sampled_from((0, 1, 2, 7, 12, 30)) | st.integers(0, 70),
    st.sampled_from(("minutes", "hours", "days", "weeks", "months", "day", "month", "months")),
)


@st.composite
def conditions(draw: st.DrawFn, segments: Sequence[str], types: dict[str, str] = TYPES) -> Condition:
    """One condition that is right."""
    attribute = draw(st.sampled_from(sorted(types)))
    kind = types[attribute]
    rule = draw(st.sampled_from(sorted(RULES[kind])))
    arity = RULES[kind][rule]
    values = {
        "text": texts(),
        "number": st.sampled_from(_NUMERIC) | st.integers(-3, 20).map(str) | st.just(" 17 "),
        "time": _AMOUNTS if rule in ("in_last", "not_in_last") else st.sampled_from(ISO),
        "boolean": st.sampled_from([str(value) for value in BOOLEANS]),
        "segment": st.sampled_from(list(segments)),
    }[kind]
    least, most = {"none": (0, 0), "one": (1, 1), "two": (2, 2), "many": (1, 5)}[arity]
    return Condition(attribute, rule, tuple(draw(st.lists(values, min_size=least, max_size=most))))


def trees(segments: Sequence[str], depth: int = 4) -> st.SearchStrategy[Node]:
    """A tree of that depth or less."""
    leaf: st.SearchStrategy[Node] = conditions(segments) | st.builds(Search, texts())
    tree = leaf
    for _ in range(depth - 1):
        children = st.lists(tree, max_size=3).map(tuple)
        tree = leaf | st.builds(All, children) | st.builds(Any, children) | st.builds(Not, tree)
    return tree
