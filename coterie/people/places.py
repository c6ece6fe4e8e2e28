"""Languages and countries by one name each, so that `en_US`, `en-GB` and `English` meet in one filter value.

Names are those of the Unicode CLDR in English, through `babel`.
"""

import re
from functools import cache, lru_cache

from babel import Locale

_TAG = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")


@cache
def _english() -> Locale:
    return Locale("en")


@lru_cache(maxsize=1024)
def language_name(text: str) -> str:
    """`English` for `en`, `en-US`, `EN_us`; anything that is no language tag stays what it was."""
    if not _TAG.fullmatch(text):
        return text
    code = re.split("[-_]", text)[0].lower()
    name = _english().languages.get(code)
    return str(name) if name else text


@lru_cache(maxsize=1024)
def country_name(text: str) -> str:
    """`Poland` for `PL` and `pl`; anything that is no two-letter code stays what it was."""
    name = _english().territories.get(text.upper()) if len(text) == 2 else None
    return str(name) if name else text
