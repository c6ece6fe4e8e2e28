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
EVERY_RULE = [(kind, rule) for kind, found in RULES.items() for rule in found]
ATTRIBUTES = {kind: sorted(key for key, type_ in TYPES.items() if type_ == kind) for kind in RULES}
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
def conditions(draw: st.DrawFn, segments: Sequence[str], rules: Sequence[tuple[str, str]] = EVERY_RULE) -> Condition:
    """One condition that is right, with one of these rules: each as often, though most attributes are texts."""
    kind, rule = draw(st.sampled_from(rules))
    attribute = draw(st.sampled_from(ATTRIBUTES[kind]))
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


# What a tree is, and how many parts a group has: as often as it stands here; first what a failure is reduced to.
# Few trees are conditions alone, or most of the examples would be.
_FORMS = ("condition", *("all", "any") * 3, "not", "search")
_PARTS = (1, 2, 3, 2, 3, 0)


@st.composite
def trees(draw: st.DrawFn, segments: Sequence[str], depth: int = 4) -> Node:
    """A tree of that depth or less."""
    form = draw(st.sampled_from(_FORMS if depth > 1 else _FORMS[:1]))
    if form == "condition":
        return draw(conditions(segments))
    if form == "search":
        return Search(draw(texts()))
    if form == "not":
        return Not(draw(trees(segments, depth - 1)))
    children = tuple(draw(trees(segments, depth - 1)) for _ in range(draw(st.sampled_from(_PARTS))))
    return All(children) if form == "all" else Any(children)
