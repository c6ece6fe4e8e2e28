"""What Slack's events mean for people."""

import datetime as dt

import pytest

from coterie.channels.models import RawEvent, State
from coterie.chats.models import Chat, Message
from coterie.core.clock import UTC
from coterie.people.models import Person
from tests.channels.slack.conftest import delivery, message

# How a platform's words are read. That all databases keep them alike is told by tests/channels/test_platforms.py.
pytestmark = pytest.mark.one_database
AT = dt.datetime.fromtimestamp(1788000000, UTC)


def only_person(channel):
    return Person.objects.get(workspace_id=channel.workspace_id)


def nobody(channel):
    return not Person.objects.filter(workspace_id=channel.workspace_id).exists()


def test_a_message_makes_a_person_and_a_chat(slack, slack_channel, work_off):
    slack(slack_channel, delivery(message()))
    work_off()
    person = only_person(slack_channel)
    assert person.user_id == "slack:T77:U31"
    assert (person.last_seen, person.created_at, person.chats) == (AT, AT, 1)
    assert person.attributes == {"default_source": "slack"}
    chat = Chat.objects.get(workspace_id=slack_channel.workspace_id)
    assert (chat.session_id, chat.source, chat.messages) == ("D55", "slack", 1)
    turn = Message.objects.get(workspace_id=slack_channel.workspace_id)
    assert (turn.text, turn.native_id) == ("hi bot", "T77:D55:1788000000.000200")


@pytest.mark.parametrize("subtype", ["file_share", "thread_broadcast", "me_message"])
def test_messages_of_these_sorts_are_said_by_somebody(slack, slack_channel, work_off, subtype):
    slack(slack_channel, delivery(message(subtype=subtype)))
    work_off()
    assert only_person(slack_channel).chats == 1


def test_a_file_without_words_is_a_message_by_its_name(slack, slack_channel, work_off):
    slack(slack_channel, delivery(message("", subtype="file_share", files=[{"title": "receipt.pdf"}, {"id": 1}])))
    work_off()
    assert Message.objects.get(workspace_id=slack_channel.workspace_id).text == "receipt.pdf"


NOT_SAID = {
    "by another bot": message(bot_id="B1", bot_profile={"id": "B1"}, app_id="A1", user="U99"),
    "by our own bot": message(user="U0BOT"),
    "in the old form of bots": message(subtype="bot_message", bot_id="B1"),
    "an edit": {**message(subtype="message_changed"), "message": {"user": "U31", "edited": {"user": "U31"}}},
    "a link that unfurls": {**message(subtype="message_changed", hidden=True), "message": {"user": "U31"}},
    "a removal": message(subtype="message_deleted", deleted_ts="1788000000.000200"),
    "a reply that is counted elsewhere": message(subtype="message_replied"),
    "somebody joins": message(subtype="channel_join"),
    "hidden": message(hidden=True),
    "by the platform": message(user="USLACKBOT"),
    "by nobody": {**message(), "user": None},
    "by something odd": {**message(), "user": ["U31"]},
    "an unknown sort": message(subtype="something_new"),
    "an odd sort": message(subtype={"a": 1}),
}


@pytest.mark.parametrize("event", NOT_SAID.values(), ids=NOT_SAID.keys())
def test_what_no_human_said_is_kept_and_makes_nobody(slack, slack_channel, work_off, event):
    assert slack(slack_channel, delivery(event)).status_code == 200
    work_off()
    assert nobody(slack_channel)
    stored = RawEvent.objects.get(workspace_id=slack_channel.workspace_id)
    assert stored.state == State.DONE
    assert stored.note.startswith("Kept; ")


UNKNOWN = {
    "an unknown event": delivery({"type": "star_added", "user": "U31"}),
    "an event that is none": delivery("x"),  # type: ignore[arg-type]
    "no event": {"type": "event_callback", "team_id": "T77"},
    "an unknown envelope": {"type": "something_new"},
    "no type": {},
    "an odd type": {"type": ["x"]},
    "too many events": {"type": "app_rate_limited", "team_id": "T77", "minute_rate_limited": 1788000000},
}


