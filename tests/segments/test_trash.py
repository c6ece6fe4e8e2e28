"""Removed segments are out of sight, come back with their people for 30 days, and are gone after that."""

import datetime as dt

import pytest

from coterie.accounts.models import AuditEntry
from coterie.audience.audience import audience_of
from coterie.audience.columns import catalogue
from coterie.audience.tree import FilterError
from coterie.bulk.actions import Action
from coterie.bulk.selection import Selection
from coterie.bulk.start import start
from coterie.core.clock import now
from coterie.segments.catalogue import NameTaken, create, find, segments_of
from coterie.segments.models import Membership, Segment
from coterie.segments.settle import settle
from coterie.segments.trash import purge, remove, removed_segments, restore
from tests.audience.mirror import in_record, in_replica
from tests.makers import make_people, make_person, put_in
from tests.segments.ruling import PRO, again, change, entries, is_in, members, rule

LATER = dt.timedelta(days=30, minutes=1)


@pytest.fixture
def people(workspace):
    return make_people(workspace, 3, plan="pro")


@pytest.fixture
def segment(workspace, people):
    found = create(workspace, "News", "test")
    put_in(workspace, "test", [found.id], [person.id for person in people])
    return found


def test_a_removed_segment_is_out_of_sight(workspace, segment):
    remove(workspace, segment, "member:1")
    assert segments_of(workspace) == []
    assert catalogue(workspace.pk).segment_names == {}
    assert find(workspace, "News") is None
    assert find(workspace, segment.public_id) is None
    assert removed_segments(workspace) == [segment]
    assert again(segment).restorable_until == again(segment).removed_at + dt.timedelta(days=30)
    assert AuditEntry.objects.filter(workspace=workspace, action="segment.remove", actor="member:1").exists()


def test_a_filter_that_names_it_is_refused_readably(workspace, segment):
    remove(workspace, segment, "test")
    audience = audience_of(workspace)
    with pytest.raises(FilterError, match="“News” is a removed segment"):
        audience.matching_ids(is_in(segment))
    parsed = audience.parse(f"f=segment:in:{segment.public_id}")
    assert "a removed segment" in parsed.problems[0].message


def test_nobody_is_put_into_it(workspace, segment, people):
    remove(workspace, segment, "test")
    with pytest.raises(ValueError, match="no such segment"):
        start(workspace, "test", Action.join([segment.id]), Selection.of_ids([people[0].id]))


def test_it_comes_back_with_its_people(workspace, segment, people):
    remove(workspace, segment, "test")
    restore(workspace, segment, "member:2")
    assert segments_of(workspace) == [segment]
    assert members(segment) == {person.id for person in people}
    assert audience_of(workspace).count(is_in(segment)) == 3
    assert AuditEntry.objects.filter(workspace=workspace, action="segment.restore", actor="member:2").exists()


def test_its_name_is_free_meanwhile_and_it_may_come_back_under_another(workspace, segment):
    remove(workspace, segment, "test")
    create(workspace, "news", "test")
    with pytest.raises(NameTaken):
        restore(workspace, segment, "test")
    assert again(segment).removed_at is not None
    restore(workspace, segment, "test", "Old news")
    assert {one.name for one in segments_of(workspace)} == {"news", "Old news"}


def test_a_rule_catches_up_when_it_comes_back(workspace, people):
    segment = rule(workspace, PRO)
    settle(workspace)
    remove(workspace, segment, "test")
    change(workspace, people[0], plan="free")
    newcomer = make_person(workspace, plan="pro")
    settle(workspace)
    assert members(segment) == {person.id for person in people}
    restore(workspace, segment, "test")
    settle(workspace)
    assert members(segment) == {people[1].id, people[2].id, newcomer.id}


def test_after_30_days_it_is_gone_and_its_people_have_left(workspace, other_workspace, segment, people):
    remove(workspace, segment, "test")
    kept = create(workspace, "Kept", "test")
    assert purge(workspace, now()) == 0
    assert purge(other_workspace, now() + LATER) == 0
    assert purge(workspace, now() + LATER) == 1
    assert not Membership.objects.filter(workspace=workspace, segment_id=segment.id).exists()
    assert {entry.person_id for entry in entries(workspace, "left")} == {person.id for person in people}
    assert list(Segment.with_removed.filter(workspace=workspace)) == [kept]
    assert audience_of(workspace).ask(in_replica) == in_record(workspace)
    with pytest.raises(ValueError, match="is gone"):
        restore(workspace, segment, "test")


def test_a_segment_of_another_workspace_is_neither_removed_nor_restored(workspace, other_workspace, segment):
    remove(other_workspace, segment, "test")
    assert segments_of(workspace) == [segment]
    with pytest.raises(ValueError, match="is gone"):
        restore(other_workspace, segment, "test")
