"""Merging two people and taking them apart again, case by case."""

import pytest

from coterie.audience.audience import audience_of
from coterie.audience.tree import Condition
from coterie.bulk.actions import Action
from coterie.bulk.selection import Selection
from coterie.bulk.start import start, undo
from coterie.channels.linking import link
from coterie.chats.models import Chat
from coterie.journal.models import JournalEntry, Operation
from coterie.merging.merge import NotPossible, merge
from coterie.merging.split import merged_into, split
from coterie.people.finding import find_person, moved_to, survivor_of
from coterie.people.models import Person, Share
from coterie.profile import notes
from coterie.profile.models import Note
from coterie.segments.models import Membership
from coterie.segments.rules import create_rule
from coterie.segments.settle import settle
from tests.bulk.checking import assert_whole
from tests.merging.world import World, public


@pytest.fixture
def world(database: str) -> World:
    """Ada and Bo, who are the same human: Ada is in News, Bo in Sales."""
    found = World()
    found.say("ada", 0, attributes={"default_name": "Ada", "plan": "pro"}, segments={"add": ["News"]})
    found.say("bo", 5, 1, attributes={"default_name": "Bo", "size": 3}, segments={"add": ["Sales"]})
    return found


def put_together(world: World, *chosen: str) -> None:
    merge(world.workspace, "member:1", world.person("ada").id, world.person("bo").id, set(chosen))


def take_apart(world: World) -> None:
    survivor = world.person("ada").id
    (share,) = merged_into(world.workspace, survivor)
    split(world.workspace, "member:1", survivor, share.id)


def entries(world: World, kind: str) -> list[JournalEntry]:
    return list(JournalEntry.objects.filter(workspace=world.workspace, kind=kind).order_by("revision"))


def test_the_survivor_has_what_both_had(world):
    put_together(world)
    (found,) = world.everything().values()
    assert found["attributes"] == {
        **{"default_name": "Ada", "default_source": "api", "plan": "pro"},
        "size": 3,
    }
    assert (found["chats"], found["segments"]) == (2, ["News", "Sales"])
    assert [address[:2] for address in found["identities"]] == [(0, "ada"), (1, "bo")]
    assert len(found["said"]) == 2
    assert_whole(world.workspace)


def test_the_member_chooses_whose_value_wins(world):
    put_together(world, "default_name")
    assert world.person("ada").attributes["default_name"] == "Bo"
    take_apart(world)
    assert world.person("ada").attributes["default_name"] == "Ada"


def test_the_old_address_leads_to_the_survivor_until_they_are_taken_apart(world):
    ada, bo = world.person("ada"), world.person("bo")
    assert moved_to(world.workspace.pk, public(bo)) is None
    put_together(world)
    assert find_person(world.workspace.pk, public(bo)) == ada.id
    assert find_person(world.workspace.pk, public(ada)) == ada.id
    assert moved_to(world.workspace.pk, public(bo)) == public(ada)
    take_apart(world)
    assert survivor_of(world.workspace.pk, bo.id) == bo.id


def test_an_id_of_another_workspace_leads_nowhere(world, workspace):
    bo = world.person("bo")
    put_together(world)
    assert survivor_of(workspace.pk, bo.id) == bo.id


def test_messages_for_the_old_address_go_to_the_survivor(world):
    put_together(world)
    receipt = world.say("bo", 90, 1)
    assert receipt.people == {"bo": world.person("ada").id}
    assert world.person("ada").chats == 3


def test_the_old_user_id_on_another_channel_leads_to_the_survivor_too_and_is_theirs_afterwards(world):
    put_together(world)
    world.say("bo", 90, 0)
    assert Person.objects.filter(workspace=world.workspace).count() == 1
    take_apart(world)
    assert [address[0] for address in world.everything()["bo"]["identities"]] == [0, 1]


def test_a_second_id_that_the_other_is_known_by_meanwhile_is_theirs_afterwards(world):
    put_together(world)
    link(world.channels[1], [("anonymous:phone", "bo")])
    world.say("anonymous:phone", 90, 1)
    assert Person.objects.filter(workspace=world.workspace).count() == 1
    take_apart(world)
    assert world.person("bo").chats == 2
    assert len(world.everything()["bo"]["identities"]) == 2


def test_two_who_talk_on_one_channel_at_once_keep_their_chats_apart(world):
    world.say("bo", 4, 0)
    put_together(world)
    world.say("ada", 6, 0)
    world.say("bo", 7, 0)
    chats = Chat.objects.filter(workspace=world.workspace, channel_id=world.channels[0].id)
    assert sorted(chat.messages for chat in chats) == [2, 2]


def test_what_a_member_changed_since_stays_with_the_survivor(world):
    put_together(world)
    world.edit("ada", plan="free", size=None, note="x")
    take_apart(world)
    assert world.person("ada").attributes == {
        **{"default_name": "Ada", "default_source": "api"},
        "plan": "free",
        "note": "x",
    }
    assert world.person("bo").attributes["size"] == 3


