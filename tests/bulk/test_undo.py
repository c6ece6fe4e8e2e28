"""Undo puts back what was, leaves alone who was edited since, and can be undone itself."""

import datetime as dt

import pytest

from coterie.audience.audience import audience_of
from coterie.audience.models import Attribute
from coterie.audience.saved import save
from coterie.audience.tree import Condition
from coterie.audience.view import View
from coterie.bulk.actions import Action
from coterie.bulk.selection import Selection
from coterie.bulk.start import start, undo
from coterie.chats.models import Chat, Message
from coterie.core.clock import now
from coterie.jobs.control import NotPossible
from coterie.jobs.crowds import skipped
from coterie.journal.models import JournalEntry, Operation
from coterie.people.models import Person
from coterie.segments.growth import Growth, growth
from coterie.segments.membership import sizes
from coterie.segments.models import Membership, Segment
from coterie.segments.rules import create_rule
from coterie.transfers.importer import import_file
from coterie.transfers.wishes import Wishes
from tests.bulk.checking import assert_whole, everything
from tests.makers import make_person, put_in, take_out

EVERYBODY = Selection.of_filter(None)


@pytest.fixture(params=["join", "leave", "set", "set number", "clear", "ban", "unban", "delete"])
def action(request, workspace, people, news, sales):
    """Each action, in a world where some people have it already."""
    put_in(workspace, "test", [news.id], people[:4])
    start(workspace, "test", Action.ban(), Selection.of_ids(people[2:5]))
    return {
        "join": Action.join([news.id, sales.id]),
        "leave": Action.leave([news.id, sales.id]),
        "set": Action.set("plan", "pro"),
        "set number": Action.set("plan", 1),
        "clear": Action.clear("plan"),
        "ban": Action.ban(),
        "unban": Action.unban(),
        "delete": Action.delete(),
    }[request.param]


def test_undo_puts_everything_back(workspace, action, small_steps):
    before = everything(workspace)
    operation = start(workspace, "test", action, EVERYBODY)
    after = everything(workspace)
    assert after != before
    assert_whole(workspace)
    undoing = undo(workspace, "member:2", operation.id)
    assert everything(workspace) == before
    assert_whole(workspace)
    assert (undoing.kind, undoing.state, undoing.undo_of, undoing.actor) == ("undo", "done", operation.id, "member:2")
    assert (undoing.result["changed"], undoing.result["skipped"]) == (operation.people, 0)
    operation.refresh_from_db()
    assert (operation.state, operation.undone_by) == ("undone", undoing.id)


def test_undo_of_an_undo_does_it_again_and_so_on(workspace, action, small_steps):
    before = everything(workspace)
    operation = start(workspace, "test", action, EVERYBODY)
    after = everything(workspace)
    first = undo(workspace, "test", operation.id)
    redone = undo(workspace, "test", first.id)
    assert everything(workspace) == after
    assert_whole(workspace)
    operation.refresh_from_db()
    assert (operation.state, operation.undone_by) == ("done", None)
    again = undo(workspace, "test", operation.id)
    assert everything(workspace) == before
    assert again.result["skipped"] == 0
    undo(workspace, "test", again.id)
    assert everything(workspace) == after
    with pytest.raises(NotPossible, match="undone already"):
        undo(workspace, "test", first.id)
    assert_whole(workspace)
    assert redone.undo_of == first.id


def test_operations_are_undone_in_any_order_that_does_not_overlap(workspace, people, plan):
    start_plan = plan()
    first = start(workspace, "test", Action.set("plan", "a"), EVERYBODY)
    second = start(workspace, "test", Action.set("plan", "b"), Selection.of_ids(people[:2]))
    undo(workspace, "test", second.id)
    assert plan() == ["a"] * 7
    assert undo(workspace, "test", first.id).result["skipped"] == 0
    assert plan() == start_plan
    assert_whole(workspace)


