"""Where values come from: the journal tells who or what, when, and with which message."""

from coterie.chats.models import Chat
from coterie.journal.commit import commit
from coterie.journal.models import Kind
from coterie.profile.editing import change_session_value, change_value, set_banned
from coterie.profile.history import (
    banned_by,
    message_behind,
    origins,
    past,
    recent_origins,
    session_past,
)
from tests.makers import make_person

ME = "member:1"


def test_each_value_knows_who_set_it_last(workspace, ada, talk, channel):
    talk(ada, default_language="en")
    change_value(workspace, ME, ada.id, "plan", "free", "pro")
    found = origins(workspace, ada.id)
    assert found["plan"].actor == ME
    assert found["default_language"].actor == f"channel:{channel.public_id}"
    assert found["default_city"].actor == "test"


def test_the_past_of_a_value_has_every_one_newest_first_with_removals(workspace, ada):
    change_value(workspace, ME, ada.id, "plan", "free", "pro")
    change_value(workspace, ME, ada.id, "plan", "pro", None)
    change_value(workspace, ME, ada.id, "default_city", "Oslo", "Bergen")
    assert [former.value for former in past(workspace, ada.id, "plan")] == [None, "pro", "free"]


def test_values_that_came_with_a_new_person_are_known_too(workspace):
    bob = make_person(workspace, default_name="Bob")
    commit(workspace.pk, "token:1", lambda tx: tx.record(bob.id, Kind.CREATED, None, {"default_name": "Bob", "n": 1}))
    assert origins(workspace, bob.id)["n"].actor == "token:1"
    assert [former.value for former in past(workspace, bob.id, "n")] == [1]


def test_the_message_behind_a_value_is_the_one_that_brought_it(workspace, ada, talk):
    talk(ada, "hello")
    talk(ada, "mail me at a@example.com", default_email="a@example.com")
    talk(ada, "bye")
    bob = make_person(workspace, default_name="Bob")
    talk(bob, "somebody else")
    origin = origins(workspace, ada.id)["default_email"]
    assert message_behind(workspace, ada.id, origin).text == "mail me at a@example.com"


def test_no_message_is_behind_what_a_member_wrote(workspace, ada, talk):
    talk(ada)
    change_value(workspace, ME, ada.id, "plan", "free", "pro")
    assert message_behind(workspace, ada.id, origins(workspace, ada.id)["plan"]) is None


def test_a_corrected_value_of_a_chat_knows_what_was_collected(workspace, ada, talk, channel):
    talk(ada, session={"order": "FH-1", "bags": 2})
    chat = Chat.objects.get(workspace=workspace, person_id=ada.id)
    change_session_value(workspace, ME, ada.id, chat.id, "order", "FH-1", "FH-2")
    chat.refresh_from_db()
    assert set(recent_origins(workspace, ada.id, chat)[1]) == {"order"}
    corrected = session_past(workspace, ada.id, chat, "order")
    assert [(former.value, former.origin.actor) for former in corrected] == [
        ("FH-2", ME),
        ("FH-1", f"channel:{channel.public_id}"),
    ]
    assert [former.value for former in session_past(workspace, ada.id, chat, "bags")] == [2]


def test_the_last_ban_counts(workspace, ada):
    assert banned_by(workspace, ada.id) is None
    for actor, banned in ((ME, True), (ME, False), ("member:2", True)):
        set_banned(workspace, actor, ada.id, banned)
    assert banned_by(workspace, ada.id).actor == "member:2"
