"""From the cells of a chunk to values, column by column: as DuckDB expressions over the table `chunk`.

`chunk` has a column `line` and one per attribute: `t0`, `t1` … in the order of `keys`, cleaned texts or NULL.
"""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from coterie.audience.columns import DEFAULT_KEYS, Type
from coterie.core.cldr import ONE_NAME
from coterie.core.clock import EARLIEST
from coterie.people.attributes import MAX_NAME, MAX_VALUE
from coterie.transfers.guard import UNGUARD

MAX_USER_ID = 256
TIMES = ("createdAt", "lastSeen")
# A number as computers write it. 007 and 00-123 are none: they may be post codes.
_NUMBER = r"-?(0|[1-9][0-9]{0,39})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?"
_BIGGEST = 1 << 63
_DAY_FIRST = r"^([0-9]{1,2})[./-]([0-9]{1,2})[./-]([0-9]{4})"


def cleaned(cells: pa.Array, guarded: bool) -> pa.Array:
    """Cells as values are stored (see `core.text.clean`), without their guards; NULL for an empty one."""
    if guarded and pc.any(pc.starts_with(cells, "'")).as_py():
        cells = pc.replace_substring_regex(cells, UNGUARD, r"\1")
    if pc.any(pc.match_substring(cells, "\x00")).as_py():
        cells = pc.replace_substring(cells, "\x00", "\ufffd")
    if not pc.all(pc.string_is_ascii(cells), skip_nulls=True).as_py():
        cells = pc.utf8_normalize(cells, "NFC")
    cells = pc.utf8_trim_whitespace(cells)
    return pc.if_else(pc.equal(cells, ""), pa.scalar(None, pa.string()), cells)


def named(key: str, cells: pa.Array) -> pa.Array:
    """Languages and countries under the one name that each is stored by; everything else as it is."""
    if key not in ONE_NAME:
        return cells
    encoded = cells.dictionary_encode()
    names = [None if one is None else ONE_NAME[key](one) for one in encoded.dictionary.to_pylist()]
    return pa.array(names, pa.string()).take(encoded.indices)


def fragment(text: str, key: str, type_: Type | None) -> str:
    """The value as JSON: numbers and booleans of attributes that have them, everything else as a text."""
    quoted = f"to_json({text})::VARCHAR"
    if key in DEFAULT_KEYS:
        return quoted
    if type_ == Type.BOOLEAN:
        return f"CASE WHEN lower({text}) IN ('true', 'false') THEN lower({text}) ELSE {quoted} END"
    if type_ == Type.NUMBER:
        return f"CASE WHEN {is_number(text)} THEN {text} ELSE {quoted} END"
    return quoted


def is_number(text: str) -> str:
    """Whether a text becomes a number, rather than staying what it is."""
    return f"(regexp_full_match({text}, '{_NUMBER}') AND abs(try_cast({text} AS DOUBLE)) < {_BIGGEST})"


def moment(text: str, dates: str | None) -> str:
    """The time as a UTC timestamp in milliseconds; NULL when it is none. `dates`: what 03/04/2024 means."""
    if dates:
        order = r"\3-\2-\1" if dates == "dmy" else r"\3-\1-\2"
        text = f"regexp_replace({text}, '{_DAY_FIRST}', '{order}')"
    time = f"try_cast({text} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'"
    return f"CASE WHEN regexp_matches({text}, '^[0-9]{{4}}-') THEN date_trunc('millisecond', {time}) END"


def problem(texts: dict[str, str], dates: str | None) -> str:
    """What is wrong with a row: a text that begins with the attribute, or NULL."""
    cases: list[str] = []
    for key, text in texts.items():
        if key in TIMES:
            cases += _time_problems(key, text, dates)
        else:
            longest = {"userId": MAX_USER_ID, "default_name": MAX_NAME}.get(key, MAX_VALUE)
            words = (
                _literal(f"{key}: ")
                + " || format('{:,}', length("
                + text
                + f")) || ' characters; at most {longest:,}.'"
            )
            # Bytes first: hardly a value has so many.
            cases.append(f"WHEN strlen({text}) > {longest} AND length({text}) > {longest} THEN {words}")
    nobody = " AND ".join(f"{texts[key]} IS NULL" for key in ("userId", "default_email") if key in texts)
    cases.append(f"WHEN {nobody} THEN 'userId: the row has neither a user id nor an e-mail address.'")
    return f"CASE {' '.join(cases)} END"


def _time_problems(key: str, text: str, dates: str | None) -> Sequence[str]:
    value, shown = moment(text, dates), _literal(f"{key}: “") + f" || left({text}, 100) || "
    # DuckDB writes f'…' in Python's braces only in format(), so these are plain texts.
    unclear = (
        f"WHEN regexp_matches({text}, '{_DAY_FIRST}')"
        f" THEN {shown} '” is the day or the month first? Say so with the order of dates.'"
    )
    return [
        *([] if dates else [unclear]),
        f"WHEN {text} IS NOT NULL AND ({value}) IS NULL THEN {shown} '” is not a time such as 2026-11-23T17:40:00Z.'",
        f"WHEN ({value}) < TIMESTAMP '{EARLIEST:%Y-%m-%d}' THEN {shown} '” is before the year 2000.'",
    ]


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