def test_a_later_operation_that_is_in_effect_is_not_overwritten(workspace, people, plan):
    first = start(workspace, "test", Action.set("plan", "a"), EVERYBODY)
    second = start(workspace, "test", Action.set("plan", "b"), Selection.of_ids(people[:2]))
    undoing = undo(workspace, "test", first.id)
    assert plan() == ["b", "b", None, "pro", "free", None, "pro"]
    assert (undoing.result["skipped"], skipped(undoing)) == (2, people[:2])
    assert undo(workspace, "test", second.id).result["skipped"] == 0
    assert plan()[:2] == ["a", "a"]
    assert_whole(workspace)


# Somebody whom the action changes, and an edit of the same thing.
EDITS = {
    "join": (5, lambda w, person, news, say: take_out(w, "member:9", [news.id], [person])),
    "leave": (0, lambda w, person, news, say: put_in(w, "member:9", [news.id], [person])),
    "set": (1, lambda w, person, news, say: say("u1", plan="edited")),
    "set number": (1, lambda w, person, news, say: say("u1", plan="edited")),
    "clear": (1, lambda w, person, news, say: say("u1", plan="edited")),
    "ban": (0, lambda w, person, news, say: start(w, "member:9", Action.unban(), Selection.of_ids([person]))),
    "unban": (2, lambda w, person, news, say: start(w, "member:9", Action.ban(), Selection.of_ids([person]))),
    "delete": (1, lambda w, person, news, say: say("u1", plan="edited")),
}


def test_who_was_edited_since_is_left_alone_and_listed(request, workspace, action, people, news, chat, small_steps):
    number, edit = EDITS[request.node.callspec.params["action"]]
    edited, before = people[number], everything(workspace)
    operation = start(workspace, "test", action, EVERYBODY)
    edit(workspace, edited, news, chat)
    mine = everything(workspace)
    undoing = undo(workspace, "test", operation.id)
    assert (undoing.state, undoing.result["skipped"], skipped(undoing)) == ("done", 1, [edited])
    after = everything(workspace)
    assert after["people"].get(edited) == mine["people"].get(edited)
    assert ((news.id, edited) in after["memberships"]) == ((news.id, edited) in mine["memberships"])
    for person_id in set(people) - {edited}:
        assert after["people"][person_id] == before["people"][person_id]
    others = [[pair for pair in world["memberships"] if pair[1] != edited] for world in (before, after)]
    assert others[0] == others[1]
    assert_whole(workspace)


def test_an_edit_of_something_else_is_no_obstacle(workspace, people, plan, chat, news):
    operation = start(workspace, "test", Action.set("plan", "x"), EVERYBODY)
    chat("u0", city="Oslo")
    put_in(workspace, "test", [news.id], people)
    start(workspace, "test", Action.ban(), EVERYBODY)
    assert undo(workspace, "test", operation.id).result["skipped"] == 0
    assert plan() == ["pro", "free", None, "pro", "free", None, "pro"]
    assert Person.objects.get(workspace=workspace, id=people[0]).attributes["city"] == "Oslo"


def test_an_edit_back_to_the_same_value_counts_as_an_edit(workspace, people, plan, chat):
    operation = start(workspace, "test", Action.set("plan", "x"), EVERYBODY)
    chat("u0", plan="y")
    chat("u0", plan="x")
    assert skipped(undo(workspace, "test", operation.id)) == people[:1]
    assert plan()[0] == "x"


def test_an_edit_back_to_what_was_before_counts_as_an_edit_too(workspace, people, plan, chat):
    operation = start(workspace, "test", Action.set("plan", "x"), EVERYBODY)
    chat("u0", plan="pro")
    undoing = undo(workspace, "test", operation.id)
    assert undoing.result == {"changed": 6, "already": 0, "skipped": 1}


