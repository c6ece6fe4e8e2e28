"""Totals: exact around the number from which people are many, and unknown when counting takes too long."""

import datetime as dt

import pytest

from coterie.accounts.models import Workspace
from coterie.audience import query
from coterie.audience.audience import Audience, audience_of
from coterie.audience.compiler import EVERYBODY
from coterie.audience.query import Page
from coterie.audience.tree import Condition
from coterie.audience.view import View
from coterie.core.clock import now
from coterie.core.ids import new_ids
from coterie.journal.commit import commit
from coterie.people.changes import create_people
from coterie.people.models import Person

LIMIT = 100
_FEW = 2_000
_SIZES = (_FEW - 1, _FEW, _FEW + 1)


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query, "FEW", _FEW)


@pytest.fixture(scope="module")
def many(database: str) -> Audience:
    """Cities of 1,999, 2,000 and 2,001 people."""
    workspace = Workspace.objects.create(name="Around 2,000")
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


def test_out_of_patience_the_page_comes_without_a_total(many: Audience, monkeypatch: pytest.MonkeyPatch) -> None:
    slow(monkeypatch)
    page = many.ask(lambda reader: query.page(reader, EVERYBODY, View(), many.catalogue, 50, 0.01))
    assert page.total is None
    assert len(page.rows) == 50
    assert page.next is not None
    monkeypatch.undo()
    assert many.page(View(), 50).total == sum(_SIZES)


def test_with_enough_patience_the_total_is_there(many: Audience) -> None:
    page = many.ask(lambda reader: query.page(reader, EVERYBODY, View(), many.catalogue, 50, 30))
    assert page.total == sum(_SIZES)


def test_few_people_are_always_counted(many: Audience) -> None:
    predicate = many.predicate(Condition("default_city", "is", (str(_FEW),)))
    page = many.ask(lambda reader: query.page(reader, predicate, View(), many.catalogue, 50, 0))
    assert page.total == _FEW


def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counting looks at every pair of people first."""

    def count(reader, predicate):
        pairs = f"SELECT count(*) FROM people p, people a, people b WHERE {predicate.sql} AND a.id + b.id > p.id"
        found = reader.execute(pairs, [*predicate.params])
        return found.fetchone()[0]

    monkeypatch.setattr(query, "count", count)
