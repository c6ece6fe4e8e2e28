"""What the replica works out for each person: hashes to look somebody up by, and the number of their segments."""

import random
from dataclasses import replace

import pytest

from coterie.accounts.models import Workspace
from coterie.audience.audience import audience_of
from coterie.audience.tree import Condition
from coterie.audience.view import View
from coterie.core.clock import now
from coterie.core.text import clean
from coterie.journal.commit import commit
from coterie.people.changes import create_people
from coterie.people.models import Person
from coterie.segments.catalogue import create
from coterie.segments.trash import remove, restore
from tests.audience.evaluator import fold
from tests.audience.mirror import add, change, forget
from tests.audience.population import TEXTS, Population
from tests.makers import put_in, take_out

_ODD = [
    clean(text)
    for text in ("ß", "ẞ", "İ", "ı", "Σ", "ς", "σ", "\u212a", "K", "ŉ", "ǰ", "ﬀ", "Ǆ", "ǅ", "ა", "Ა", "𐐀", "𐐨")
]
_CASES = (str, str.upper, str.lower, str.swapcase)


@pytest.mark.one_database
@pytest.mark.parametrize("key", ["default_email", "userId"])
def test_looking_by_hash_finds_whom_the_slow_way_finds(workspace: Workspace, key: str) -> None:
    texts = list(dict.fromkeys(text[:256] for text in [*TEXTS, *_ODD]))  # No user id is longer.
    attributes = [{"default_email": text} if key == "default_email" else {} for text in texts]
    user_ids = [str(number) if key == "default_email" else text for number, text in enumerate(texts)]
    people = [Person(user_id=name, attributes=of) for name, of in zip(user_ids, attributes, strict=True)]
    commit(workspace.pk, "test", lambda tx: create_people(tx, people))
    audience = audience_of(workspace)
    column = audience.catalogue.by_key[key]
    assert column.hash
    wanted = list(dict.fromkeys(clean(change_case(text)) for text in texts for change_case in _CASES))
    slowly = (
        "SELECT w, list(p.id ORDER BY p.id) FROM (SELECT unnest(?::VARCHAR[]) AS w)"
        f" JOIN people p ON lower({column.sql}) = lower(w) GROUP BY w"
    )
    slow = dict(audience.ask(lambda reader: reader.execute(slowly, [wanted]).fetchall()))
    for text in wanted:
        fast = audience.matching_ids(Condition(key, "is", (text,)))
        assert fast == slow.get(text, [])
        in_python = zip(people, texts, strict=True)
        assert fast == sorted(person.id for person, other in in_python if fold(other) == fold(text))


@pytest.mark.one_database
def test_any_of_several_is_looked_up_too(population: Population) -> None:
    audience = audience_of(population.workspace)
    wanted = tuple(person.user_id.upper() for person in population.people[:50])
    found = audience.matching_ids(Condition("userId", "any_of", wanted))
    folded = {fold(text) for text in wanted}
    assert found == sorted(person.id for person in population.people if fold(person.user_id) in folded)


def numbers(workspace: Workspace) -> dict[int, int]:
    """The column by which the list is sorted."""
    audience = audience_of(workspace)
    return dict(audience.ask(lambda reader: reader.execute("SELECT id, segments FROM people").fetchall()))


def test_the_number_of_segments_follows_joins_and_other_changes(workspace: Workspace) -> None:
    ids = add(workspace, 30)
    assert set(numbers(workspace).values()) == {0}
    chance, expected = random.Random(3), dict.fromkeys(ids, 0)
    for number in range(5):
        segment = create(workspace, f"Segment {number}", "test").id
        inside = chance.sample(ids, 10 + number)
        put_in(workspace, "test", [segment], inside)
        put_in(workspace, "test", [segment], inside[:3])  # Once more: they are in it already.
        for row_id in inside:
            expected[row_id] += 1
        change(
            workspace, inside[0], lambda people, person, value=f"x{number}": people.set(person, {"plan": value}, now())
        )
        assert numbers(workspace) == expected
    take_out(workspace, "test", [segment], inside[:5])
    for row_id in inside[:5]:
        expected[row_id] -= 1
    assert numbers(workspace) == expected
    forget(workspace, ids[0])
    del expected[ids[0]]
    assert numbers(workspace) == expected
    audience_of(workspace).replica.repair()
    assert numbers(workspace) == expected


def test_sorting_by_segments_goes_by_their_number(workspace: Workspace) -> None:
    ids = add(workspace, 12)
    for number in range(4):
        put_in(workspace, "test", [create(workspace, f"S{number}", "test").id], ids[: 3 * number + 1])
    audience = audience_of(workspace)
    rows = audience.page(View(sort="-segment"), 50).rows
    assert [len(row.segments) for row in rows] == sorted((len(row.segments) for row in rows), reverse=True)
    assert audience.page(View(sort="segment"), 50).rows == list(reversed(rows))


@pytest.mark.parametrize("sort", ["segment", "-segment"])
def test_sorting_by_segments_does_not_count_those_in_the_trash(workspace: Workspace, sort: str) -> None:
    ids = add(workspace, 12)
    segments = [create(workspace, f"S{number}", "test") for number in range(4)]
    for number, segment in enumerate(segments):
        put_in(workspace, "test", [segment.id], ids[: 3 * number + 1])
    for segment in segments[2:]:
        remove(workspace, segment, "test")
    expected = [sum(place < 3 * number + 1 for number in range(2)) for place in range(12)]
    audience, view, found = audience_of(workspace), View(sort=sort), []
    while True:  # Page by page, so that the cursors are asked, too.
        page = audience.page(view, 5)
        found += [row.id for row in page.rows]
        if page.next is None:
            break
        view = replace(view, after=page.next)
    assert sorted(found) == sorted(ids)
    numbers = [expected[ids.index(row_id)] for row_id in found]
    assert numbers == sorted(numbers, reverse=sort.startswith("-"))
    restore(workspace, segments[3], "test")
    first = audience_of(workspace).page(View(sort="-segment"), 1).rows[0]
    assert first.id == ids[0]
