"""Every bulk action does what it says, to exactly those who are meant, in one operation."""

import contextlib

import pytest

from coterie.audience.models import Attribute
from coterie.audience.tree import All, Condition, FilterError
from coterie.bulk.actions import Action, segment_names
from coterie.bulk.preview import Effect, preview
from coterie.bulk.selection import Moved, Selection
from coterie.bulk.start import Nobody, start
from coterie.core.ids import to_public
from coterie.jobs.models import Crowd
from coterie.journal.models import JournalEntry, Operation
from coterie.people.attributes import Refused
from coterie.people.models import Person
from coterie.segments.catalogue import create
from coterie.segments.models import Membership
from coterie.segments.rules import create_rule
from tests.audience.mirror import VALUES
from tests.bulk.checking import assert_whole, everything
from tests.makers import make_people, make_person, put_in

PRO = Condition("plan", "is", ("pro",))


def inside(workspace, segment):
    return set(
        Membership.objects.filter(workspace=workspace, segment_id=segment.id).values_list("person_id", flat=True)
    )


def test_saving_to_several_segments_is_one_operation(workspace, people, news, sales, small_steps):
    put_in(workspace, "test", [news.id], people[:2])
    operation = start(workspace, "member:1", Action.join([news.id, sales.id]), Selection.of_filter(None), 7)
    assert inside(workspace, news) == inside(workspace, sales) == set(people)
    assert (operation.state, operation.done, operation.total, operation.people) == ("done", 7, 7, 7)
    assert (operation.actor, operation.label) == ("member:1", "Save 7 people to News, Sales")
    counts = [operation.result[f"{name}:{news.public_id}"] for name in ("changed", "already")]
    assert counts == [5, 2]
    entries = JournalEntry.objects.filter(workspace=workspace, operation_id=operation.id)
    assert (entries.count(), set(entries.values_list("kind", flat=True))) == (12, {"joined"})
    assert_whole(workspace)


def test_removing_takes_out_of_segments(workspace, people, news):
    put_in(workspace, "test", [news.id], people[:3])
    operation = start(workspace, "test", Action.leave([news.id]), Selection.of_ids(people[1:5]))
    assert inside(workspace, news) == {people[0]}
    assert (operation.result["changed"], operation.result["already"]) == (2, 2)
    assert_whole(workspace)


def test_setting_an_attribute_writes_what_differs(workspace, people, plan, small_steps):
    operation = start(workspace, "test", Action.set("plan", "pro"), Selection.of_filter(None))
    assert plan() == ["pro"] * 7
    assert (operation.people, operation.result) == (4, {"changed": 4, "already": 3, "gone": 0})
    entries = JournalEntry.objects.filter(workspace=workspace, operation_id=operation.id).order_by("revision")
    assert [(e.kind, e.before, e.after) for e in entries] == [
        ("set", {"plan": "free"}, {"plan": "pro"}),
        ("set", {}, {"plan": "pro"}),
        ("set", {"plan": "free"}, {"plan": "pro"}),
        ("set", {}, {"plan": "pro"}),
    ]
    assert_whole(workspace)


def test_a_new_attribute_is_catalogued_with_its_type(workspace, people):
    start(workspace, "test", Action.set("score", 7), Selection.of_ids(people[:2]))
    attribute = Attribute.objects.get(workspace=workspace, key="score")
    assert (attribute.type, attribute.count) == ("number", 2)
    assert_whole(workspace)


def test_an_event_from_before_does_not_overwrite_what_was_set(workspace, people, plan, chat):
    start(workspace, "test", Action.set("plan", "team"), Selection.of_ids(people[:1]))
    assert Person.objects.get(workspace=workspace, id=people[0]).written_at is not None
    chat("u0", plan="later")
    assert plan()[0] == "later"


def test_clearing_an_attribute_removes_it(workspace, people, plan, small_steps):
    operation = start(workspace, "test", Action.clear("plan"), Selection.of_filter(PRO))
    assert plan() == [None, "free", None, None, "free", None, None]
    assert (operation.people, operation.total) == (3, 3)
    assert_whole(workspace)