def test_deleted_people_come_back_with_chats_addresses_and_segments(workspace, people, news, sales, chat, channel):
    put_in(workspace, "test", [news.id, sales.id], people)
    spoken = Chat.objects.filter(workspace=workspace).count(), Message.objects.filter(workspace=workspace).count()
    before = everything(workspace)
    joined = list(Membership.objects.filter(workspace=workspace).order_by("pk").values_list("joined_at", flat=True))
    operation = start(workspace, "test", Action.delete(), EVERYBODY)
    assert everything(workspace) == {"people": {}, "identities": [], "memberships": []}
    undo(workspace, "test", operation.id)
    assert everything(workspace) == before
    assert (
        list(Membership.objects.filter(workspace=workspace).order_by("pk").values_list("joined_at", flat=True))
        == joined
    )
    assert (
        Chat.objects.filter(workspace=workspace).count(),
        Message.objects.filter(workspace=workspace).count(),
    ) == spoken
    assert chat("u3") == people[3]
    assert_whole(workspace)


def test_deleted_people_come_back_without_segments_that_are_gone(workspace, people, news):
    put_in(workspace, "test", [news.id], people)
    operation = start(workspace, "test", Action.delete(), EVERYBODY)
    Segment.objects.filter(workspace=workspace, id=news.id).delete()
    assert undo(workspace, "test", operation.id).people == 7
    assert not Membership.objects.filter(workspace=workspace).exists()
    assert_whole(workspace)


def test_nobody_goes_back_into_a_segment_that_is_gone(workspace, people, news):
    put_in(workspace, "test", [news.id], people)
    operation = start(workspace, "test", Action.leave([news.id]), EVERYBODY)
    Segment.objects.filter(workspace=workspace, id=news.id).delete()
    assert skipped(undo(workspace, "test", operation.id)) == people
    assert_whole(workspace)


def imported(workspace, tmp_path, text, segment=None):
    path = tmp_path / "people.csv"
    path.write_text(text)
    wishes = Wishes(segments=(segment.id,) if segment else ())
    import_file(workspace, path, "member:1", wishes)
    return Operation.objects.filter(workspace=workspace, kind="import").latest("started_at")


def test_deleting_and_bringing_back_count_as_leaving_and_joining(workspace, people, news, tmp_path):
    put_in(workspace, "test", [news.id], people)
    made = imported(workspace, tmp_path, "User ID\nn1\nn2\n", news)
    assert growth(workspace, [news.id])[news.id] == Growth(9, 0)
    gone = start(workspace, "test", Action.delete(), Selection.of_ids(people[:3]))
    undo(workspace, "test", made.id)
    assert growth(workspace, [news.id])[news.id] == Growth(9, 5)
    undo(workspace, "test", gone.id)
    assert growth(workspace, [news.id])[news.id] == Growth(12, 5)
    assert sizes(workspace, [news.id]) == {news.id: 7}


def test_an_import_is_undone_with_the_people_it_made(workspace, people, news, tmp_path, small_steps):
    before = everything(workspace)
    rows = "".join(f"n{number},new{number}@b.c,x\n" for number in range(5))
    operation = imported(workspace, tmp_path, f"User ID,Email,plan\nu0,,team\nu2,u2@b.c,\n{rows}n1,,twice\n", news)
    after = everything(workspace)
    assert Person.objects.filter(workspace=workspace).count() == 12
    first = undo(workspace, "test", operation.id)
    assert everything(workspace) == before
    assert first.result["skipped"] == 0
    assert_whole(workspace)
    undo(workspace, "test", first.id)
    assert everything(workspace) == after
    assert_whole(workspace)
    undo(workspace, "test", operation.id)
    assert everything(workspace) == before


def attributes(workspace):
    return dict(Attribute.objects.filter(workspace=workspace, scope="person").values_list("key", "type"))


def test_attributes_that_an_import_made_go_and_come_with_its_undo(workspace, people, tmp_path, small_steps):
    hostile = "=cmd|'/c calc'!A0 <script>"
    before = attributes(workspace)
    text = f"User ID,plan,size,{hostile}\n" + "".join(f"n{number},pro,{number},x\n" for number in range(5))
    path = tmp_path / "people.csv"
    path.write_text(text)
    made = import_file(workspace, path, "test", Wishes(types={"size": "number"}))
    operation = Operation.objects.get(id=made.operation_id)
    after = attributes(workspace)
    assert after == before | {"size": "number", hostile: "text"}
    for _ in range(2):
        taken_back = undo(workspace, "test", operation.id)
        assert attributes(workspace) == before
        assert audience_of(workspace).catalogue.get("size") is None
        operation = undo(workspace, "test", taken_back.id)
        assert attributes(workspace) == after
        audience = audience_of(workspace)
        assert Selection.of_filter(Condition("size", "gt", ("1",))).count(audience) == 3
    assert_whole(workspace)


