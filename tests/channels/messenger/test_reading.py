"""What Messenger's events mean for people."""

import datetime as dt

import pytest

from coterie.channels.models import RawEvent, State
from coterie.channels.registry import KINDS
from coterie.channels.setup import make
from coterie.chats.models import Chat, Message, Sender
from coterie.core.clock import UTC
from coterie.people.models import Person
from tests.channels.messenger.conftest import AT, delivery, item, said
from tests.channels.meta import SECRET

# How a platform's words are read. That all databases keep them alike is told by tests/channels/test_platforms.py.
pytestmark = pytest.mark.one_database
WHEN = dt.datetime.fromtimestamp(AT / 1000, UTC)


def only_person(channel):
    return Person.objects.get(workspace_id=channel.workspace_id)


def messages(channel):
    rows = Message.objects.filter(workspace_id=channel.workspace_id).order_by("at")
    return [(row.native_id, row.sender, row.text) for row in rows]


def test_a_message_makes_a_person_and_a_chat(messenger, channel, work_off):
    messenger(channel, delivery(said("héllo")))
    work_off()
    person = only_person(channel)
    assert person.user_id == "facebook:1040:7301"
    assert (person.last_seen, person.created_at, person.chats) == (WHEN, WHEN, 1)
    assert person.attributes == {"default_source": "messenger"}
    assert Chat.objects.get(workspace_id=channel.workspace_id).source == "messenger"
    assert messages(channel) == [("m_A1", Sender.USER, "héllo")]


def test_a_button_and_where_the_person_came_from_are_both_kept(messenger, channel, work_off):
    referral = {"ref": "spring-sale", "source": "ADS", "type": "OPEN_THREAD", "ad_id": "88120"}
    postback = {"mid": "m_B2", "title": "Get started", "payload": "START", "referral": referral}
    messenger(channel, delivery(item(postback=postback)))
    work_off()
    assert messages(channel) == [("m_B2", Sender.USER, "Get started")]
    assert only_person(channel).attributes == {
        "default_source": "messenger",
        "default_referrer": "spring-sale",
        "referral_source": "ADS",
        "referral_type": "OPEN_THREAD",
        "referral_ad_id": "88120",
    }


def test_all_keys_of_an_item_count(messenger, channel, work_off):
    both = item(message={"mid": "m_1", "text": "hi"}, postback={"mid": "m_2", "title": "Go"}, referral={"ref": "flyer"})
    messenger(channel, delivery(both))
    work_off()
    assert sorted(messages(channel)) == [("m_1", Sender.USER, "hi"), ("m_2", Sender.USER, "Go")]
    assert only_person(channel).attributes["default_referrer"] == "flyer"


@pytest.mark.parametrize("act", ["referral", "optin"])
def test_whoever_follows_a_link_was_there_without_chatting(messenger, channel, work_off, act):
    messenger(channel, delivery(item(**{act: {"ref": "poster", "source": "SHORTLINK"}})))
    work_off()
    person = only_person(channel)
    assert (person.last_seen, person.chats) == (WHEN, 0)
    assert person.attributes["default_referrer"] == "poster"


def test_what_the_page_says_is_in_the_chat_but_moves_nothing(messenger, channel, work_off):
    echo = item("1040", "7301", AT + 60_000, message={"mid": "m_E", "text": "hi Maya", "is_echo": True, "app_id": 1})
    messenger(channel, delivery(said()))
    messenger(channel, delivery(echo))
    work_off()
    person = only_person(channel)
    assert (person.user_id, person.last_seen, person.chats) == ("facebook:1040:7301", WHEN, 1)
    assert messages(channel) == [("m_A1", Sender.USER, "hello"), ("m_E", Sender.BOT, "hi Maya")]


def test_an_echo_that_does_not_say_so_is_told_by_its_sender(messenger, channel, work_off):
    messenger(channel, delivery(item("1040", "7301", message={"mid": "m_E", "text": "hi"})))
    work_off()
    person = only_person(channel)
    assert (person.user_id, person.last_seen, person.chats) == ("facebook:1040:7301", None, 0)


