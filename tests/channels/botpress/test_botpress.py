"""Botpress: the secret, in a header or in the address, and what messages mean for people."""

import datetime as dt

import pytest

from coterie.channels.models import RawEvent, State, Traffic
from coterie.channels.registry import KINDS
from coterie.channels.setup import make
from coterie.chats.models import Message, Sender
from coterie.core.clock import UTC
from coterie.people.models import Person
from tests.channels.botpress.conftest import SECRET, message, user

# How a platform's words are read. That all databases keep them alike is told by tests/channels/test_platforms.py.
pytestmark = pytest.mark.one_database
WHEN = dt.datetime(2026, 8, 29, 10, 40, tzinfo=UTC)
KNOWN = {
    "default_source": "botpress",
    "default_name": "Maya Ortiz",
    "default_avatar": "https://cdn.example/77.png",
    "default_language": "Polish",
    "default_email": "maya@a.example",
    "plan": "gold",
}
PLAIN = {"type": "text", "text": "hi", "userId": "u-77", "conversationId": "c-12", "messageId": "m-5", "payload": {}}


def only_person(channel):
    return Person.objects.get(workspace_id=channel.workspace_id)


def stored(channel):
    return list(RawEvent.objects.filter(workspace_id=channel.workspace_id).order_by("id"))


def messages(channel):
    rows = Message.objects.filter(workspace_id=channel.workspace_id).exclude(sender=Sender.EVENT).order_by("at")
    return [(row.sender, row.text) for row in rows]


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({}, ""),
        ({"Authorization": "Bearer wrong"}, ""),
        ({"X-BP-Secret": "wrong"}, ""),
        ({}, "?secret=wrong"),
        ({"Authorization": "Bearer wrong"}, f"?secret={SECRET}"),
    ],
)
def test_a_wrong_secret_is_refused_and_not_stored(botpress, channel, headers, query):
    assert botpress(channel, PLAIN, headers, query).status_code == 401
    assert stored(channel) == []
    assert Traffic.objects.get(workspace_id=channel.workspace_id).refused == 1


@pytest.mark.parametrize("body", [PLAIN, message(), {"message": message()}])
def test_each_form_of_a_message_makes_a_person_and_a_chat(botpress, channel, work_off, body):
    for _ in range(2):
        assert botpress(channel, body).status_code == 200
    work_off()
    assert only_person(channel).user_id == f"botpress:{channel.public_id}:u-77"
    assert only_person(channel).chats == 1
    assert messages(channel) == [(Sender.USER, "hi")]
    assert len(stored(channel)) == 1


def test_the_user_beside_the_message_is_known(botpress, channel, work_off):
    botpress(channel, {"message": message(), "user": user()})
    work_off()
    person = only_person(channel)
    assert person.attributes == KNOWN
    assert (person.last_seen, person.created_at) == (WHEN, dt.datetime(2026, 8, 1, 9, tzinfo=UTC))


BY_BOT = [
    (message("hello", "m-6", direction="outgoing"), None, ""),
    ({**PLAIN, "text": "hello", "messageId": "m-6", "botpressMessageId": "x"}, None, ""),
    ({**PLAIN, "text": "hello", "messageId": "m-6"}, {}, f"?secret={SECRET}"),
]


@pytest.mark.parametrize(("body", "headers", "query"), BY_BOT)
def test_what_the_bot_says_moves_nothing(botpress, channel, work_off, body, headers, query):
    botpress(channel, message())
    assert botpress(channel, body, headers, query).status_code == 200
    work_off()
    assert sorted(messages(channel)) == [(Sender.BOT, "hello"), (Sender.USER, "hi")]
    assert (only_person(channel).last_seen, only_person(channel).chats) == (WHEN, 1)


def test_a_changed_user_who_never_chatted_makes_nobody(botpress, channel, work_off):
    botpress(channel, {"user": user()})
    work_off()
    assert not Person.objects.filter(workspace_id=channel.workspace_id).exists()
    botpress(channel, message())
    botpress(channel, {"user": user(updatedAt="2026-08-29T10:50:00Z", name="Maya O.")})
    work_off()
    assert only_person(channel).attributes["default_name"] == "Maya O."
    assert only_person(channel).last_seen == WHEN


KEPT = {
    "no words": message(""),
    "nobody": message(userId=None),
    "something new": message("", type="hologram"),
    "nothing": {},
    "odd": {"message": {"id": [1], "payload": "x", "userId": {}}, "user": 5},
}


@pytest.mark.parametrize("data", KEPT.values(), ids=KEPT.keys())
def test_what_nobody_said_is_kept_and_makes_nobody(botpress, channel, work_off, data):
    assert botpress(channel, data).status_code == 200
    work_off()
    assert not Person.objects.filter(workspace_id=channel.workspace_id).exists()
    assert [(raw.state, raw.note[:6]) for raw in stored(channel)] == [(State.DONE, "Kept; ")]


def test_a_picture_is_a_message(botpress, channel, work_off):
    botpress(channel, message("", type="image"))
    work_off()
    assert messages(channel) == [(Sender.USER, "image")]


def test_empty_fields_overwrite_nothing(botpress, channel, work_off):
    botpress(channel, {"message": message(), "user": user()})
    thin = {"id": "u-77", "name": "", "pictureUrl": None, "tags": {"language": ""}, "properties": None}
    botpress(channel, {"message": message("x", "m-9", "2026-08-29T10:45:00Z"), "user": thin})
    work_off()
    assert only_person(channel).attributes == KNOWN


def test_two_workspaces_have_each_their_own_person(botpress, channel, other_workspace, work_off):
    theirs = make(other_workspace, "test", KINDS["botpress"], "Bot", {"secret": SECRET})
    botpress(channel, message("ours"))
    botpress(theirs, message("theirs"))
    work_off()
    assert (messages(channel), messages(theirs)) == ([(Sender.USER, "ours")], [(Sender.USER, "theirs")])


def test_people_who_say_the_same_twice_are_heard_twice(botpress, channel, work_off):
    """The Messaging form does not say when, and need not have an id."""
    for text in ("yes", "no", "yes"):
        botpress(channel, {"type": "text", "text": text, "userId": "u-77", "conversationId": "c-12", "payload": {}})
    work_off()
    said = Message.objects.filter(workspace_id=channel.workspace_id).order_by("at", "id")
    assert [row.text for row in said] == ["yes", "no", "yes"]
