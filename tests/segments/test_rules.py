"""Rules are written down, refused, previewed, broken and healed."""

import pytest

from coterie.accounts.models import AuditEntry
from coterie.audience.audience import audience_of
from coterie.audience.columns import catalogue
from coterie.audience.models import Attribute
from coterie.audience.tree import All, Any, Condition, FilterError, Not
from coterie.journal.models import Operation
from coterie.segments.catalogue import NameTaken, create, manual_segments, rename, segments_of
from coterie.segments.membership import ByRule
from coterie.segments.rules import change_rule, make_manual, preview_rule, rule_sentence
from coterie.segments.settle import settle
from coterie.segments.trash import remove, restore
from tests.makers import make_people, make_person, put_in, take_out
from tests.segments.ruling import POLAND, PRO, again, change, is_in, members, rule


def test_a_new_rule_segment_is_filled_under_one_operation(workspace):
    people = make_people(workspace, 3, default_country="Poland")
    make_person(workspace, default_country="Norway")
    segment = rule(workspace, POLAND, "Poles")
    assert again(segment).is_filling
    assert settle(workspace) == 3
    assert members(segment) == {person.id for person in people}
    assert not again(segment).is_filling
    operation = Operation.objects.get(workspace=workspace)
    assert (operation.label, operation.actor, operation.people) == ("Fill Poles", "member:1", 3)
    assert operation.finished_at is not None


def test_a_filter_means_the_rule_before_anybody_settled_it(workspace):
    person = make_person(workspace, default_country="Poland")
    segment = rule(workspace, POLAND)
    other = rule(workspace, Not(is_in(segment)))
    audience = audience_of(workspace)
    assert audience.matching_ids(is_in(segment)) == [person.id]
    assert audience.matching_ids(is_in(other)) == []
    change(workspace, person, default_country="Norway")
    assert audience.matching_ids(is_in(segment)) == []
    assert audience.matching_ids(is_in(other)) == [person.id]
    assert members(segment) == set()


def test_manual_and_rule_segments_are_asked_for_together(workspace):
    one, other, _ = make_person(workspace, plan="pro"), make_person(workspace), make_person(workspace)
    manual, by_rule = create(workspace, "By hand", "test"), rule(workspace, PRO)
    put_in(workspace, "test", [manual.id], [other.id])
    assert audience_of(workspace).matching_ids(is_in(manual, by_rule)) == [one.id, other.id]


@pytest.mark.parametrize("act", [put_in, take_out])
def test_nobody_is_moved_by_hand(workspace, act):
    person = make_person(workspace, plan="free")
    manual, by_rule = create(workspace, "By hand", "test"), rule(workspace, PRO, "Pros")
    with pytest.raises(ByRule, match="“Pros” keeps itself up to date"):
        act(workspace, "test", [manual.id, by_rule.id], [person.id])
    assert members(manual) == members(by_rule) == set()
    assert manual_segments(workspace) == [manual]


def test_a_rule_that_does_not_compile_is_refused(workspace):
    with pytest.raises(FilterError, match="no attribute “plan”"):
        rule(workspace, PRO)
    assert segments_of(workspace) == []
    assert not Operation.objects.filter(workspace=workspace).exists()


def test_a_rule_about_another_workspace_s_segment_is_refused(workspace, other_workspace):
    make_person(other_workspace, plan="pro")
    theirs = rule(other_workspace, PRO)
    with pytest.raises(FilterError, match="no such segment in this workspace"):
        rule(workspace, is_in(theirs))


def test_names_are_taken_by_both_kinds(workspace):
    create(workspace, "News", "test")
    with pytest.raises(NameTaken):
        rule(workspace, POLAND, "NEWS")
    segment = rule(workspace, POLAND, "Poles")
    with pytest.raises(NameTaken):
        rename(workspace, segment, "news", "test")
    rename(workspace, segment, "POLES", "test")
    assert again(segment).name == "POLES"


