"""What strangers write is cleaned once and then stays as it is."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.core.text import clean
from tests.profiles import examples


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("", ""),
        (" \t Ada \r\n", "Ada"),
        ("\u00a0\u2003Ada\u3000", "Ada"),
        ("e\u0301", "é"),
        ("\u212b", "Å"),
        ("\u212a", "K"),
        ("a\x00b", "a\ufffdb"),
        ("\x00", "\ufffd"),
        ("a\ud800b\udfff", "a\ufffdb\ufffd"),
        ("two\nlines", "two\nlines"),
        ("ﬁ ẞ İ", "ﬁ ẞ İ"),
        ("\u200fשלום", "\u200fשלום"),
        ("👩‍👩‍👧", "👩‍👩‍👧"),
    ],
)
def test_text_is_composed_trimmed_and_can_be_stored(raw: str, cleaned: str) -> None:
    assert clean(raw) == cleaned


@examples(2)
@given(raw=st.text(st.characters()))
def test_cleaning_again_changes_nothing(raw: str) -> None:
    once = clean(raw)
    assert clean(once) == once == unicodedata.normalize("NFC", once) == once.strip()
    assert "\x00" not in once
    assert once.encode().decode() == once
