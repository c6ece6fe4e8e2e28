"""Changing one value of a person: as somebody who saw another, once, and never over somebody else's."""

import pytest

from coterie.accounts.models import Workspace
from coterie.audience.models import Attribute
from coterie.chats.models import Chat
from coterie.journal.models import JournalEntry, Kind
from coterie.people.models import Person
from coterie.profile.editing import Gone, Meanwhile, change_session_value, change_value, join, leave, set_banned
from coterie.segments.catalogue import create
from coterie.segments.membership import ByRule
from coterie.segments.models import Membership
from tests.journal.parallel import parallel
from tests.makers import make_person
from tests.segments.ruling import PRO, rule

ME, OTHER = "member:1", "member:2"


def attributes(person: Person) -> dict:
    return Person.objects.get(workspace_id=person.workspace_id, id=person.id).attributes


def entry(workspace: Workspace, revision: int) -> JournalEntry:
    return JournalEntry.objects.get(workspace=workspace, revision=revision)


def test_a_value_is_changed_and_the_journal_says_by_whom_from_what_to_what(workspace, ada):
    (revision,) = change_value(workspace, ME, ada.id, "plan", "free", "pro")
    assert attributes(ada)["plan"] == "pro"
    found = entry(workspace, revision)
    assert (found.kind, found.actor, found.before, found.after) == (Kind.SET, ME, {"plan": "free"}, {"plan": "pro"})


def test_a_value_is_removed(workspace, ada):
    (revision,) = change_value(workspace, ME, ada.id, "plan", "free", None)
    assert "plan" not in attributes(ada)
    assert entry(workspace, revision).kind == Kind.UNSET


def test_sending_the_same_twice_changes_nothing(workspace, ada):
    change_value(workspace, ME, ada.id, "plan", "free", "pro")
    assert change_value(workspace, ME, ada.id, "plan", "free", "pro") == []
    assert attributes(ada)["plan"] == "pro"


@pytest.mark.parametrize("wish", ["gold", None])
def test_what_somebody_else_changed_meanwhile_is_not_overwritten(workspace, ada, wish):
    change_value(workspace, OTHER, ada.id, "plan", "free", "pro")
    with pytest.raises(Meanwhile) as raised:
        change_value(workspace, ME, ada.id, "plan", "free", wish)
    assert raised.value.current == "pro"
    assert attributes(ada)["plan"] == "pro"


def test_another_attribute_is_nobody_s_concern(workspace, ada):
    change_value(workspace, OTHER, ada.id, "default_city", "Oslo", "Bergen")
    change_value(workspace, ME, ada.id, "plan", "free", "pro")
    assert attributes(ada) == ada.attributes | {"default_city": "Bergen", "plan": "pro"}


@pytest.mark.parametrize(("before", "seen"), [(1, True), (0, False), (1, "1"), (True, "true")])
def test_true_is_not_one_and_one_is_no_text(workspace, ada, before, seen):
    change_value(workspace, ME, ada.id, "odd", None, before)
    with pytest.raises(Meanwhile):
        change_value(workspace, ME, ada.id, "odd", seen, "x")


def test_of_two_at_once_one_wins_and_the_other_is_told(workspace, ada):
    outcomes: list[str] = []

    def edit(wish: str) -> None:
        try:
            change_value(workspace, ME, ada.id, "plan", "free", wish)
            outcomes.append(wish)
        except Meanwhile as error:
            outcomes.append(f"told of {error.current}")

    parallel([lambda: edit("a"), lambda: edit("b")])
    winner = attributes(ada)["plan"]
    assert sorted(outcomes) == sorted([winner, f"told of {winner}"])


def test_a_late_message_does_not_overwrite_what_a_member_wrote(workspace, ada, talk):
    change_value(workspace, ME, ada.id, "plan", "free", "pro")
    talk(ada, at=ada.created_at, plan="late")
    assert attributes(ada)["plan"] == "pro"


def test_somebody_of_another_workspace_is_gone(workspace, other_workspace):
    theirs = make_person(other_workspace, plan="free")
    with pytest.raises(Gone):
        change_value(workspace, ME, theirs.id, "plan", "free", "pro")
    with pytest.raises(Gone):
        set_banned(workspace, ME, theirs.id, True)
    assert attributes(theirs) == {"plan": "free"}


def test_a_ban_is_an_entry_and_banning_again_is_none(workspace, ada):
    (revision,) = set_banned(workspace, ME, ada.id, True)
    assert entry(workspace, revision).kind == Kind.BANNED
    assert set_banned(workspace, ME, ada.id, True) == []
    assert Person.objects.get(workspace=workspace, id=ada.id).banned


def test_people_join_and_leave_segments(workspace, ada):
    one, other = create(workspace, "One", ME), create(workspace, "Other", ME)
    assert len(join(workspace, ME, ada.id, [one.id, other.id])) == 2
    assert join(workspace, ME, ada.id, [one.id]) == []
    assert len(leave(workspace, ME, ada.id, one.id)) == 1
    found = Membership.objects.filter(workspace=workspace, person_id=ada.id)
    assert list(found.values_list("segment_id", flat=True)) == [other.id]


def test_nobody_is_put_by_hand_in_what_a_rule_fills(workspace, ada):
    segment = rule(workspace, PRO)
    with pytest.raises(ByRule):
        join(workspace, ME, ada.id, [segment.id])


def chat_of(person: Person) -> Chat:
    return Chat.objects.get(workspace_id=person.workspace_id, person_id=person.id)


def test_what_a_chat_collected_is_corrected_and_the_journal_has_both(workspace, ada, talk):
    talk(ada, session={"order": "FH-1", "bags": 2})
    chat = chat_of(ada)
    (revision,) = change_session_value(workspace, ME, ada.id, chat.id, "order", "FH-1", "FH-2")
    assert chat_of(ada).attributes == {"order": "FH-2", "bags": 2}
    found = entry(workspace, revision)
    assert (found.kind, found.actor) == (Kind.SESSION, ME)
    assert found.before == {"chat": chat.public_id, "values": {"order": "FH-1"}}
    assert found.after == {"chat": chat.public_id, "values": {"order": "FH-2"}}


def test_removing_what_a_chat_collected_counts_one_chat_less(workspace, ada, talk):
    talk(ada, session={"order": "FH-1"})
    change_session_value(workspace, ME, ada.id, chat_of(ada).id, "order", "FH-1", None)
    assert chat_of(ada).attributes == {}
    assert Attribute.objects.get(workspace=workspace, scope="session", key="order").count == 0


def test_a_chat_that_goes_on_meanwhile_is_not_overwritten(workspace, ada, talk):
    talk(ada, session={"order": "FH-1"})
    talk(ada, session={"order": "FH-9"})
    with pytest.raises(Meanwhile) as raised:
        change_session_value(workspace, ME, ada.id, chat_of(ada).id, "order", "FH-1", "FH-2")
    assert raised.value.current == "FH-9"


def test_a_chat_of_somebody_else_is_not_theirs_to_change(workspace, ada, talk):
    bob = make_person(workspace, default_name="Bob")
    talk(bob, session={"order": "FH-1"})
    with pytest.raises(Gone):
        change_session_value(workspace, ME, ada.id, chat_of(bob).id, "order", "FH-1", "FH-2")
    assert chat_of(bob).attributes == {"order": "FH-1"}
