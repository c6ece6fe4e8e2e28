"""Languages and countries by one name each, so that `en_US`, `en-GB` and `English` meet in one filter value.

Names are those of the Unicode CLDR in English, through `babel`. What is understood: tags (`pt-BR`, `en_US.UTF-8`, the
first of a browser's list), codes of two and three letters, retired codes, the locales that Facebook made up, names in
the languages of the widget, and a few names that people use and CLDR does not. Anything else stays what it was.
"""

import re
from collections.abc import Callable, Sequence
from functools import cache, lru_cache

from babel import Locale
from babel.core import get_global

_TAG = re.compile(r"([A-Za-z]{2,3})([-_][A-Za-z0-9]{1,8})*")
# What may stand behind a tag: an encoding, a variant, further choices of a browser.
_TAIL = re.compile(r"\s*[.@,;].*", re.DOTALL)
_LANGUAGES_OF_NAMES = ("en", "de", "es", "fr", "pl")
# Facebook's inventions by their whole tag or their language, and what else is one language to people.
_TAGS = {"es_la": "es", "zz_tr": "zza", "sz_pl": "szl", "tz_ma": "zgh", "cx_ph": "ceb", "ck_us": "chr"}
_CODES = {"fb": "en", "nb": "no"}
_COUNTRIES = {
    "GB": (
        *("UK", "U.K.", "Great Britain", "England", "Scotland", "Wales", "Northern Ireland"),
        "United Kingdom of Great Britain and Northern Ireland",
    ),
    "US": ("U.S.", "U.S.A.", "United States of America", "America"),
    "CZ": ("Czech Republic",),
    "TR": ("Turkey",),
    "NL": ("Holland", "The Netherlands"),
    "RU": ("Russian Federation",),
    "KR": ("Korea", "Republic of Korea", "Korea, Republic of"),
    "KP": ("Korea, Democratic People's Republic of",),
    "VN": ("Viet Nam",),
    "MK": ("Macedonia",),
    "CI": ("Ivory Coast",),
    "MM": ("Myanmar", "Burma"),
    "SZ": ("Swaziland",),
    "HK": ("Hong Kong",),
    "MO": ("Macau", "Macao"),
    "TW": ("Taiwan, Province of China",),
    "CD": ("Democratic Republic of the Congo",),
    "CG": ("Republic of the Congo", "Congo"),
    "IR": ("Iran, Islamic Republic of",),
    "LA": ("Lao People's Democratic Republic",),
    "MD": ("Moldova, Republic of",),
    "SY": ("Syrian Arab Republic",),
    "TZ": ("Tanzania, United Republic of",),
    "BO": ("Bolivia, Plurinational State of",),
    "VE": ("Venezuela, Bolivarian Republic of",),
    "BN": ("Brunei Darussalam",),
    "VA": ("Holy See",),
    "PS": ("Palestine", "Palestine, State of"),
}
# Codes in CLDR's list that are no country: groups of them, tests, and nothing known.
_NO_COUNTRIES = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}


@lru_cache(maxsize=4096)
def language_name(text: str) -> str:
    """`English` for `en`, `en-US`, `EN_us`, `eng`, `Englisch`; anything that is no language stays what it was."""
    tag = _TAIL.sub("", text)
    if found := _TAG.fullmatch(tag):
        code = _TAGS.get(tag.lower().replace("-", "_")) or found[1].lower()
        code = _CODES.get(code, code)
        alias = str(get_global("language_aliases").get(code, code)).partition("_")[0]
        names = _english().languages
        if name := names.get(alias) or names.get(code):
            return str(name)
    return _language_names().get(_plain(text), text)


@lru_cache(maxsize=4096)
def country_name(text: str) -> str:
    """`Poland` for `PL`, `pl`, `POL` and `Polska`; anything that is no country stays what it was."""
    names = _english().territories
    if len(text) in (2, 3) and text.isascii() and text.isalpha() and text.upper() not in _NO_COUNTRIES:
        (alias, *others) = get_global("territory_aliases").get(text.upper(), [text.upper()])
        if not others and (name := names.get(alias)):
            return str(name)
    return _country_names().get(_plain(text), text)


# The attributes that have one name for each thing, and how it is found.
ONE_NAME: dict[str, Callable[[str], str]] = {"default_language": language_name, "default_country": country_name}


def meant(key: str, values: Sequence[str]) -> list[str]:
    """The values of a filter on this attribute, and the names of what they mean: `en-GB` also finds *English*."""
    name = ONE_NAME.get(key)
    return list(values) if name is None else list(dict.fromkeys([*values, *map(name, values)]))


@cache
def _english() -> Locale:
    return Locale("en")


@cache
def _language_names() -> dict[str, str]:
    """Every name of a language, plain → its English one; “British English” is English."""
    english = _english().languages
    found: dict[str, str] = {}
    for locale in map(Locale, _LANGUAGES_OF_NAMES):
        for code, name in locale.languages.items():
            # `no` and `nb` are one, and are called alike.
            base = _CODES.get(code.partition("_")[0], code.partition("_")[0])
            if base in english:
                found.setdefault(_plain(name), str(english[base]))
    return found


@cache
def _country_names() -> dict[str, str]:
    english = _english().territories
    codes = [code for code in map(str, english) if len(code) == 2 and code not in _NO_COUNTRIES]
    found = {_plain(name): str(english[code]) for code, names in _COUNTRIES.items() for name in names}
    for locale in map(Locale, _LANGUAGES_OF_NAMES):
        for code in codes:
            if name := locale.territories.get(code):
                found.setdefault(_plain(name), str(english[code]))
    return found


def _plain(text: str) -> str:
    """How names are compared: without case, and `&` is `and`."""
    return " ".join(text.casefold().replace("&", " and ").replace("’", "'").split())
