"""Pages of the list: everybody exactly once, in order, with the exact total, also while people arrive."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from coterie.accounts.models import Workspace
from coterie.audience.audience import Audience, audience_of
from coterie.audience.query import Page
from coterie.audience.tree import Condition
from coterie.audience.view import View
from coterie.core.clock import now
from coterie.core.ids import new_ids
from coterie.journal.commit import commit
from coterie.people.changes import People, create_people
from coterie.people.models import Person
from tests.audience.evaluator import fold
from tests.audience.population import TYPES, Population

SORTS = [name for key in sorted({*TYPES, "default_location"}) for name in (key, f"-{key}")]
# The replica sorts, and the database has the rows by their ids: a few orders are enough for the other databases.
_EVERYWHERE = ("createdAt", "-lastSeen", "default_name", "-segment")
LIMIT = 61


def pages(audience: Audience, view: View, limit: int = 7) -> Iterator[Page]:
    """All pages forward, each through the URL of the one before."""
    while True:
        parsed = audience.parse(view.query)
        assert parsed.problems == ()
        page = audience.page(parsed.view, limit)
        yield page
        if page.next is None:
            return
        view = replace(view, after=page.next)


def ids(found: Iterator[Page] | list[Page]) -> list[int]:
    return [row.id for page in found for row in page.rows]


@pytest.fixture(
    scope="module",
    params=[pytest.param(sort, marks=() if sort in _EVERYWHERE else pytest.mark.one_database) for sort in SORTS],
)
def walked(request: pytest.FixtureRequest, population: Population) -> tuple[str, list[Page]]:
    """An order, and all pages in it."""
    return request.param, list(pages(audience_of(population.workspace), View(sort=request.param), LIMIT))


def test_all_pages_show_everybody_once(population: Population, walked: tuple[str, list[Page]]) -> None:
    sort, found = walked
    assert sorted(ids(found)) == sorted(person.id for person in population.people)
    # One big page is the same list.
    assert ids(found) == ids([audience_of(population.workspace).page(View(sort=sort), 1_000)])
    assert {page.total for page in found} == {len(population.people)}
    assert [page.first for page in found] == list(range(1, len(population.people) + 1, LIMIT))


def test_the_way_back_shows_the_same_pages(population: Population, walked: tuple[str, list[Page]]) -> None:
    sort, forward = walked
    audience = audience_of(population.workspace)
    page, back = forward[-1], [forward[-1]]
    while page.previous is not None and page.first > 1:
        view = audience.parse(f"sort={quote(sort, safe='')}&before={page.previous.encode()}").view
        page = audience.page(view, LIMIT)
        back.append(page)
    assert [row.id for page in reversed(back) for row in page.rows] == ids(forward)
    assert [page.first for page in reversed(back)] == [page.first for page in forward]


ORDER: dict[str, Callable[[Any], Any]] = {
    "lastSeen": lambda row: row.last_seen,
    "createdAt": lambda row: row.created_at,
    "chats": lambda row: row.chats,
    "default_name": lambda row: fold(row.attributes.get("default_name", "")) or None,
    "userId": lambda row: fold(row.user_id),
}


@pytest.mark.parametrize("key", ORDER)
def test_values_are_in_order_and_missing_ones_last(population: Population, key: str) -> None:
    audience = audience_of(population.workspace)
    for descending in (False, True):
        rows = audience.page(View(sort=f"-{key}" if descending else key), 1_000).rows
        values = [(ORDER[key](row), row.id) for row in rows]
        there = [value for value in values if value[0] is not None]
        assert there == sorted(there, reverse=descending)
        assert values[: len(there)] == there


def test_a_filter_narrows_every_page(population: Population) -> None:
    audience = audience_of(population.workspace)
    condition = Condition("score", "is_set")
    view = View(children=(condition,), sort="-score")
    found = list(pages(audience, view))
    assert sorted(ids(found)) == audience.matching_ids(condition)
    assert {page.total for page in found} == {audience.count(condition)}


def test_the_first_page_has_no_previous_and_the_last_no_next(population: Population) -> None:
    found = list(pages(audience_of(population.workspace), View(), 100))
    assert found[0].previous is None
    assert found[-1].next is None
    assert all(page.next and page.previous for page in found[1:-1])


def test_nobody_is_a_page_too(workspace: Workspace) -> None:
    page = audience_of(workspace).page(View(), 50)
    assert (page.rows, page.total, page.first, page.next, page.previous) == ([], 0, 0, None, None)


def arrive(workspace: Workspace, moments: list[dt.datetime]) -> list[int]:
    people = [
        Person(id=row_id, user_id=f"u{row_id}", created_at=moment, last_seen=moment)
        for row_id, moment in zip(new_ids(len(moments)), moments, strict=True)
    ]
    commit(workspace.pk, "test", lambda tx: create_people(tx, people))
    return [person.id for person in people]


@pytest.mark.parametrize("sort", ["createdAt", "-createdAt"])
def test_nobody_is_skipped_or_doubled_while_people_arrive(workspace: Workspace, sort: str) -> None:
    start = now() - dt.timedelta(days=1)
    # Several share a moment, so that the order needs the id as well.
    there = arrive(workspace, [start + dt.timedelta(seconds=number // 3) for number in range(100)])
    seen: list[int] = []
    for number, page in enumerate(pages(audience_of(workspace), View(sort=sort))):
        seen += [row.id for row in page.rows]
        arrive(workspace, [start + dt.timedelta(seconds=number * 2), start - dt.timedelta(days=1), now()])
        assert number < 200
        if len(set(there) - set(seen)) == 0:
            break
    assert len(seen) == len(set(seen))
    assert set(there) <= set(seen)


def test_whoever_talks_meanwhile_is_listed_first_and_nobody_else_moves(workspace: Workspace) -> None:
    start = now() - dt.timedelta(days=1)
    there = arrive(workspace, [start + dt.timedelta(seconds=number) for number in range(30)])
    audience = audience_of(workspace)
    first = audience.page(View(), 10)
    talking = first.rows[5].id

    def talk(tx: Any) -> None:
        people = People.lock(tx, [talking])
        people.seen(people[talking], now())
        people.save()

    commit(workspace.pk, "test", talk)
    second = audience.page(View(after=first.next), 10)
    assert ids([second]) == list(reversed(there))[10:20]
    assert audience.page(View(), 10).rows[0].id == talking


def test_going_back_past_the_start_shows_the_first_page(workspace: Workspace) -> None:
    start = now() - dt.timedelta(days=1)
    arrive(workspace, [start + dt.timedelta(seconds=number) for number in range(25)])
    audience = audience_of(workspace)
    second = audience.page(View(after=audience.page(View(), 10).next), 10)
    newest = arrive(workspace, [now(), now(), now()])
    back = audience.page(View(before=second.previous), 10)
    # The ten before; the three that came since are one more page back.
    assert len(back.rows) == 10
    start_again = audience.page(View(before=back.previous), 10)
    assert set(newest) <= {row.id for row in start_again.rows}
    assert (start_again.first, start_again.previous) == (1, None)