def test_a_ban_comes_with_the_other_and_goes_with_them(world):
    start(world.workspace, "test", Action.ban(), Selection.of_ids([world.person("bo").id]))
    put_together(world)
    assert world.person("ada").banned
    take_apart(world)
    assert (world.person("ada").banned, world.person("bo").banned) == (False, True)


def test_a_ban_of_the_whole_stays_with_the_survivor(world):
    put_together(world)
    start(world.workspace, "test", Action.ban(), Selection.of_ids([world.person("ada").id]))
    take_apart(world)
    assert (world.person("ada").banned, world.person("bo").banned) == (True, False)


def test_rules_decide_anew_about_both(world):
    segment = create_rule(world.workspace, "Pro and big", Condition("size", "gt", ("2",)), "member:1")
    settle(world.workspace)

    def members() -> set[int]:
        rows = Membership.objects.filter(workspace=world.workspace, segment_id=segment.id)
        return set(rows.values_list("person_id", flat=True))

    ada, bo = world.person("ada").id, world.person("bo").id
    assert members() == {bo}
    put_together(world)
    settle(world.workspace)
    assert members() == {ada}
    take_apart(world)
    settle(world.workspace)
    assert members() == {bo}
    assert_whole(world.workspace)


def test_notes_come_along_and_go_back_with_other_words(world):
    world.note("ada", "of ada")
    note_id = world.note("bo", "of bo")
    put_together(world)
    ada = world.person("ada")
    assert sorted(note.text for note in Note.objects.filter(workspace=world.workspace, person_id=ada.id)) == [
        "of ada",
        "of bo",
    ]
    notes.edit(world.workspace, "member:1", notes.find(world.workspace, ada.id, note_id), "about bo")
    world.note("ada", "of both")
    take_apart(world)
    found = world.everything()
    assert found["ada"]["notes"] == [("of ada", None), ("of both", None)]
    assert found["bo"]["notes"] == [("about bo", None)]


def test_the_list_counts_them_once(world):
    audience = audience_of(world.workspace)
    assert audience.count(None) == 2
    put_together(world)
    assert audience.count(None) == 1
    take_apart(world)
    assert audience.count(None) == 2


def test_three_of_one_are_taken_apart_in_any_order(world):
    world.say("cy", 9, attributes={"plan": "none", "size": 9})
    before = world.everything()
    ada, bo, cy = (world.person(name).id for name in ("ada", "bo", "cy"))
    merge(world.workspace, "test", ada, bo, set())
    merge(world.workspace, "test", ada, cy, {"plan", "size"})
    assert world.person("ada").attributes["size"] == 9
    split(world.workspace, "test", ada, cy)
    assert (world.person("ada").attributes["plan"], world.person("ada").attributes["size"]) == ("pro", 3)
    split(world.workspace, "test", ada, bo)
    assert world.everything() == before


def test_the_journal_holds_what_is_needed_to_go_back(world):
    bo = world.person("bo")
    put_together(world)
    others, own = entries(world, "merged")
    assert (others.person_id, others.after) == (bo.id, {"into": public(world.person("ada"))})
    assert others.before["attributes"] == bo.attributes
    assert own.after == {"person": public(bo)}
    take_apart(world)
    assert [entry.person_id for entry in entries(world, "split")] == [bo.id, world.person("ada").id]
    kinds = (
        Operation.objects.filter(workspace=world.workspace).order_by("id").values_list("kind", "state", "undo_until")
    )
    assert list(kinds) == [("merge", "done", None), ("split", "done", None)]


def test_nobody_is_merged_with_themselves_or_with_somebody_who_is_not_there(world, workspace):
    ada, bo = world.person("ada").id, world.person("bo").id
    for pair in ((ada, ada), (ada, 1), (1, ada)):
        with pytest.raises(NotPossible):
            merge(world.workspace, "test", *pair, set())
    with pytest.raises(NotPossible):
        merge(workspace, "test", ada, bo, set())
    assert not Share.objects.filter(workspace=world.workspace).exists()


def test_whoever_is_several_already_can_only_stay(world):
    world.say("cy")
    put_together(world)
    with pytest.raises(NotPossible, match="Keep that one instead"):
        merge(world.workspace, "test", world.person("cy").id, world.person("ada").id, set())


def test_taking_apart_twice_says_so(world):
    put_together(world)
    survivor, (share,) = world.person("ada").id, merged_into(world.workspace, world.person("ada").id)
    split(world.workspace, "test", survivor, share.id)
    with pytest.raises(NotPossible, match="not merged"):
        split(world.workspace, "test", survivor, share.id)


def test_deleting_the_whole_and_undoing_it_keeps_them_separable(world):
    before = world.everything()
    put_together(world)
    operation = start(world.workspace, "test", Action.delete(), Selection.of_ids([world.person("ada").id]))
    undo(world.workspace, "test", operation.id)
    take_apart(world)
    assert world.everything() == before
    assert_whole(world.workspace)
