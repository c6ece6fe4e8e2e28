"""The formula guard: text that a spreadsheet would run gets an apostrophe in front, and loses it again on import.

Names and attributes are written by strangers, and a cell that begins with `=`, `+`, `-` or `@` (also full-width), TAB,
CR or LF is a formula to a spreadsheet. A value that is a plain number or reads like a phone number is left alone. Text
that already has apostrophes before such a character gets one more, so that taking one away always gives the original.
"""

import re

_STARTERS = "=+-@\t\r\n＝＋－＠"
_CLASS = "[=+\\-@\\t\\r\\n＝＋－＠]"
_DANGEROUS = re.compile(f"'*{_CLASS}")
_GUARDED = re.compile(f"''*{_CLASS}")
# As a pattern of Arrow (RE2): what is kept is the first group.
UNGUARD = f"^'('*{_CLASS})"
_PLAIN = re.compile(r"[+-]?[0-9 ().,-]+")
_FIRST = ", ".join(str(ord(character)) for character in "'" + _STARTERS)


def guard(text: str) -> str:
    """`text` as a harmless cell."""
    return f"'{text}" if _DANGEROUS.match(text) and not _PLAIN.fullmatch(text) else text


def unguard(cell: str) -> str:
    """The text behind a guarded cell; any other cell is returned as it is."""
    return cell[1:] if _GUARDED.match(cell) else cell


def guard_sql(expression: str) -> str:
    """`guard` as a DuckDB expression over a VARCHAR. The first test is one integer and spares nearly all the rest."""
    quoted = "''''"
    return (
        f"CASE WHEN ord({expression}) IN ({_FIRST})"
        f" AND regexp_matches({expression}, '^''*{_CLASS}')"
        f" AND NOT regexp_full_match({expression}, '{_PLAIN.pattern}')"
        f" THEN {quoted} || {expression} ELSE {expression} END"
    )
