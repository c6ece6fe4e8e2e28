"""Languages and countries by one name each."""

import pytest

from coterie.people.places import country_name, language_name


@pytest.mark.parametrize("text", ["en", "en-US", "en_GB", "EN", "en-Latn-US"])
def test_every_tag_of_a_language_is_its_name(text: str) -> None:
    assert language_name(text) == "English"


@pytest.mark.parametrize("text", ["English", "", "x", "zz", "en us", "e n", "1", "en--US", "日本語", "'; --"])
def test_what_is_no_tag_stays(text: str) -> None:
    assert language_name(text) == text


@pytest.mark.parametrize(("text", "name"), [("PL", "Poland"), ("pl", "Poland"), ("US", "United States")])
def test_a_code_of_a_country_is_its_name(text: str, name: str) -> None:
    assert country_name(text) == name


@pytest.mark.parametrize("text", ["Poland", "", "P", "QQ", "1", "ßß", "日本"])
def test_what_is_no_country_stays(text: str) -> None:
    assert country_name(text) == text