KEPT = {
    "delivery": item(delivery={"mids": ["m_A1"], "watermark": AT}),
    "read": item(read={"watermark": AT}),
    "reaction": item(reaction={"reaction": "love", "action": "react", "mid": "m_A1"}),
    "account linking": item(account_linking={"status": "linked"}),
    "handover": item(pass_thread_control={"new_owner_app_id": "1"}),
    "something new": item(something_new={"a": 1}),
    "taken back": item(message={"mid": "m_A1", "is_deleted": True}),
    "no sender": {"timestamp": AT, "message": {"mid": "m_1", "text": "x"}},
    "a reference": {"sender": {"user_ref": "r"}, "timestamp": AT, "optin": {"ref": "x"}},
    "odd": {"sender": "7301", "recipient": ["x"], "message": "hello", "postback": 5, "timestamp": {}},
}


@pytest.mark.parametrize("kept", KEPT.values(), ids=KEPT.keys())
def test_what_no_human_said_is_kept_and_makes_nobody(messenger, channel, work_off, kept):
    assert messenger(channel, delivery(kept)).status_code == 200
    work_off()
    assert not Person.objects.filter(workspace_id=channel.workspace_id).exists()
    raw = RawEvent.objects.get(workspace_id=channel.workspace_id)
    assert (raw.state, raw.note[:6]) == (State.DONE, "Kept; ")


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"object": "page"},
        {"object": "page", "entry": "x"},
        {"object": "page", "entry": [{"id": "1040", "changes": [{"field": "feed", "value": {"item": "like"}}]}]},
        {"object": "page", "entry": [{"id": "1040", "messaging": "x"}]},
        {"object": "user", "entry": [1, None, {}]},
    ],
)
def test_unknown_envelopes_are_kept(messenger, channel, work_off, data):
    assert messenger(channel, data).status_code == 200
    work_off()
    assert RawEvent.objects.get(workspace_id=channel.workspace_id).state == State.DONE


def test_a_time_in_seconds_is_understood(messenger, channel, work_off):
    messenger(channel, delivery(item(at=1788000000, message={"mid": "m_1", "text": "x"})))
    work_off()
    assert only_person(channel).last_seen == dt.datetime.fromtimestamp(1788000000, UTC)


def test_attachments_without_words_are_a_message(messenger, channel, work_off):
    attachments = [{"type": "image", "payload": {"url": "https://a.example/1"}}, {"type": "file", "title": "a.pdf"}, 3]
    messenger(channel, delivery(item(message={"mid": "m_1", "attachments": attachments})))
    work_off()
    assert messages(channel) == [("m_1", Sender.USER, "image, a.pdf")]


def test_a_person_of_two_pages_is_two(messenger, channel, work_off):
    messenger(channel, delivery(said(mid="m_1")))
    messenger(channel, delivery(item(recipient="2050", message={"mid": "m_2", "text": "x"}), page="2050"))
    messenger(channel, delivery(said(mid="m_3"), object="instagram"))
    work_off()
    people = Person.objects.filter(workspace_id=channel.workspace_id)
    assert {person.user_id for person in people} == {
        "facebook:1040:7301",
        "facebook:2050:7301",
        "instagram:1040:7301",
    }


def test_two_workspaces_have_each_their_own_person(messenger, channel, other_workspace, work_off):
    theirs = make(other_workspace, "test", KINDS["messenger"], "Page", {"app_secret": SECRET})
    messenger(channel, delivery(said("ours")))
    messenger(theirs, delivery(said("theirs")))
    work_off()
    assert messages(channel) == [("m_A1", Sender.USER, "ours")]
    assert messages(theirs) == [("m_A1", Sender.USER, "theirs")]
    assert only_person(channel).id != only_person(theirs).id


def test_empty_fields_overwrite_nothing(messenger, channel, work_off):
    messenger(channel, delivery(item(referral={"ref": "poster", "source": "ADS"})))
    messenger(channel, delivery(item(at=AT + 1000, referral={"ref": "", "source": None})))
    work_off()
    attributes = only_person(channel).attributes
    assert (attributes["default_referrer"], attributes["referral_source"]) == ("poster", "ADS")
