"""What a cell of a workbook says: numbers, times by their format, texts."""

import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache

# The numbers of Excel's own formats of dates and times.
_DATES = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
_NO_CODES = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!(?:h|hh|m|mm|s|ss)\])[^\]]*\]', re.IGNORECASE)
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_ZERO, _ZERO_1904 = dt.datetime(1899, 12, 30), dt.datetime(1904, 1, 1)
# Beyond this, a floating-point number is no exact whole number any more.
_EXACT = 1e15


@dataclass(frozen=True, slots=True)
class Styles:
    """Which of the workbook's cell formats show a number as a date or time, and from which day it counts."""

    dates: frozenset[str] = frozenset()
    from_1904: bool = False


def is_date(number: int, code: str | None) -> bool:
    """Whether a number format is one of dates or times."""
    if code is None:
        return number in _DATES
    return any(letter in "dmyhs" for letter in _NO_CODES.sub("", code).lower() if code.lower() != "general")


@lru_cache(maxsize=4096)
def column_of(letters: str) -> int:
    """0 for `A`, 26 for `AA`."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - 64
    return index - 1


def number(text: str, style: str | None, styles: Styles) -> str:
    """A number as text: `12`, `0.5`; a date `2026-11-25`, a time `2026-11-25T17:40:00.123Z`."""
    if style in styles.dates:
        return _time(text, styles)
    if "." not in text and "E" not in text and "e" not in text:
        return text
    value = float(text)
    return str(int(value)) if value.is_integer() and abs(value) < _EXACT else repr(value)


def _time(text: str, styles: Styles) -> str:
    value = float(text)
    try:
        moment = (_ZERO_1904 if styles.from_1904 else _ZERO) + dt.timedelta(milliseconds=round(value * 86_400_000))
    except OverflowError:
        return text
    if 0 <= value < 1:
        return moment.time().isoformat("seconds")
    if value.is_integer():
        return moment.date().isoformat()
    return moment.isoformat(timespec="milliseconds") + "Z"


def unescaped(text: str) -> str:
    """A text with `_x000D_` and the like as what they stand for."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text
