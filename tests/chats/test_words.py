"""Words of a text, what is searched for, and what is marked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.chats.words import LONGEST, Sought, marks, matches, sought, words


def marked(text: str, query: str) -> list[str]:
    wanted = sought(query)
    assert wanted is not None
    return [text[start:end] for start, end in marks(text, wanted)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Where is my order?", ["where", "is", "my", "order"]),
        ("FH-20418, please", ["fh", "20418", "please"]),
        ("¿Cuál es el número?", ["cual", "es", "el", "numero"]),
        ("STRASSE straße", ["strasse", "strasse"]),
        ("Где мой заказ", ["где", "мои", "заказ"]),
        ("注文はどこ", ["注", "文", "は", "ど", "こ"]),
        ("yes 👍🏽", ["yes", "👍", "🏽"]),
        ('a_b\' OR "c" --', ["a", "b", "or", "c"]),
        ("⑴ ½", ["1", "1⁄2"]),
        ("", []),
    ],
)
def test_words_are_runs_of_letters_and_digits_without_case_and_accents(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_a_long_word_is_cut() -> None:
    assert words("a" * 10_000) == ["a" * LONGEST]
    assert words("ä" * 10_000) == ["a" * LONGEST]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("order", Sought((("order",),), open=True)),
        ("my order", Sought((("my",), ("order",)), open=True)),
        ("or", Sought((("or",),))),
        ('"my order"', Sought((("my", "order"),))),
        ("“my order” late", Sought((("my", "order"), ("late",)), open=True)),
        ("FH-20418", Sought((("fh", "20418"),), open=True)),
        ('un"closed quote', Sought((("un", "closed"), ("quote",)), open=True)),
        (
            "NEAR(a b) -c a* col:x AND",
            Sought((("near", "a"), ("b",), ("c",), ("a",), ("col", "x"), ("and",)), open=True),
        ),
        ("***", None),
        ('""', None),
    ],
)
def test_whatever_is_asked_for_is_words(query: str, expected: Sought | None) -> None:
    assert sought(query) == expected


def test_all_words_are_marked_where_they_are() -> None:
    assert marked("My order: order 7, ORDERED", "order") == ["order", "order", "ORDERED"]
    assert marked("el número de pedido", "numero") == ["número"]
    assert marked("I have my own order, my order", '"my order"') == ["my order"]


def test_nothing_is_marked_unless_all_of_it_is_there() -> None:
    assert marked("my order", "order refund") == []


def test_marks_never_overlap() -> None:
    assert marked("order order order", '"order order" order') == ["order order order"]


@given(st.text(), st.text())
def test_marking_agrees_with_matching(text: str, query: str) -> None:
    wanted = sought(query)
    if wanted is not None:
        assert bool(marks(text, wanted)) == matches(text, wanted)


@given(st.text())
def test_a_word_never_needs_quoting(text: str) -> None:
    for word in words(text):
        assert word
        assert all(sign.isalnum() for sign in word if sign.isascii())


@given(st.text(min_size=1))
def test_every_text_with_a_word_finds_itself(text: str) -> None:
    wanted = sought(f'"{text.replace(chr(34), " ")}"')
    if wanted is not None:
        assert matches(text, wanted)
