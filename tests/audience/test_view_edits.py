"""Edits of a view: it starts again at its first page and keeps everything else."""

from dataclasses import replace

import pytest

from coterie.audience.audience import Audience
from coterie.audience.cursor import Cursor
from coterie.audience.tree import All, Any, Condition, Not, Search
from coterie.audience.view import View
from tests.audience.asking import POLAND

pytestmark = pytest.mark.one_database
BANNED, KNOWN = Condition("banned", "is_true"), Condition("default_email", "is_set")
GROUP = Any((BANNED, KNOWN))
WHOLE = View("any", (POLAND, GROUP), "-chats", search="ada", columns=("plan",))
VIEW = replace(WHOLE, after=Cursor(WHOLE.listing, 5, 1, 50))


@pytest.mark.parametrize(
    ("edited", "children"),
    [
        (VIEW.put(KNOWN), (POLAND, GROUP, KNOWN)),
        (VIEW.put(KNOWN, (0,)), (KNOWN, GROUP)),
        (VIEW.put(POLAND, (1, 1)), (POLAND, Any((BANNED, POLAND)))),
        (VIEW.added(POLAND, (1,)), (POLAND, Any((BANNED, KNOWN, POLAND)))),
        (VIEW.without((0,)), (GROUP,)),
        (VIEW.without((1, 0)), (POLAND, Any((KNOWN,)))),
        (VIEW.without((1, 0)).without((1, 0)), (POLAND,)),
        (VIEW.regrouped((1,), "all"), (POLAND, All((BANNED, KNOWN)))),
        (VIEW.regrouped((1,), "none"), (POLAND, Not(GROUP))),
        (VIEW.regrouped((1,), "none").added(POLAND, (1, 0)), (POLAND, Not(Any((BANNED, KNOWN, POLAND))))),
        (VIEW.regrouped((1,), "none").without((1, 0, 1)), (POLAND, Not(Any((BANNED,))))),
        (VIEW.regrouped((1,), "none").regrouped((1,), "any"), (POLAND, GROUP)),
    ],
)
def test_an_edit_changes_one_place(audience: Audience, edited: View, children: tuple) -> None:
    assert edited == replace(VIEW, children=children, after=None)


@pytest.mark.parametrize("path", [(2,), (0, 0), (1, 5)])
def test_a_place_that_is_not_there_is_refused(path: tuple[int, ...]) -> None:
    for edit in (VIEW.without, VIEW.at, lambda at: VIEW.added(POLAND, at), lambda at: VIEW.put(POLAND, at)):
        with pytest.raises(LookupError):
            edit(path)


def test_a_condition_is_no_group_to_be_added_to() -> None:
    with pytest.raises(LookupError):
        VIEW.added(KNOWN, (0,))


def test_the_search_narrows_whatever_the_filters_are() -> None:
    assert VIEW.node == All((Search("ada"), Any((POLAND, GROUP))))
    assert VIEW.filter == Any((POLAND, GROUP))
    assert View(search="ada").node == Search("ada")


def test_columns_are_another_look_at_the_same_page() -> None:
    assert VIEW.showing(("a",)) == replace(VIEW, columns=("a",))
    assert VIEW.showing(None).after == VIEW.after


def test_a_list_is_known_by_its_people_and_their_order() -> None:
    same = [VIEW, VIEW.showing(None), VIEW.first_page()]
    others = [VIEW.matching("all"), VIEW.sorted_by("chats"), VIEW.without((0,)), replace(VIEW, search="Ada")]
    assert len({view.listing for view in same}) == 1
    assert len({view.listing for view in (VIEW, *others)}) == 1 + len(others)


@pytest.mark.parametrize("other", [View(), VIEW.matching("all"), VIEW.without((0,)), replace(VIEW, search="adam")])
@pytest.mark.parametrize("name", ["after", "before"])
def test_a_page_of_another_list_is_named_and_all_else_is_kept(audience: Audience, other: View, name: str) -> None:
    start = replace(VIEW.first_page(), columns=("default_email",))
    cursor = Cursor(other.sorted_by("-chats").listing, 5, 1, 50).encode()
    parsed = audience.parse(f"{start.query}&{name}={cursor}")
    assert parsed.view == start
    assert [problem.where for problem in parsed.problems] == [name]
    own = Cursor(start.listing, 5, 1, 50)
    assert audience.parse(f"{start.query}&{name}={own.encode()}").view == replace(start, **{name: own})


# What the address says of columns.


@pytest.mark.parametrize(
    ("raw", "columns"),
    [
        ("default_email,plan", ("default_email", "plan")),
        ("default_email%2Cplan", ("default_email", "plan")),
        ("plan,plan,default_email", ("plan", "default_email")),
        ("default_name,plan", ("plan",)),
        ("default_name", ()),
        (",,plan,", ("plan",)),
        ("a%20b%20%22c%22%5B0%5D", ('a b "c"[0]',)),
        ("a+b+%22c%22[0]", ('a b "c"[0]',)),
        ("%25_%5C", ("%_\\",)),
        ("x%7Cy:z%26f=q%23%2B", ("x|y:z&f=q#+",)),
    ],
)
def test_columns_are_read(audience: Audience, raw: str, columns: tuple[str, ...]) -> None:
    parsed = audience.parse(f"columns={raw}")
    assert (parsed.problems, parsed.view.columns) == ((), columns)
    assert audience.parse(parsed.view.query).view == parsed.view


def test_no_columns_are_the_member_s_own(audience: Audience) -> None:
    assert audience.parse("columns=").view.columns is None
    assert View(columns=()).query == "columns=default_name"


def test_columns_that_are_not_there_are_named_and_the_others_kept(audience: Audience) -> None:
    parsed = audience.parse("columns=nope,plan,%3Cb%3E&f=default_country:is:Poland")
    assert parsed.view == View("all", (POLAND,), columns=("plan",))
    assert [problem.message for problem in parsed.problems] == [
        "there is no attribute “nope”.",
        "there is no attribute “<b>”.",
    ]