def test_a_segment_cannot_stand_on_itself(workspace):
    one = rule(workspace, POLAND, "One")
    two = rule(workspace, is_in(one), "Two")
    three = rule(workspace, Not(is_in(two)), "Three")
    with pytest.raises(FilterError, match="cannot stand on itself: One → One"):
        change_rule(workspace, one, is_in(one), "test")
    with pytest.raises(FilterError, match="One → Three → Two → One"):
        change_rule(workspace, one, Any((POLAND, is_in(three))), "test")
    with pytest.raises(FilterError, match="cannot stand on itself"):
        preview_rule(workspace, is_in(three), one)
    assert again(one).filter == one.filter


def test_rules_stand_on_one_another_five_deep(workspace):
    segment = rule(workspace, POLAND)
    for _ in range(5):
        segment = rule(workspace, is_in(segment))
    with pytest.raises(FilterError, match="5 deep"):
        rule(workspace, is_in(segment))


def test_rules_that_name_one_another_stay_small(workspace):
    many = All(tuple(POLAND for _ in range(40)))
    segments = [rule(workspace, many) for _ in range(3)]
    large = rule(workspace, All(tuple(is_in(*segments) for _ in range(3))))
    with pytest.raises(FilterError, match="more than 400 conditions"):
        rule(workspace, Any((is_in(large), is_in(*segments))))
    small = rule(workspace, POLAND, "Small")
    rule(workspace, Any(tuple(is_in(small) for _ in range(20))), "Large")
    with pytest.raises(FilterError, match="“Large”, which stands on it, would be too large"):
        change_rule(workspace, small, many, "test")


def test_a_preview_counts_exactly_and_shows_the_first(workspace):
    pros = make_people(workspace, 25, plan="pro")
    free = make_people(workspace, 2, plan="free")
    segment = rule(workspace, PRO)
    settle(workspace)
    change(workspace, pros[0], plan="free")
    effect = preview_rule(workspace, Condition("plan", "is", ("free",)), segment)
    assert (effect.people, effect.enters, effect.leaves) == (3, 2, 24)
    assert {row.id for row in effect.entering} == {person.id for person in free}
    assert [row.id for row in effect.leaving] == [person.id for person in reversed(pros[5:])]
    new = preview_rule(workspace, PRO)
    assert (new.people, new.enters, new.leaves, len(new.entering)) == (24, 24, 0, 20)
    assert members(segment) == {person.id for person in pros}


def test_changing_a_rule_moves_who_differs(workspace):
    one, both, other = (
        make_person(workspace, **values) for values in ({"plan": "pro"}, {"plan": "pro"}, {"plan": "x"})
    )
    change(workspace, both, default_country="Poland")
    change(workspace, other, default_country="Poland")
    segment = rule(workspace, PRO, "Mine")
    settle(workspace)
    change_rule(workspace, segment, POLAND, "member:2")
    assert settle(workspace) == 2
    assert members(segment) == {both.id, other.id}
    operation = Operation.objects.filter(workspace=workspace).order_by("id").last()
    assert (operation.label, operation.actor, operation.people) == ("Change the rule of Mine", "member:2", 2)
    assert AuditEntry.objects.filter(workspace=workspace, action="segment.rule", actor="member:2").exists()
    assert one.id not in members(segment)


def test_a_rule_becomes_manual_and_keeps_its_people(workspace):
    person, other = make_person(workspace, plan="pro"), make_person(workspace)
    segment = rule(workspace, PRO)
    follower = rule(workspace, is_in(segment))
    settle(workspace)
    make_manual(workspace, segment, "test")
    change(workspace, person, plan="free")
    put_in(workspace, "test", [segment.id], [other.id])
    settle(workspace)
    assert members(segment) == members(follower) == {person.id, other.id}


