"""Why somebody is in a rule segment: each condition, asked of the one compiler."""

import pytest

from coterie.audience.audience import audience_of
from coterie.audience.tree import All, Any, Condition, FilterError, Not, leaves
from coterie.profile.reasons import reasons
from coterie.segments.catalogue import create
from tests.makers import make_person, put_in
from tests.segments.ruling import PRO, is_in, rule

OSLO = Condition("default_city", "is", ("Oslo",))
BERGEN = Condition("default_city", "is", ("Bergen",))
FREE = Condition("plan", "is", ("free",))


def why(workspace, person, node):
    inside, found = reasons(audience_of(workspace), node, person.id)
    return inside, [(reason.holds, reason.decides) for reason in found]


@pytest.mark.parametrize(
    ("node", "answer"),
    [
        (OSLO, (True, [(True, True)])),
        (BERGEN, (False, [(False, True)])),
        (All((OSLO, FREE)), (True, [(True, True), (True, True)])),
        (All((OSLO, PRO)), (False, [(True, False), (False, True)])),
        (All((BERGEN, PRO)), (False, [(False, False), (False, False)])),
        (Any((OSLO, FREE)), (True, [(True, False), (True, False)])),
        (Any((OSLO, PRO)), (True, [(True, True), (False, False)])),
        (Not(BERGEN), (True, [(False, True)])),
        (All((OSLO, Not(Any((PRO, BERGEN))))), (True, [(True, True), (False, True), (False, True)])),
        (Condition("nothing", "is_empty"), None),
    ],
)
def test_each_condition_is_told_with_what_it_decides(workspace, ada, node, answer):
    if answer is None:
        with pytest.raises(FilterError):
            why(workspace, ada, node)
    else:
        assert why(workspace, ada, node) == answer


def test_a_missing_value_makes_a_negative_rule_hold(workspace, ada):
    assert why(workspace, ada, Condition("default_email", "is_not", ("x@example.com",))) == (True, [(True, True)])


def test_a_rule_on_another_segment(workspace, ada):
    manual = create(workspace, "Friends", "test")
    put_in(workspace, "test", [manual.id], [ada.id])
    assert why(workspace, ada, is_in(manual)) == (True, [(True, True)])
    assert why(workspace, ada, is_in(rule(workspace, PRO))) == (False, [(False, True)])


def test_the_tree_with_40_conditions_is_answered(workspace, ada):
    node = All(tuple(Condition("default_city", "is_not", (f"City {n}",)) for n in range(40)))
    inside, found = reasons(audience_of(workspace), node, ada.id)
    assert inside
    assert len(found) == len(list(leaves(node)))
    assert all(reason.decides for reason in found)


def test_somebody_of_another_workspace_fulfils_nothing(workspace, other_workspace, ada):
    theirs = make_person(other_workspace, default_city="Oslo")
    assert why(workspace, theirs, OSLO) == (False, [])
