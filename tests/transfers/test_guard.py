"""No cell is a formula, and nothing is lost."""

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.transfers.guard import guard, guard_sql, unguard

TEXTS = st.text(st.sampled_from("'=+-@\t\r\n＝＋－＠ 0123.,()aż\"\\;")) | st.text()


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd", "-2+3=", "@SUM(A1)", "\t=1", "\rx", "\nx", "＝1", "＋x", "－x", "＠x", "-x", "'=1", "''+x"]
)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text):
    assert guard(text) == f"'{text}"


@pytest.mark.parametrize(
    "text", ["", "-5", "+48 601 123 456", "-1.5", "+1 (212) 555-0100", "O'Neil", "'quoted'", "a=b"]
)
def test_numbers_phones_and_plain_text_are_left_alone(text):
    assert guard(text) == text


@given(TEXTS)
def test_import_gives_back_what_export_was_given(text):
    assert unguard(guard(text)) == text


@given(TEXTS)
def test_a_guarded_cell_never_starts_a_formula(text):
    cell = guard(text)
    assert cell[:1] not in tuple("=@\t\r\n＝＋－＠") or cell == ""
    if cell[:1] in ("+", "-"):
        assert set(cell) <= set("+-0123456789 ().,")


@given(st.lists(TEXTS.filter(lambda text: "\x00" not in text), min_size=1, max_size=50))
def test_the_database_guards_as_python_does(texts):
    with duckdb.connect() as database:
        rows = database.execute(f"SELECT {guard_sql('t')} FROM (SELECT unnest(?::VARCHAR[]) AS t)", [texts]).fetchall()
    assert [row[0] for row in rows] == [guard(text) for text in texts]
