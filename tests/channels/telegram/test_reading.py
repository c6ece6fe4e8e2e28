"""What Telegram's updates mean for people."""

import datetime as dt

import pytest

from coterie.channels.models import RawEvent, State
from coterie.channels.registry import KINDS
from coterie.channels.setup import make
from coterie.chats.models import Message
from coterie.core.clock import UTC
from coterie.people.models import Person
from tests.channels.telegram.conftest import AT, MAYA, SECRET, message, pressed, update

# How a platform's words are read. That all databases keep them alike is told by tests/channels/test_platforms.py.
pytestmark = pytest.mark.one_database
WHEN = dt.datetime.fromtimestamp(AT, UTC)
KNOWN = {
    "default_source": "telegram",
    "default_name": "Maya Ortiz",
    "default_username": "mayao",
    "default_language": "Portuguese",
}


def only_person(channel):
    return Person.objects.get(workspace_id=channel.workspace_id)


def messages(channel):
    rows = Message.objects.filter(workspace_id=channel.workspace_id).order_by("at", "id")
    return [(row.native_id, row.sender, row.text) for row in rows]


def test_a_message_makes_a_person_and_a_chat(telegram, channel, work_off):
    telegram(channel, update(message=message()))
    work_off()
    person = only_person(channel)
    assert (person.user_id, person.attributes) == ("telegram:5550001", KNOWN)
    assert (person.last_seen, person.created_at, person.chats) == (WHEN, WHEN, 1)
    assert messages(channel) == [("5550001:12", "user", "hello")]


def test_a_link_tells_where_somebody_came_from(telegram, channel, work_off):
    telegram(channel, update(message=message("/start spring-sale")))
    telegram(channel, update(900002, message=message("/start", 13, AT + 5)))
    telegram(channel, update(900003, message=message("start something", 14, AT + 6)))
    work_off()
    assert only_person(channel).attributes == {**KNOWN, "default_referrer": "spring-sale"}


def test_a_pressed_button_is_a_message(telegram, channel, work_off):
    telegram(channel, update(callback_query=pressed()))
    telegram(channel, update(900002, callback_query=pressed("no", id="2")))
    work_off()
    assert [text for *_, text in messages(channel)] == ["Yes, please", "no"]
    assert only_person(channel).chats == 1


def test_whoever_writes_to_a_business_is_a_person(telegram, channel, work_off):
    telegram(channel, update(business_message=message(business_connection_id="b")))
    work_off()
    assert only_person(channel).chats == 1


HELD = [
    ({"caption": "my cat", "photo": [{"file_id": "a", "file_unique_id": "b", "width": 1, "height": 1}]}, "my cat"),
    ({"photo": [{"file_id": "a", "file_unique_id": "b", "width": 1, "height": 1}]}, "photo"),
    ({"document": {"file_id": "a", "file_unique_id": "b", "file_name": "receipt.pdf"}}, "receipt.pdf"),
    ({"location": {"latitude": 52.2, "longitude": 21.0}}, "location"),
    ({"dice": {"emoji": "🎲", "value": 3}}, "🎲"),
]


@pytest.mark.parametrize(("held", "words"), HELD)
def test_what_is_no_text_is_a_message_all_the_same(telegram, channel, work_off, held, words):
    telegram(channel, update(message=message(None, **held)))
    work_off()
    assert [text for *_, text in messages(channel)] == [words]


def test_a_shared_number_is_the_person_s_own_only_if_it_says_so(telegram, channel, work_off):
    theirs = {"phone_number": "+48500100200", "first_name": "Jo", "user_id": 77}
    telegram(channel, update(message=message(None, contact=theirs)))
    telegram(channel, update(900002, message=message(None, 13, contact={"phone_number": "+1", "first_name": "Al"})))
    work_off()
    assert "phone" not in only_person(channel).attributes
    telegram(channel, update(900003, message=message(None, 14, AT + 9, contact={**theirs, "user_id": MAYA["id"]})))
    work_off()
    assert only_person(channel).attributes["phone"] == "+48500100200"


