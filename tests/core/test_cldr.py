"""Languages and countries by one name each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.core.cldr import ONE_NAME, country_name, language_name, meant


@pytest.mark.parametrize(
    "text",
    [
        *("en", "en-US", "en_GB", "EN", "en-Latn-US", "eng", "en_US.UTF-8", "en-GB,en;q=0.9,de;q=0.8", "en_US@euro"),
        *("English", "ENGLISH", "Englisch", "anglais", "inglés", "angielski"),
        *("American English", "British English", "en_UD", "en_PI", "fb_LT"),
    ],
)
def test_every_tag_and_name_of_a_language_is_its_name(text):
    assert language_name(text) == "English"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("iw", "Hebrew"),
        ("ji", "Yiddish"),
        ("in_ID", "Indonesian"),
        ("tl_PH", "Filipino"),
        ("nb-NO", "Norwegian"),
        ("no", "Norwegian"),
        ("zh-TW", "Chinese"),
        ("zh-Hans-CN", "Chinese"),
        ("es_LA", "Spanish"),
        ("ar_AR", "Arabic"),
        ("cx_PH", "Cebuano"),
        ("sz_PL", "Silesian"),
        ("ja_KS", "Japanese"),
        ("Deutsch", "German"),
    ],
)
def test_retired_and_invented_tags_are_understood(text, name):
    assert language_name(text) == name


@pytest.mark.parametrize(
    "text", ["", "x", "zz", "en us", "e n", "1", "en--US", "日本語", "'; --", "en\x00", "Klingonish"]
)
def test_what_is_no_language_stays(text):
    assert language_name(text) == text


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("PL", "Poland"),
        ("pl", "Poland"),
        ("POL", "Poland"),
        ("Polska", "Poland"),
        ("poland", "Poland"),
        ("US", "United States"),
        ("USA", "United States"),
        ("United States of America", "United States"),
        ("Vereinigte Staaten", "United States"),
        ("UK", "United Kingdom"),
        ("Great Britain", "United Kingdom"),
        ("Turkey", "Türkiye"),
        ("Czech Republic", "Czechia"),
        ("XK", "Kosovo"),
        ("Bosnia and Herzegovina", "Bosnia & Herzegovina"),
        ("Hong Kong", "Hong Kong SAR China"),
    ],
)
def test_every_code_and_name_of_a_country_is_its_name(text, name):
    assert country_name(text) == name


@pytest.mark.parametrize("text", ["", "P", "QQ", "1", "ßß", "日本", "ZZ", "EU", "AN", "Atlantis", "419"])
def test_what_is_no_country_stays(text):
    assert country_name(text) == text


@given(st.sampled_from(sorted(ONE_NAME)), st.text(max_size=40))
def test_a_name_is_its_own_name(key, text):
    name = ONE_NAME[key]
    assert name(name(text)) == name(text)


def test_a_filter_finds_what_was_stored_as_written_and_by_its_name():
    assert meant("default_language", ["en-GB"]) == ["en-GB", "English"]
    assert meant("default_language", ["English"]) == ["English"]
    assert meant("default_city", ["en"]) == ["en"]