def test_attributes_of_an_import_that_somebody_has_or_names_stay(workspace, people, chat, tmp_path, admin, small_steps):
    keys = ["had", "ruled", "viewed", "shown", "labelled", "lost"]
    path = tmp_path / "people.csv"
    path.write_text(f"User ID,{','.join(keys)}\nn1,1,2,3,4,5,6\nn2,1,2,3,4,5,6\n")
    made = import_file(workspace, path, "test").operation_id
    chat("u1", had="yes")
    create_rule(workspace, "Ruled", Condition("ruled", "is_set"), "test")
    member = workspace.members.get(user=admin)
    save(member, "View", View(children=(Condition("viewed", "is_set"),)), shared=False)
    member.preferences = {"columns": ["shown"]}
    member.save()
    Attribute.objects.filter(workspace=workspace, key="labelled").update(label="Ours")
    undo(workspace, "test", made)
    assert not attributes(workspace).keys() & {"lost"}
    assert attributes(workspace).keys() >= set(keys) - {"lost"}


def test_people_of_an_import_who_did_something_since_stay_as_they_are(workspace, channel, chat, tmp_path, small_steps):
    operation = imported(workspace, tmp_path, "User ID,Email,plan\nn0,a@b.c,x\nn1,b@b.c,x\nn2,c@b.c,x\n")
    stayed = chat("n1")
    undoing = undo(workspace, "test", operation.id)
    (person,) = Person.objects.filter(workspace=workspace)
    assert (person.id, person.attributes["plan"], person.attributes["default_email"]) == (stayed, "x", "b@b.c")
    assert skipped(undoing) == [stayed]
    assert_whole(workspace)


def test_an_undo_is_one_operation_in_the_journal(workspace, people):
    operation = start(workspace, "test", Action.set("plan", "x"), EVERYBODY)
    undoing = undo(workspace, "member:3", operation.id)
    entries = JournalEntry.objects.filter(workspace=workspace, operation_id=undoing.id)
    assert (entries.count(), set(entries.values_list("actor", flat=True))) == (7, {"member:3"})
    assert undoing.label == "Undo: Set plan of 7 people to x"


def test_undo_ends_after_thirty_days(workspace, people, plan):
    operation = start(workspace, "test", Action.set("plan", "x"), EVERYBODY)
    assert operation.undo_until - now() > dt.timedelta(days=29)
    Operation.objects.filter(workspace=workspace).update(undo_until=now() - dt.timedelta(seconds=1))
    with pytest.raises(NotPossible, match="30 days"):
        undo(workspace, "test", operation.id)
    assert plan() == ["x"] * 7


def test_what_changed_nothing_has_nothing_to_undo(workspace, people):
    operation = start(workspace, "test", Action.unban(), EVERYBODY)
    with pytest.raises(NotPossible, match="nothing to undo"):
        undo(workspace, "test", operation.id)


def test_operations_of_another_workspace_are_not_there(workspace, other_workspace, people):
    theirs = make_person(other_workspace)
    operation = start(other_workspace, "test", Action.ban(), Selection.of_ids([theirs.id]))
    for operation_id in (operation.id, 5):
        with pytest.raises(NotPossible, match="no such operation"):
            undo(workspace, "test", operation_id)
    assert Person.objects.get(workspace=other_workspace).banned


def test_saving_from_the_page_can_be_undone(workspace, people, news):
    operation = start(workspace, "member:1", Action.join([news.id]), Selection.of_ids(people))
    assert undo(workspace, "test", operation.id).people == 7
    assert not Membership.objects.filter(workspace=workspace).exists()
    assert_whole(workspace)
