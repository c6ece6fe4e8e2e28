"""The follower: quick, several at once, and killed in the middle of everything."""

import contextlib
import os
import random
import secrets
import threading
import time
from pathlib import Path

from django.db import connection

from coterie.core.clock import now
from coterie.segments import follow as following
from coterie.segments.follow import follow
from coterie.segments.models import RuleState, Segment
from coterie.segments.settle import is_due, settle
from tests.forking import Forked
from tests.journal.parallel import parallel
from tests.makers import make_people, make_person
from tests.segments import follower
from tests.segments.ruling import (
    POLAND,
    PRO,
    actual,
    again,
    assert_explained,
    change,
    expected,
    is_in,
    members,
    rule,
)


@contextlib.contextmanager
def followers(count):
    stop = threading.Event()
    threads = [threading.Thread(target=follow, args=(stop,)) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def soon(true, seconds=30):
    """Waits until it is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def process(name):
    return Forked(follower.run, [], Path(os.environ["COTERIE_DATA"]).parent / f"{name}.log")


def test_whoever_changes_is_in_their_segments_soon(workspace, other_workspace):
    person, other = make_person(workspace, plan="free"), make_person(other_workspace, plan="free")
    mine, theirs = rule(workspace, PRO), rule(other_workspace, PRO)
    with followers(1):
        soon(lambda: not again(mine).is_filling)
        change(workspace, person, plan="pro")
        change(other_workspace, other, plan="pro")
        soon(lambda: members(mine) == {person.id} and members(theirs) == {other.id}, 5)


def test_a_hidden_attribute_is_noticed_without_any_change_of_people(workspace, monkeypatch):
    from coterie.audience.models import Attribute

    monkeypatch.setattr(following, "TICK", 0.2)
    make_person(workspace, plan="pro")
    segment = rule(workspace, PRO)
    settle(workspace)
    with followers(1):
        Attribute.objects.filter(workspace=workspace, key="plan").update(hidden=True)
        soon(lambda: again(segment).broken != "", 5)


def test_a_workspace_that_fails_does_not_stop_the_others(workspace, other_workspace, monkeypatch):
    person = make_person(other_workspace, plan="pro")
    rule(workspace, POLAND)
    segment = rule(other_workspace, PRO)
    real = following.settle

    def settle_or_fail(one):
        if one.pk == workspace.pk:
            raise RuntimeError("out of order")
        return real(one)

    monkeypatch.setattr(following, "settle", settle_or_fail)
    with followers(1):
        soon(lambda: members(segment) == {person.id}, 10)


def test_many_who_settle_at_once_and_change_at_once_are_right_in_the_end(workspace):
    people = make_people(workspace, 12, plan="free")
    first = rule(workspace, PRO)
    second = rule(workspace, is_in(first))
    settle(workspace)

    def writer(number):
        for turn in range(12):
            change(workspace, people[(number * 5 + turn) % 12], plan="pro" if (turn + number) % 2 else "free")

    def settler():
        for _ in range(12):
            settle(workspace)

    parallel([lambda: writer(0), lambda: writer(1), settler, settler, settler])
    settle(workspace)
    assert members(first) == members(second)
    assert actual(workspace) == expected(workspace, now())
    assert_explained(workspace)


def test_a_hold_that_ran_out_in_the_middle_writes_nothing_wrong(workspace, monkeypatch):
    """Whoever was asleep for too long finds out before writing, and takes what is true then."""
    from coterie.segments import settle as settling

    person = make_person(workspace, plan="free")
    segment = rule(workspace, PRO)
    settle(workspace)
    change(workspace, person, plan="pro")
    real, once = settling._Settling._move, [True]

    def asleep(self, *arguments):
        if once:
            once.clear()
            RuleState.objects.filter(workspace=workspace).update(held_until=now().replace(year=2020))
            change(workspace, person, plan="free")

            def meanwhile():
                settle(workspace)
                connection.close()

            other = threading.Thread(target=meanwhile)
            other.start()
            other.join()
        return real(self, *arguments)

    monkeypatch.setattr(settling._Settling, "_move", asleep)
    settle(workspace)
    assert members(segment) == set()
    assert_explained(workspace)


def test_two_followers_of_two_processes_and_kill_minus_nine(workspace):
    """Killed in the middle of filling a rule and of changes, again and again: what remains is exactly right."""
    chance = random.Random(secrets.randbits(32))
    people = make_people(workspace, 300, plan="free")
    segments = [rule(workspace, PRO)]
    segments.append(rule(workspace, is_in(segments[0])))
    stop, changes = threading.Event(), 0

    def writer():
        nonlocal changes
        while not stop.is_set():
            change(workspace, people[changes * 7 % 300], plan="pro" if changes % 3 else "free")
            changes += 1
        connection.close()

    thread = threading.Thread(target=writer)
    thread.start()
    running = [process("follower-a"), process("follower-b")]
    try:
        for turn in range(4):
            until = changes + 30
            soon(lambda until=until: changes > until)
            segments.append(rule(workspace, POLAND if turn % 2 else PRO))
            soon(lambda: RuleState.objects.get(workspace=workspace).holder)  # One is in the middle of it.
            time.sleep(chance.uniform(0, 0.05))
            running.pop(0).kill()
            running.append(process(f"follower-{turn}"))
        stop.set()
        thread.join()
        soon(lambda: not is_due(workspace), 60)
    finally:
        stop.set()
        thread.join()
        for one in running:
            one.stop()
    assert not any(one.is_filling for one in Segment.objects.filter(workspace=workspace))
    assert actual(workspace) == expected(workspace, now())
    assert_explained(workspace)