@pytest.mark.parametrize("data", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_unknown_kinds_are_kept(slack, slack_channel, work_off, data):
    assert slack(slack_channel, data).status_code == 200
    work_off()
    stored = RawEvent.objects.get(workspace_id=slack_channel.workspace_id)
    assert stored.state == State.DONE
    assert stored.note


def test_a_mention_that_arrives_as_two_events_is_one_message(slack, slack_channel, work_off):
    said = message("<@U0BOT> hello", channel="C1", channel_type="channel")
    slack(slack_channel, delivery(said, "Ev1"))
    slack(slack_channel, delivery({**said, "type": "app_mention"}, "Ev2"))
    work_off()
    assert only_person(slack_channel).chats == 1
    assert Message.objects.filter(workspace_id=slack_channel.workspace_id).count() == 1


def test_the_same_user_id_of_two_teams_is_two_people(slack, slack_channel, work_off):
    slack(slack_channel, delivery(message(), "Ev1"))
    slack(slack_channel, delivery(message(ts="1788000000.000300"), "Ev2", team_id="T78"))
    slack(slack_channel, delivery(message(ts="1788000000.000400", user_team="T79"), "Ev3"))
    work_off()
    people = Person.objects.filter(workspace_id=slack_channel.workspace_id)
    assert {person.user_id for person in people} == {"slack:T77:U31", "slack:T78:U31", "slack:T79:U31"}


USER = {
    "id": "U31",
    "team_id": "T77",
    "name": "maya",
    "is_bot": False,
    "tz": "Europe/Warsaw",
    "locale": "pl-PL",
    "profile": {
        "real_name": "Maya Ortiz",
        "display_name": "maya",
        "email": "maya.ortiz@example.com",
        "image_72": "https://a.example/72.png",
        "image_512": "https://a.example/512.png",
        "phone": "",
        "title": None,
    },
}
KNOWN = {
    "default_source": "slack",
    "default_email": "maya.ortiz@example.com",
    "default_name": "Maya Ortiz",
    "default_username": "maya",
    "default_avatar": "https://a.example/512.png",
    "default_language": "Polish",
    "default_timezone": "Europe/Warsaw",
}


@pytest.mark.parametrize("kind", ["user_change", "user_profile_changed", "team_join"])
def test_a_changed_profile_tells_about_somebody_who_chatted(slack, slack_channel, work_off, kind):
    slack(slack_channel, delivery(message(), "Ev1"))
    slack(slack_channel, delivery({"type": kind, "user": USER, "event_ts": "1788000100.000000"}, "Ev2"))
    work_off()
    person = only_person(slack_channel)
    assert person.attributes == KNOWN
    assert (person.last_seen, person.chats) == (AT, 1)


def test_a_changed_profile_of_somebody_who_never_chatted_makes_nobody(slack, slack_channel, work_off):
    slack(slack_channel, delivery({"type": "user_change", "user": USER}))
    work_off()
    assert nobody(slack_channel)


def test_empty_fields_of_a_profile_overwrite_nothing(slack, slack_channel, work_off):
    slack(slack_channel, delivery(message(), "Ev1"))
    slack(slack_channel, delivery({"type": "user_change", "user": USER, "event_ts": "1788000100.0"}, "Ev2"))
    thin = {
        "id": "U31",
        "team_id": "T77",
        "name": "",
        "tz": None,
        "profile": {"real_name": "", "email": "", "image_24": 5},
    }
    slack(slack_channel, delivery({"type": "user_change", "user": thin, "event_ts": "1788000200.0"}, "Ev3"))
    work_off()
    assert only_person(slack_channel).attributes == KNOWN


def test_long_and_odd_words_are_cut_and_cleaned(slack, slack_channel, work_off):
    slack(slack_channel, delivery(message("\x00\ud800" + "é" * 30_000)))
    work_off()
    text = Message.objects.get(workspace_id=slack_channel.workspace_id).text
    assert (len(text), text[:3]) == (20_000, "\ufffd\ufffdé")
