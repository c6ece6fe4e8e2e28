"""Totals: exact on every page, and unknown when counting takes too long."""

import datetime as dt
import time
from dataclasses import replace

import duckdb
import pytest

from coterie.accounts.models import Workspace
from coterie.audience import query
from coterie.audience.audience import Audience, audience_of
from coterie.audience.compiler import EVERYBODY
from coterie.audience.query import Page
from coterie.audience.tree import Condition
from coterie.audience.turns import hurrying
from coterie.audience.view import View
from coterie.core.clock import now
from coterie.core.ids import new_ids
from coterie.journal.commit import commit
from coterie.people.changes import create_people
from coterie.people.models import Person

# Counted by the replica, which holds the same people on every database.
pytestmark = pytest.mark.one_database
LIMIT = 100
_SIZES = (101, 200, 2_001)


@pytest.fixture(scope="module")
def many(database: str) -> Audience:
    """Cities of 101, 200 and 2,001 people."""
    workspace = Workspace.objects.create(name="Cities")
    moment = now()
    people = [
        Person(
            id=row_id,
            user_id=f"u{row_id}",
            attributes={"default_city": str(size)},
            created_at=moment,
            # Some talked in the same second, some never.
            last_seen=moment - dt.timedelta(seconds=number // 3) if number % 10 else None,
        )
        for size in _SIZES
        for number, row_id in enumerate(new_ids(size))
    ]
    commit(workspace.pk, "test", lambda tx: create_people(tx, people))
    return audience_of(workspace)


def walk(audience: Audience, view: View, back: bool = False) -> list[Page]:
    pages = [audience.page(view, LIMIT)]
    while (cursor := pages[-1].previous if back else pages[-1].next) is not None and (not back or pages[-1].first > 1):
        step = {"before": cursor} if back else {"after": cursor}
        pages.append(audience.page(View(view.match, view.children, view.sort, **step), LIMIT))
    return pages


@pytest.mark.parametrize("size", _SIZES)
def test_the_total_is_right_on_every_page_in_both_directions(many: Audience, size: int) -> None:
    view = View(children=(Condition("default_city", "is", (str(size),)),))
    forth = walk(many, view)
    assert {page.total for page in forth} == {size}
    assert [page.first for page in forth] == list(range(1, size + 1, LIMIT))
    ids = [row.id for page in forth for row in page.rows]
    assert len(ids) == len(set(ids)) == size
    back = walk(many, View(view.match, view.children, view.sort, before=forth[-1].previous), back=True)
    assert {page.total for page in back} == {size}
    assert [row.id for page in reversed(back) for row in page.rows] == ids[: -len(forth[-1].rows)]
    assert [page.first for page in reversed(back)] == [page.first for page in forth[:-1]]


@pytest.mark.parametrize("size", _SIZES)
def test_a_page_of_everybody_is_one_page(many: Audience, size: int) -> None:
    view = View(children=(Condition("default_city", "is", (str(size),)),))
    page = many.page(view, size)
    assert (len(page.rows), page.total, page.next, page.previous) == (size, size, None, None)
    assert many.page(view, size - 1).next is not None


@pytest.mark.parametrize("size", [None, *_SIZES])
def test_without_counting_it_is_the_same_page(many: Audience, size: int | None) -> None:
    node = size and Condition("default_city", "is", (str(size),))
    predicate, view = many.predicate(node), View(children=(node,) if node else ())
    page = many.ask(lambda reader: query.page(reader, predicate, view, many.catalogue, 50, counting=False))
    assert page == replace(many.page(view, 50), total=None)


def test_a_question_that_takes_too_long_is_interrupted(many: Audience) -> None:
    pairs = "SELECT count(*) FROM people p, people a, people b WHERE a.id + b.id > p.id"
    begun = time.monotonic()
    with pytest.raises(duckdb.InterruptException):
        many.ask(hurrying(lambda reader: reader.execute(pairs).fetchall(), 0.05))
    assert time.monotonic() - begun < 5


def test_a_question_in_good_time_is_answered(many: Audience) -> None:
    assert many.ask(hurrying(lambda reader: query.count(reader, EVERYBODY), 30)) == sum(_SIZES)
