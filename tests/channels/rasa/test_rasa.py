"""Rasa: the secret, names for everybody, and what tracker events mean for people."""

import datetime as dt

import pytest

from coterie.channels.models import RawEvent, State, Traffic
from coterie.channels.registry import KINDS
from coterie.channels.setup import make
from coterie.chats.models import Chat, Message, Sender
from coterie.core.clock import UTC
from coterie.people.models import Person
from tests.channels.rasa.conftest import AT, SECRET, event, user

# How a platform's words are read. That all databases keep them alike is told by tests/channels/test_platforms.py.
pytestmark = pytest.mark.one_database
WHEN = dt.datetime.fromtimestamp(AT, UTC)
KNOWN = {
    "default_source": "rasa",
    "default_email": "maya.ortiz@example.com",
    "default_language": "English",
    "default_url": "https://shop.example/orders",
}


def only_person(channel):
    return Person.objects.get(workspace_id=channel.workspace_id)


def stored(channel):
    return list(RawEvent.objects.filter(workspace_id=channel.workspace_id).order_by("id"))


def messages(channel):
    rows = Message.objects.filter(workspace_id=channel.workspace_id).exclude(sender=Sender.EVENT).order_by("at")
    return [(row.sender, row.text) for row in rows]


@pytest.mark.parametrize("value", [None, "", "Bearer", "Bearer wrong", SECRET, "Basic YTpi", "Bearer é"])
def test_a_wrong_secret_is_refused_and_not_stored(rasa, channel, value):
    assert rasa(channel, user(), {} if value is None else {"Authorization": value}).status_code == 401
    assert stored(channel) == []
    assert Traffic.objects.get(workspace_id=channel.workspace_id).refused == 1


def test_words_make_a_person_and_a_chat(rasa, channel, work_off):
    for _ in range(2):
        assert rasa(channel, user()).status_code == 200
    work_off()
    person = only_person(channel)
    assert person.user_id == f"rasa:{channel.public_id}:web-4411"
    assert person.attributes == KNOWN
    assert (person.last_seen, person.created_at, person.chats) == (WHEN, WHEN, 1)
    assert messages(channel) == [(Sender.USER, "where is my order")]
    assert Chat.objects.get(workspace_id=channel.workspace_id).attributes == {"ab": "B"}


def test_a_broker_may_send_a_list(rasa, channel, work_off):
    assert rasa(channel, [user(), event("bot", AT + 1, text="It is on its way."), 5]).status_code == 200
    work_off()
    assert messages(channel) == [(Sender.USER, "where is my order"), (Sender.BOT, "It is on its way.")]
    assert (only_person(channel).last_seen, only_person(channel).chats) == (WHEN, 1)
    assert [raw.state for raw in stored(channel)] == [State.DONE, State.DONE, State.FAILED]


def test_an_endless_list_is_refused(rasa, channel):
    assert rasa(channel, [event("action")] * 1_001).status_code == 400


@pytest.mark.parametrize("sender", ["default", "", None, 5.5, {"a": 1}])
def test_nobody_is_called_default(rasa, channel, work_off, sender):
    assert rasa(channel, user(sender_id=sender)).status_code == 200
    work_off()
    assert not Person.objects.filter(workspace_id=channel.workspace_id).exists()
    assert [(raw.state, "sender_id" in raw.note) for raw in stored(channel)] == [(State.FAILED, True)]


def test_slots_are_what_the_bot_learned(rasa, channel, work_off):
    rasa(channel, user())
    slots = {"customer_name": "Maya Ortiz", "size": 42, "city": "Paris", "empty": None, "default_ip": "203.0.113.9"}
    for number, (name, value) in enumerate(slots.items()):
        rasa(channel, event("slot", AT + number, name=name, value=value))
    rasa(channel, event("slot", AT + 9, name="requested_slot", value="size"))
    rasa(channel, event("slot", AT + 10, name="email", value=""))
    work_off()
    person = only_person(channel)
    assert person.attributes == {**KNOWN, "default_name": "Maya Ortiz", "size": 42, "city": "Paris"}
    assert (person.last_seen, person.chats) == (WHEN, 1)


KEPT = {
    "an injected intent": user("/session_start"),
    "a reminder": user("EXTERNAL: remind"),
    "a trigger": user(metadata={"is_external": True}),
    "no words": user(None),  # type: ignore[arg-type]
    "a session": event("session_started"),
    "an action": event("action", name="action_listen"),
    "a restart": event("restart"),
    "a picture of the bot": event("bot", text=None, data={"image": "x"}),
    "something new": event("hologram"),
    "an odd event": event(["x"]),  # type: ignore[arg-type]
    "an odd slot": event("slot", name={"a": 1}, value=[{}]),
    "nothing": {},
}


@pytest.mark.parametrize("data", KEPT.values(), ids=KEPT.keys())
def test_what_nobody_said_is_kept_and_makes_nobody(rasa, channel, work_off, data):
    assert rasa(channel, data).status_code == 200
    work_off()
    assert not Person.objects.filter(workspace_id=channel.workspace_id).exists()
    assert [(raw.state, raw.note[:6]) for raw in stored(channel)] == [(State.DONE, "Kept; ")]


def test_two_assistants_may_call_two_people_the_same(rasa, channel, workspace, other_workspace, work_off):
    second = make(workspace, "test", KINDS["rasa"], "Second", {"secret": SECRET})
    theirs = make(other_workspace, "test", KINDS["rasa"], "Theirs", {"secret": SECRET})
    for one in (channel, second, theirs):
        rasa(one, user(one.name))
    work_off()
    assert Person.objects.filter(workspace=workspace).count() == 2
    assert messages(theirs) == [(Sender.USER, "Theirs")]