CHANNEL = {"id": -100, "type": "channel", "title": "News"}
BOT = {**MAYA, "id": 9, "is_bot": True}
MEMBER = {"chat": message()["chat"], "from": MAYA, "date": AT, "old_chat_member": {"user": BOT, "status": "member"}}
KEPT = {
    "an edit": {"edited_message": message(edit_date=AT + 5)},
    "a post in a channel": {"channel_post": {"message_id": 1, "date": AT, "chat": CHANNEL, "text": "x"}},
    "an administrator in hiding": {"message": message(sender_chat=CHANNEL)},
    "another bot": {"message": message(**{"from": BOT})},
    "the owner of a business": {"business_message": message(**{"from": {**MAYA, "id": 42}})},
    "somebody who joins": {"message": message(None, new_chat_members=[MAYA])},
    "blocked": {"my_chat_member": {**MEMBER, "new_chat_member": {"user": BOT, "status": "kicked", "until_date": 0}}},
    "a search": {"inline_query": {"id": "1", "from": MAYA, "query": "x", "offset": ""}},
}


@pytest.mark.parametrize("fields", KEPT.values(), ids=KEPT.keys())
def test_what_no_human_said_to_the_bot_is_kept_and_makes_nobody(telegram, channel, work_off, fields):
    assert telegram(channel, update(**fields)).status_code == 200
    work_off()
    assert not Person.objects.filter(workspace_id=channel.workspace_id).exists()
    raw = RawEvent.objects.get(workspace_id=channel.workspace_id)
    assert (raw.state, raw.note[:6]) == (State.DONE, "Kept; ")
    assert ("blocked" in raw.note) == ("my_chat_member" in fields)


@pytest.mark.parametrize("data", [{}, {"update_id": 1}, {"update_id": [1], "message": 5}, {"update_id": 1, "new": {}}])
def test_unknown_updates_are_kept(telegram, channel, work_off, data):
    assert telegram(channel, data).status_code == 200
    work_off()
    assert RawEvent.objects.get(workspace_id=channel.workspace_id).state == State.DONE


def test_an_edit_of_a_message_is_no_new_chat(telegram, channel, work_off):
    telegram(channel, update(message=message()))
    telegram(channel, update(900002, edited_message=message("hello!", edit_date=AT + 9000)))
    work_off()
    assert (only_person(channel).last_seen, only_person(channel).chats) == (WHEN, 1)
    assert [text for *_, text in messages(channel)] == ["hello"]


def test_empty_fields_overwrite_nothing(telegram, channel, work_off):
    telegram(channel, update(message=message()))
    thin = {"id": MAYA["id"], "is_bot": False, "first_name": "", "username": ""}
    telegram(channel, update(900002, message=message("x", 13, AT + 5, **{"from": thin})))
    work_off()
    assert only_person(channel).attributes == KNOWN


def test_two_workspaces_have_each_their_own_person(telegram, channel, other_workspace, work_off):
    theirs = make(other_workspace, "test", KINDS["telegram"], "Bot", {"secret": SECRET})
    telegram(channel, update(message=message("ours")))
    telegram(theirs, update(message=message("theirs")))
    work_off()
    assert [text for *_, text in messages(channel)] == ["ours"]
    assert [text for *_, text in messages(theirs)] == ["theirs"]


def test_a_business_s_chat_with_somebody_is_not_the_bot_s_chat_with_them(telegram, channel, work_off):
    """Both count their messages from 1."""
    telegram(channel, update(1, message=message("to the bot")))
    telegram(channel, update(2, business_message=message("to the shop", business_connection_id="b")))
    work_off()
    said = Message.objects.filter(workspace_id=channel.workspace_id)
    assert sorted(row.text for row in said) == ["to the bot", "to the shop"]
    assert only_person(channel).chats == 2