def test_banning_and_lifting_it(workspace, people):
    start(workspace, "test", Action.ban(), Selection.of_ids(people[:3]))
    operation = start(workspace, "test", Action.ban(), Selection.of_filter(None))
    assert operation.result == {"changed": 4, "already": 3, "gone": 0}
    start(workspace, "test", Action.unban(), Selection.of_ids(people[1:]))
    banned = Person.objects.filter(workspace=workspace, banned=True)
    assert list(banned.values_list("id", flat=True)) == people[:1]
    assert_whole(workspace)


def test_deleting_leaves_nothing_to_find(workspace, people, news, small_steps):
    put_in(workspace, "test", [news.id], people)
    operation = start(workspace, "test", Action.delete(), Selection.of_filter(PRO))
    assert operation.people == 3
    assert set(Person.objects.filter(workspace=workspace).values_list("id", flat=True)) == set(people) - {
        people[0],
        people[3],
        people[6],
    }
    assert_whole(workspace)


def test_whoever_was_deleted_and_writes_again_is_somebody_new(workspace, people, chat):
    start(workspace, "test", Action.delete(), Selection.of_ids(people[:1]))
    assert chat("u0") not in people
    assert_whole(workspace)


def test_exceptions_are_left_out(workspace, people, plan):
    start(workspace, "test", Action.set("plan", "x"), Selection.of_filter(PRO, [people[3]]), 2)
    assert plan() == ["x", "free", None, "pro", "free", None, "x"]


def test_who_is_meant_is_decided_when_it_starts(workspace, people, small_steps):
    operation = start(workspace, "test", Action.set("plan", "free"), Selection.of_filter(PRO))
    assert (operation.people, operation.total) == (3, 3)
    assert not Crowd.objects.filter(workspace=workspace).exists()


def test_a_number_that_moved_is_refused_with_both(workspace, people, news):
    with pytest.raises(Moved) as refused:
        start(workspace, "test", Action.join([news.id]), Selection.of_filter(None), 6)
    assert (refused.value.seen, refused.value.people) == (6, 7)
    assert not Operation.objects.filter(workspace=workspace).exists()


def test_one_percent_is_let_through(workspace, people, news):
    make_people(workspace, 94)
    assert start(workspace, "test", Action.join([news.id]), Selection.of_filter(None), 100).total == 101


def test_nobody_selected_is_refused(workspace, other_workspace, people, news):
    stranger = make_person(other_workspace).id
    with pytest.raises(Nobody):
        start(workspace, "test", Action.join([news.id]), Selection.of_ids([stranger, 5]))


def test_ids_of_another_workspace_mean_nobody(workspace, other_workspace, people):
    stranger = make_person(other_workspace, plan="free")
    before = everything(other_workspace)
    for action in (Action.set("plan", "x"), Action.ban(), Action.delete()):
        start(workspace, "test", action, Selection.of_ids([stranger.id, *people]))
    assert everything(other_workspace) == before
    assert_whole(other_workspace)


def test_a_segment_of_another_workspace_is_refused(workspace, other_workspace, people):
    foreign = create(other_workspace, "Theirs", "test")
    for action in (Action.join([foreign.id]), Action.leave([foreign.id]), Action.join([])):
        with pytest.raises(Refused):
            start(workspace, "test", action, Selection.of_filter(None))
        with pytest.raises(Refused):
            preview(workspace, action, Selection.of_filter(None))
    assert not Operation.objects.filter(workspace=workspace).exists()


@pytest.mark.parametrize("key", ["", "id", "userId", "default_unknown", "banned", "x" * 129])
def test_what_is_no_attribute_can_neither_be_set_nor_cleared(workspace, people, key):
    before = everything(workspace)
    with pytest.raises(Refused):
        start(workspace, "test", Action.set(key, "x"), Selection.of_filter(None))
    with contextlib.suppress(Refused):
        start(workspace, "test", Action.clear(key), Selection.of_filter(None))
    assert everything(workspace) == before


@pytest.mark.parametrize("value", [None, "", "  ", float("nan"), float("inf"), "x" * 1025, [1], 2**64])
def test_values_outside_the_limits_are_refused(workspace, people, value):
    with pytest.raises(Refused):
        start(workspace, "test", Action.set("plan", value), Selection.of_filter(None))


