"""Whoever changed is tested against all rules; everybody only when a rule or the time asks for it."""

import datetime as dt

import pytest
from django.db import transaction

from coterie.accounts.models import Workspace
from coterie.audience.tree import All, Any, Condition, Not
from coterie.core.clock import now
from coterie.journal.models import Operation
from coterie.segments import settle as settling
from coterie.segments.catalogue import create
from coterie.segments.follow import waiting
from coterie.segments.models import RuleState
from coterie.segments.settle import is_due, settle
from coterie.segments.state import Overtaken, changed, take
from tests.audience.mirror import forget
from tests.makers import make_people, make_person, put_in
from tests.segments.ruling import POLAND, PRO, again, assert_explained, change, entries, is_in, members, rule, seen

RECENT = Condition("lastSeen", "in_last", ("2 hours",))


def test_a_changed_person_joins_and_leaves_with_the_revision_that_caused_it(workspace):
    person = make_person(workspace, plan="free")
    segment = rule(workspace, PRO)
    settle(workspace)
    change(workspace, person, plan="pro")
    cause = Workspace.objects.get(pk=workspace.pk).revision
    assert settle(workspace) == 1
    [joined] = entries(workspace)
    assert (joined.kind, joined.actor, joined.person_id) == ("joined", "rules", person.id)
    assert joined.after == {"segment": segment.public_id, "because": cause}
    change(workspace, person, plan=None)
    cause = Workspace.objects.get(pk=workspace.pk).revision
    assert settle(workspace) == 1
    left = entries(workspace)[-1]
    assert (left.kind, left.before) == ("left", {"segment": segment.public_id, "because": cause})
    assert members(segment) == set()


def test_only_whoever_changed_is_tested(workspace, monkeypatch):
    people = make_people(workspace, 5, plan="free")
    rule(workspace, PRO)
    rule(workspace, POLAND)
    settle(workspace)
    asked = []
    real = settling.differences
    monkeypatch.setattr(
        settling, "differences", lambda reader, rules, ids: asked.append((len(rules), ids)) or real(reader, rules, ids)
    )
    change(workspace, people[2], plan="pro")
    settle(workspace)
    assert asked[0] == (2, [people[2].id])
    assert all(ids == [] for _, ids in asked[1:])


def test_what_rules_write_is_not_looked_at_again(workspace):
    make_people(workspace, 3, plan="pro")
    first = rule(workspace, PRO)
    rule(workspace, Not(is_in(first)))
    settle(workspace)
    assert not is_due(workspace)
    assert settle(workspace) == 0
    assert waiting() == [] or workspace not in waiting()


def test_rules_on_rules_follow_in_one_pass(workspace):
    person = make_person(workspace, plan="free")
    first = rule(workspace, PRO)
    second = rule(workspace, is_in(first))
    third = rule(workspace, Not(is_in(second)))
    settle(workspace)
    change(workspace, person, plan="pro")
    assert settle(workspace) == 3
    assert members(first) == members(second) == {person.id}
    assert members(third) == set()
    assert_explained(workspace)


def test_joining_a_manual_segment_is_a_change(workspace):
    person = make_person(workspace)
    manual = create(workspace, "By hand", "test")
    segment = rule(workspace, is_in(manual))
    settle(workspace)
    put_in(workspace, "test", [manual.id], [person.id])
    assert settle(workspace) == 1
    assert members(segment) == {person.id}


def test_a_deleted_person_is_in_no_segment(workspace):
    people = make_people(workspace, 2, plan="pro")
    segment = rule(workspace, PRO)
    settle(workspace)
    forget(workspace, people[0].id)
    settle(workspace)
    assert members(segment) == {people[1].id}


def test_two_workspaces_do_not_meet(workspace, other_workspace):
    mine, theirs = make_person(workspace, plan="pro"), make_person(other_workspace, plan="pro")
    segment, other = rule(workspace, PRO, "Pros"), rule(other_workspace, PRO, "Pros")
    settle(workspace)
    assert members(segment) == {mine.id}
    assert members(other) == set()
    settle(other_workspace)
    assert members(other) == {theirs.id}


def test_more_changes_than_fit_one_transaction_are_taken_in_parts(workspace, monkeypatch):
    monkeypatch.setattr(settling, "CHUNK", 3)
    people = make_people(workspace, 8, plan="free")
    segment = rule(workspace, PRO)
    settle(workspace)
    for person in people:
        change(workspace, person, plan="pro")
    settle(workspace)
    assert members(segment) == {person.id for person in people}
    assert_explained(workspace)