def test_what_has_no_rule_or_is_removed_cannot_be_given_one(workspace, other_workspace):
    manual, segment = create(workspace, "By hand", "test"), rule(workspace, POLAND)
    for act in (make_manual, lambda *arguments: change_rule(*arguments[:2], POLAND, "test")):
        with pytest.raises(ValueError, match="has no rule"):
            act(workspace, manual, "test")
        with pytest.raises(ValueError, match="has no rule"):
            act(other_workspace, segment, "test")
    remove(workspace, segment, "test")
    with pytest.raises(ValueError, match="not there any more"):
        change_rule(workspace, segment, POLAND, "test")
    assert again(segment).filter == segment.filter


@pytest.fixture
def frozen(workspace):
    """A rule on an attribute, with one person inside, and the attribute."""
    person = make_person(workspace, plan="pro", score=7)
    segment = rule(workspace, Condition("score", "gt", ("5",)), "High scores")
    settle(workspace)
    return segment, person, Attribute.objects.get(workspace=workspace, key="score")


@pytest.mark.parametrize("how", ["hidden", "retyped", "gone"])
def test_a_broken_rule_says_why_and_moves_nobody(workspace, frozen, how):
    segment, person, attribute = frozen
    rows = Attribute.objects.filter(workspace=workspace, id=attribute.id)
    match how:
        case "hidden":
            rows.update(hidden=True)
        case "retyped":
            rows.update(type="boolean")
        case _:
            rows.delete()
    change(workspace, person, score=1, plan="free")
    newcomer = make_person(workspace, plan="pro")
    assert settle(workspace) == 0
    broken = again(segment)
    assert broken.broken.endswith(".") and "core" in broken.broken
    assert broken.broken_since is not None
    assert members(segment) == {person.id}
    assert audience_of(workspace).matching_ids(is_in(segment)) == [person.id]
    since = broken.broken_since
    change(workspace, newcomer, plan="x")
    settle(workspace)
    assert again(segment).broken_since == since
    assert "core is more than 5" in rule_sentence(segment, catalogue(workspace.pk))


def test_a_healed_rule_is_right_again(workspace, frozen):
    segment, person, attribute = frozen
    rows = Attribute.objects.filter(workspace=workspace, id=attribute.id)
    rows.update(hidden=True)
    other = make_person(workspace, score=9)
    change(workspace, person, score=1)
    settle(workspace)
    rows.update(hidden=False)
    assert settle(workspace) == 2
    assert members(segment) == {other.id}
    assert (again(segment).broken, again(segment).broken_since) == ("", None)


def test_a_type_that_reads_values_otherwise_tests_everybody_again(workspace):
    one, ten = make_person(workspace, code="1.0"), make_person(workspace, code="10")
    attribute = Attribute.objects.filter(workspace=workspace, key="code")
    attribute.update(type="number")
    segment = rule(workspace, Condition("code", "is_set"))
    other = make_person(workspace, code="none")
    settle(workspace)
    assert members(segment) == {one.id, ten.id}
    attribute.update(type="text")
    assert settle(workspace) == 1
    assert members(segment) == {one.id, ten.id, other.id}


def test_a_rule_on_a_removed_segment_is_broken_until_it_is_back(workspace):
    person, other = make_people(workspace, 2)
    manual = create(workspace, "By hand", "test")
    put_in(workspace, "test", [manual.id], [person.id])
    segment = rule(workspace, is_in(manual))
    settle(workspace)
    remove(workspace, manual, "test")
    settle(workspace)
    assert again(segment).broken == "“By hand” is a removed segment. Restore it, or leave it out of the filter."
    assert members(segment) == {person.id}
    restore(workspace, manual, "test")
    put_in(workspace, "test", [manual.id], [other.id])
    settle(workspace)
    assert again(segment).broken == ""
    assert members(segment) == {person.id, other.id}


def test_a_rule_is_said_in_words(workspace):
    make_person(workspace, plan="pro")
    manual = create(workspace, "Leads", "test")
    segment = rule(workspace, All((PRO, Not(is_in(manual)))))
    assert rule_sentence(segment, catalogue(workspace.pk)) == "plan is pro and not (Segment is Leads)"
    remove(workspace, manual, "test")
    assert "a removed segment" in rule_sentence(segment, catalogue(workspace.pk))
