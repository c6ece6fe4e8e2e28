"""Ids: never twice, in the order of time, with a public form that notices a mistake."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.core import ids
from coterie.core.ids import from_public, new_id, new_ids, to_public
from tests.conftest import ROOT
from tests.profiles import examples

LAST = 2**63 - 1


def test_ids_ascend() -> None:
    found = [new_id() for _ in range(10_000)]
    assert found == sorted(set(found))
    assert all(0 < row_id <= LAST for row_id in found)


def test_a_big_set_of_ids_is_unique_and_ascends() -> None:
    found = [*new_ids(50_000), *new_ids(3), new_id()]
    assert found == sorted(set(found))
    assert new_ids(0) == []


def test_threads_never_get_the_same_id() -> None:
    with ThreadPoolExecutor(8) as pool:
        found = [
            row_id
            for chunk in pool.map(lambda size: [*new_ids(size), new_id()], [1, 700, 5_000] * 20)
            for row_id in chunk
        ]
    assert len(found) == len(set(found))


def test_ids_are_in_the_order_of_time_between_processes() -> None:
    # A burst before this may have borrowed milliseconds from the future.
    time.sleep(0.2)
    before = new_id()
    code = "import time; time.sleep(0.05); from coterie.core.ids import new_id; print(new_id())"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    time.sleep(0.05)
    assert before < int(other.stdout) < new_id()


def test_a_forked_process_draws_a_tag_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter((5, 6))
    monkeypatch.setattr(ids.secrets, "randbits", lambda bits: next(drawn))
    monkeypatch.setattr(ids, "_process", (0, 0))
    tags = []
    for pid in (100, 101):
        monkeypatch.setattr(os, "getpid", lambda pid=pid: pid)
        tags.append((new_id() >> 12) & 1023)
    assert tags == [5, 6]


def test_the_public_form_is_24_hex_digits_in_the_same_order() -> None:
    found = [to_public(row_id) for row_id in new_ids(1_000)]
    assert found == sorted(found)
    assert all(len(text) == 24 and set(text) <= set("0123456789abcdef") for text in found)


@examples(2)
@given(row_id=st.integers(0, LAST))
def test_the_public_form_leads_back(row_id: int) -> None:
    assert from_public(to_public(row_id)) == row_id
    assert from_public(to_public(row_id).upper()) == row_id


@examples(2)
@given(row_id=st.integers(0, LAST), place=st.integers(0, 23), digit=st.sampled_from("0123456789abcdef"))
def test_a_mistyped_one_is_nobody(row_id: int, place: int, digit: str) -> None:
    text = to_public(row_id)
    mistyped = text[:place] + digit + text[place + 1 :]
    assert from_public(mistyped) == (row_id if mistyped == text else None)
    assert from_public(text[::-1]) in (None, row_id)


@examples(2)
@given(text=st.text(max_size=30) | st.text("0123456789abcdefABCDEF+-_ x", min_size=24, max_size=24))
def test_any_text_is_nobody(text: str) -> None:
    assert from_public(text) is None


@pytest.mark.parametrize("row_id", [-1, -5, 2**63, 2**64 - 1])
def test_no_id_lies_outside_its_range(row_id: int) -> None:
    assert from_public(to_public(row_id)) is None