def test_a_big_rule_fills_in_parts_and_the_others_are_not_late(workspace, monkeypatch):
    monkeypatch.setattr(settling, "CHUNK", 4)
    people = make_people(workspace, 10, plan="pro")
    other = rule(workspace, POLAND)
    settle(workspace)
    segment = rule(workspace, PRO)
    real, late = settling._Settling._move, []

    def meanwhile(self, step, *more):
        real(self, step, *more)
        late.append(members(other))
        if len(late) == 1:
            change(workspace, people[0], default_country="Poland")
            change(workspace, people[9], plan="free")

    monkeypatch.setattr(settling._Settling, "_move", meanwhile)
    settle(workspace)
    assert late[:2] == [set(), {people[0].id}]
    assert members(segment) == {person.id for person in people[:9]}
    assert Operation.objects.filter(workspace=workspace).order_by("id").last().people == 9
    assert_explained(workspace)


@pytest.fixture
def clock(monkeypatch):
    """The time that rules are evaluated at, to be moved."""

    class Clock:
        moment = now()

        def forward(self, **amount):
            self.moment += dt.timedelta(**amount)

    found = Clock()
    for module in ("coterie.audience.audience", "coterie.segments.settle", "coterie.segments.state"):
        monkeypatch.setattr(f"{module}.now", lambda: found.moment)
    return found


def test_time_alone_takes_people_out_and_says_so(workspace, clock):
    person = make_person(workspace)
    seen(workspace, person, now())
    segment = rule(workspace, RECENT)
    settle(workspace)
    assert members(segment) == {person.id}
    clock.forward(hours=1)
    assert settle(workspace) == 0
    clock.forward(hours=1, minutes=2)
    assert settle(workspace) == 1
    assert members(segment) == set()
    assert entries(workspace)[-1].before["why"] == "time"
    assert_explained(workspace)


@pytest.mark.parametrize(("value", "minutes"), [("30 minutes", 1), ("2 hours", 1), ("7 days", 15), ("3 months", 15)])
def test_rules_with_relative_dates_are_swept_at_their_pace(workspace, clock, value, minutes):
    make_person(workspace)
    plain = rule(workspace, POLAND)
    relative = rule(workspace, All((Not(Condition("lastSeen", "in_last", (value,))),)))
    standing_on_it = rule(workspace, is_in(relative))
    settle(workspace)
    first = [again(one).swept_at for one in (plain, relative, standing_on_it)]
    clock.forward(minutes=minutes, seconds=-1)
    assert not is_due(workspace)
    clock.forward(seconds=1)
    assert is_due(workspace)
    settle(workspace)
    swept = [again(one).swept_at for one in (plain, relative, standing_on_it)]
    assert [new > old for new, old in zip(swept, first, strict=True)] == [False, True, True]


def test_another_time_zone_tests_everybody_again(workspace):
    day = dt.datetime(2026, 5, 1, 23, 30, tzinfo=dt.UTC)
    person = make_person(workspace, created_at=day)
    segment = rule(workspace, Condition("createdAt", "on", ("2026-05-02",)))
    settle(workspace)
    assert members(segment) == set()
    Workspace.objects.filter(pk=workspace.pk).update(time_zone="Europe/Warsaw")
    settle(Workspace.objects.get(pk=workspace.pk))
    assert members(segment) == {person.id}


def test_whoever_holds_it_is_alone_and_loses_it_when_late(workspace, monkeypatch):
    make_person(workspace, plan="pro")
    segment = rule(workspace, PRO)
    hold = take(workspace)
    assert take(workspace) is None
    assert settle(workspace) == 0
    assert members(segment) == set()
    RuleState.objects.filter(workspace=workspace).update(held_until=now() - dt.timedelta(seconds=1))
    assert settle(workspace) == 1
    with pytest.raises(Overtaken):
        hold.keep()
    hold.end(settled=False)
    assert take(workspace) is not None


def test_a_change_of_rules_overtakes_what_was_decided_before(workspace):
    make_person(workspace, plan="pro")
    rule(workspace, PRO)
    hold = take(workspace)
    with transaction.atomic():
        changed(workspace)
    with pytest.raises(Overtaken):
        hold.keep()


def test_a_rule_changed_while_it_is_evaluated_ends_right(workspace, monkeypatch):
    from coterie.segments.rules import change_rule

    make_people(workspace, 3, plan="pro")
    pole = make_person(workspace, default_country="Poland")
    segment = rule(workspace, PRO)
    real = settling.all_changing
    once = iter([lambda: change_rule(workspace, segment, POLAND, "test")])

    def meanwhile(*arguments):
        for act in once:
            found = real(*arguments)
            act()
            return found
        return real(*arguments)

    monkeypatch.setattr(settling, "all_changing", meanwhile)
    settle(workspace)
    assert members(segment) == {pole.id}
    assert_explained(workspace)


def test_without_rules_nothing_is_followed(workspace):
    make_person(workspace)
    create(workspace, "By hand", "test")
    assert not is_due(workspace)
    assert workspace.pk not in {one.pk for one in waiting(everybody=True)}


def test_everybody_and_nobody_are_rules_too(workspace):
    people = make_people(workspace, 2)
    everybody, nobody = rule(workspace, All()), rule(workspace, Any())
    settle(workspace)
    assert members(everybody) == {person.id for person in people}
    assert members(nobody) == set()
