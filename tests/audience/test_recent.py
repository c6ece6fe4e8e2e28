"""The filters that a member used last."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from coterie.accounts.models import Member
from coterie.audience.models import RecentFilters
from coterie.audience.recent import recent, remember
from coterie.audience.tree import Condition
from coterie.audience.view import View


@pytest.fixture
def me(workspace, viewer) -> Member:
    return Member.objects.get(user=viewer)


def city(name: str) -> View:
    return View(children=(Condition("default_city", "is", (name,)),))


def test_the_last_ten_are_kept_newest_first_each_once(me):
    for name in [*"abcdefghijklm", "f"]:
        remember(me, city(name))
    assert recent(me) == [city(name).query for name in "fmlkjihged"]


def test_order_columns_and_page_are_no_part_of_a_filter(me):
    remember(me, city("Oslo").sorted_by("-chats").showing(("chats",)))
    assert recent(me) == ["f=default_city:is:Oslo"]


def test_a_search_is_a_filter_and_everybody_is_none(me):
    remember(me, View(search="ada"))
    remember(me, View(sort="chats"))
    assert recent(me) == ["search=ada"]


def test_what_is_on_top_already_is_not_written_again(me):
    remember(me, city("Oslo"))
    with CaptureQueriesContext(connection) as captured:
        remember(me, city("Oslo"))
    assert len(captured) == 1


def test_an_address_that_is_too_long_to_open_is_not_kept(me):
    remember(me, View(children=tuple(Condition("default_city", "is", ("x" * 1_000,)) for _ in range(17))))
    assert recent(me) == []


def test_each_member_has_their_own(me, workspace, other_workspace, member_of):
    remember(me, city("Oslo"))
    there = Member.objects.create(workspace=other_workspace, user=me.user)
    assert recent(there) == []
    assert recent(Member.objects.get(user=member_of(workspace, "owner"))) == []


def test_they_go_with_the_member(me, workspace):
    remember(me, city("Oslo"))
    Member.objects.get(pk=me.pk).delete()
    assert not RecentFilters.objects.filter(workspace=workspace).exists()


def test_none_is_lost_when_many_are_used_at_once(me):
    barrier = threading.Barrier(5)

    def use(name: str) -> None:
        barrier.wait()
        remember(me, city(name))
        connection.close()

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(use, "abcde"))
    assert sorted(recent(me)) == [city(name).query for name in "abcde"]