def test_a_broken_filter_is_refused(workspace, people, news):
    with pytest.raises(FilterError):
        start(workspace, "test", Action.join([news.id]), Selection.of_filter(Condition("no such", "is", ("x",))))


HOSTILE = ["it's", '"', "$", "a.b", "$.x", "ключ", "\\", "%s", "a]b[", "'; DROP TABLE people_person; --"]


@pytest.mark.parametrize("key", HOSTILE)
def test_hostile_names_and_values_are_only_names_and_values(workspace, people, key):
    everybody = Selection.of_filter(None)
    start(workspace, "test", Action.set(key, key), everybody)
    assert {p.attributes[key] for p in Person.objects.filter(workspace=workspace)} == {key}
    assert preview(workspace, Action.set(key, key), everybody) == [Effect(0, 7)]
    assert_whole(workspace)
    start(workspace, "test", Action.clear(key), everybody)
    assert not any(key in p.attributes for p in Person.objects.filter(workspace=workspace))
    assert_whole(workspace)


@pytest.mark.parametrize("value", [value for value in VALUES if value != ""], ids=repr)
def test_the_preview_of_setting_a_value_comes_true(workspace, value):
    for held in VALUES:
        make_person(workspace, **({} if held == "" else {"x": held}))
    selection = Selection.of_filter(All())
    (effect,) = preview(workspace, Action.set("x", value), selection)
    assert (effect.already, effect.other) == (1, len(VALUES) - 2)
    operation = start(workspace, "test", Action.set("x", value), selection)
    assert (operation.result["changed"], operation.result["already"]) == (effect.changes, effect.already)
    assert preview(workspace, Action.set("x", value), selection) == [Effect(0, len(VALUES))]
    assert preview(workspace, Action.clear("x"), selection) == [Effect(len(VALUES), 0, 0)]


def test_previews_tell_what_would_happen_and_do_nothing(workspace, people, news, sales):
    put_in(workspace, "test", [news.id], people[:2])
    start(workspace, "test", Action.ban(), Selection.of_ids(people[:1]))
    before, everybody = everything(workspace), Selection.of_filter(None)
    assert preview(workspace, Action.join([news.id, sales.id]), everybody) == [
        Effect(5, 2, segment_id=news.id),
        Effect(7, 0, segment_id=sales.id),
    ]
    assert preview(workspace, Action.leave([news.id]), everybody) == [Effect(2, 5, segment_id=news.id)]
    assert preview(workspace, Action.set("plan", "pro"), everybody) == [Effect(4, 3, 2)]
    assert preview(workspace, Action.set("default_name", "Name 1"), everybody) == [Effect(6, 1, 6)]
    assert preview(workspace, Action.set("unheard of", 1), everybody) == [Effect(7, 0)]
    assert preview(workspace, Action.clear("plan"), everybody) == [Effect(5, 2)]
    assert preview(workspace, Action.ban(), everybody) == [Effect(6, 1)]
    assert preview(workspace, Action.unban(), everybody) == [Effect(1, 6)]
    assert preview(workspace, Action.delete(), Selection.of_filter(PRO)) == [Effect(3, 0)]
    assert everything(workspace) == before


def test_selections_travel_as_json(people):
    some = [to_public(row_id) for row_id in people[:2]]
    for data in ({"ids": some}, {"filter": None, "except": some}, {"filter": {"all": []}, "except": []}):
        assert Selection.from_json(data).to_json() == data
    assert Selection.from_json({"filter": None}) == Selection.of_filter(None)
    assert Selection.from_json({"ids": ["nonsense", some[0]]}) == Selection.of_ids(people[:1])


@pytest.mark.parametrize(
    "data", [None, [], {}, {"ids": [], "filter": None}, {"ids": "x"}, {"ids": [1]}, {"filter": {}}, {"except": []}]
)
def test_what_is_no_selection_is_refused(data):
    with pytest.raises(FilterError, match="selection"):
        Selection.from_json(data)


def test_a_segment_that_a_rule_fills_is_refused(workspace):
    make_person(workspace)
    by_rule = create_rule(workspace, "Adas", Condition("default_name", "contains", ("Ada",)), "test")
    with pytest.raises(Refused, match="“Adas” keeps itself up to date"):
        segment_names(workspace, [by_rule.id])
