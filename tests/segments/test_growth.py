"""How much segments grew in 30 days agrees with the journal."""

import datetime as dt

from coterie.core.clock import now
from coterie.segments.catalogue import create
from coterie.segments.growth import Growth, growth
from coterie.segments.models import SegmentDay
from coterie.segments.settle import settle
from tests.makers import make_people, put_in, take_out
from tests.segments.ruling import PRO, change, rule


def test_who_joined_and_left_by_hand_and_by_rule_is_counted(workspace, other_workspace):
    people = make_people(workspace, 4, plan="pro")
    ids = [person.id for person in people]
    manual, by_rule, empty = create(workspace, "By hand", "test"), rule(workspace, PRO), create(workspace, "No", "test")
    settle(workspace)
    change(workspace, people[0], plan="free")
    settle(workspace)
    put_in(workspace, "test", [manual.id], ids[:3])
    put_in(workspace, "test", [manual.id], ids[:3])
    take_out(workspace, "test", [manual.id], ids[1:])
    found = growth(workspace, [manual.id, by_rule.id, empty.id])
    assert found == {manual.id: Growth(3, 2), by_rule.id: Growth(4, 1), empty.id: Growth()}
    assert found[by_rule.id].change == 3
    assert growth(other_workspace, [manual.id]) == {manual.id: Growth()}


def test_what_is_longer_ago_does_not_count(workspace):
    segment = create(workspace, "News", "test")
    today = now().date()
    for days, joined in ((0, 1), (29, 10), (30, 100)):
        day = today - dt.timedelta(days=days)
        SegmentDay.objects.create(workspace=workspace, segment_id=segment.id, day=day, joined=joined)
    assert growth(workspace, [segment.id]) == {segment.id: Growth(11, 0)}
