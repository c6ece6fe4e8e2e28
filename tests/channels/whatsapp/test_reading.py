"""What WhatsApp's events mean for people."""

import datetime as dt

import pytest

from coterie.channels.models import RawEvent, State
from coterie.channels.registry import KINDS
from coterie.channels.setup import make
from coterie.channels.whatsapp.people import country_of
from coterie.chats.models import Message
from coterie.core.clock import UTC
from coterie.people.models import Identity, Person
from coterie.privacy.erasing import erase
from tests.channels.meta import SECRET
from tests.channels.whatsapp.conftest import AT, LASTING, NUMBER, by_number, delivery, message, value

WHEN = dt.datetime.fromtimestamp(AT, UTC)
KNOWN = {
    "default_source": "whatsapp",
    "default_name": "Maya Ortiz",
    "default_username": "mayao",
    "default_country": "Poland",
}


def only_person(channel):
    return Person.objects.get(workspace_id=channel.workspace_id)


def words(channel):
    rows = Message.objects.filter(workspace_id=channel.workspace_id).exclude(sender="event").order_by("at", "id")
    return [row.text for row in rows]


def natives(channel):
    rows = Identity.objects.filter(workspace_id=channel.workspace_id)
    return {row.native_id for row in rows}


def test_a_message_makes_a_person_and_a_chat(whatsapp, channel, work_off):
    whatsapp(channel, delivery(value(message())))
    work_off()
    person = only_person(channel)
    assert (person.user_id, person.attributes) == (f"whatsapp:W1:{LASTING}", KNOWN)
    assert (person.last_seen, person.created_at, person.chats) == (WHEN, WHEN, 1)
    assert words(channel) == ["hello"]
    assert natives(channel) == {f"whatsapp:W1:{LASTING}", f"whatsapp:W1:{NUMBER}"}


def test_whoever_was_known_by_their_number_stays_the_same_person(whatsapp, channel, work_off):
    whatsapp(channel, delivery(by_number("one", "wamid.1")))
    work_off()
    assert only_person(channel).user_id == f"whatsapp:W1:{NUMBER}"
    whatsapp(channel, delivery(value(message("two", "wamid.2", AT + 5))))
    work_off()
    whatsapp(channel, delivery(by_number("three", "wamid.3", AT + 9)))
    work_off()
    assert only_person(channel).user_id == f"whatsapp:W1:{LASTING}"
    assert only_person(channel).chats == 1
    assert words(channel) == ["one", "two", "three"]


def test_who_wrote_by_their_number_and_then_by_their_id_is_one_person_once_a_message_shows_both(
    whatsapp, channel, work_off
):
    whatsapp(channel, delivery(by_number("one", "wamid.1")))
    hidden = message("two", "wamid.2", AT + 5)
    del hidden["from"]
    whatsapp(channel, delivery(value(hidden, contacts=[{"profile": {"name": "Maya Ortiz"}, "user_id": LASTING}])))
    work_off()
    assert Person.objects.filter(workspace_id=channel.workspace_id).count() == 2
    whatsapp(channel, delivery(value(message("three", "wamid.3", AT + 9))))
    work_off()
    assert only_person(channel).user_id == f"whatsapp:W1:{LASTING}"
    assert words(channel) == ["one", "two", "three"]


def test_who_got_the_number_of_somebody_else_is_somebody_else(whatsapp, channel, work_off):
    whatsapp(channel, delivery(value(message("one", "wamid.1"))))
    new = {"profile": {"name": "Jo"}, "user_id": "PL.9", "wa_id": NUMBER}
    whatsapp(channel, delivery(value(message("two", "wamid.2", AT + 5, from_user_id="PL.9"), contacts=[new])))
    work_off()
    people = Person.objects.filter(workspace_id=channel.workspace_id).order_by("user_id")
    assert [one.user_id for one in people] == [f"whatsapp:W1:{LASTING}", "whatsapp:W1:PL.9"]


def test_a_hidden_number_is_no_obstacle(whatsapp, channel, work_off):
    hidden = message()
    del hidden["from"]
    contact = {"profile": {"name": "Maya Ortiz", "username": "mayao"}, "user_id": LASTING}
    whatsapp(channel, delivery(value(hidden, contacts=[contact])))
    work_off()
    assert (only_person(channel).user_id, only_person(channel).attributes) == (f"whatsapp:W1:{LASTING}", KNOWN)


def test_some_deliveries_have_the_id_where_the_number_was(whatsapp, channel, work_off):
    moved = message(**{"from": LASTING})
    del moved["from_user_id"]
    whatsapp(channel, delivery(value(moved)))
    work_off()
    assert only_person(channel).user_id == f"whatsapp:W1:{LASTING}"
    assert natives(channel) == {f"whatsapp:W1:{LASTING}", f"whatsapp:W1:{NUMBER}"}


def test_messages_and_contacts_are_joined_by_their_ids(whatsapp, channel, work_off):
    contacts = [
        {"profile": {"name": "Jo"}, "wa_id": "4915112345678"},
        {"profile": {"name": "Maya"}, "wa_id": NUMBER},
    ]
    jo = {"from": "4915112345678", "id": "wamid.J", "timestamp": str(AT), "type": "text", "text": {"body": "hi"}}
    old = message(wamid="wamid.M")
    del old["from_user_id"]
    whatsapp(channel, delivery(value(old, jo, contacts=contacts)))
    work_off()
    people = Person.objects.filter(workspace_id=channel.workspace_id)
    found = {(p.attributes["default_name"], p.attributes["default_country"]) for p in people}
    assert found == {("Maya", "Poland"), ("Jo", "Germany")}


SAID = [
    (
        {"type": "interactive", "interactive": {"type": "button_reply", "button_reply": {"id": "y", "title": "Yes"}}},
        "Yes",
    ),
    ({"type": "interactive", "interactive": {"type": "list_reply", "list_reply": {"id": "1", "title": "Tea"}}}, "Tea"),
    ({"type": "interactive", "interactive": {"nfm_reply": {"name": "flow", "body": "Sent"}}}, "Sent"),
    ({"type": "button", "button": {"text": "Stop", "payload": "STOP"}}, "Stop"),
    ({"type": "image", "image": {"caption": "my cat", "id": "1"}}, "my cat"),
    ({"type": "document", "document": {"filename": "a.pdf", "id": "1"}}, "a.pdf"),
    ({"type": "audio", "audio": {"id": "1", "voice": True}}, "audio"),
    ({"type": "location", "location": {"latitude": 1, "longitude": 2, "name": "Park"}}, "Park"),
    ({"type": "contacts", "contacts": [{"name": {"formatted_name": "Jo"}}]}, "contacts"),
    ({"type": "order", "order": {"catalog_id": "1", "text": "please"}}, "please"),
]


@pytest.mark.parametrize(("fields", "text"), SAID, ids=[text for _, text in SAID])
def test_everything_that_a_person_says_is_a_message(whatsapp, channel, work_off, fields, text):
    whatsapp(channel, delivery(value(message(**fields))))
    work_off()
    assert words(channel) == [text]
    assert only_person(channel).chats == 1


@pytest.mark.parametrize("kind", ["reaction", "request_welcome", "unsupported", "unknown"])
def test_what_is_done_without_words_moves_last_seen_only(whatsapp, channel, work_off, kind):
    whatsapp(channel, delivery(value(message(type=kind, reaction={"message_id": "wamid.Z", "emoji": "👍"}))))
    work_off()
    assert (only_person(channel).last_seen, only_person(channel).chats) == (WHEN, 0)


def test_an_advertisement_is_where_somebody_came_from(whatsapp, channel, work_off):
    referral = {"source_url": "https://fb.example/ad", "source_id": "9", "source_type": "ad", "ctwa_clid": "c"}
    whatsapp(channel, delivery(value(message(referral=referral))))
    work_off()
    assert only_person(channel).attributes["default_referrer"] == "https://fb.example/ad"


STATUS = {"id": "wamid.Z", "recipient_id": NUMBER, "status": "read", "timestamp": str(AT)}
KEPT = {
    "a status": delivery(value(statuses=[STATUS])),
    "an error": delivery(value(errors=[{"code": 131051, "title": "Unsupported message type"}])),
    "a changed number": delivery(value(message(type="system", system={"type": "user_changed_number", "wa_id": "1"}))),
    "something new": delivery(value(message(type="hologram"))),
    "no writer": delivery(value({"id": "wamid.1", "type": "text", "text": {"body": "x"}}, contacts=[])),
    "what the app said": delivery({"message_echoes": [message()]}, field="smb_message_echoes"),
    "another field": delivery({"event": "APPROVED"}, field="message_template_status_update"),
    "nothing": {"object": "whatsapp_business_account"},
    "odd": {"object": 1, "entry": [{"id": {}, "changes": [{"field": "messages", "value": "x"}, 5]}, None]},
}


def test_what_became_of_a_message_goes_when_whoever_got_it_is_erased(whatsapp, channel, work_off, workspace):
    whatsapp(channel, delivery(by_number()))
    whatsapp(channel, delivery(value(statuses=[STATUS])))
    work_off()
    erase(workspace, "test", [only_person(channel).id])
    assert not RawEvent.objects.filter(workspace=workspace).exists()
    whatsapp(channel, delivery(value(statuses=[{**STATUS, "status": "failed"}])))
    work_off()
    assert not RawEvent.objects.filter(workspace=workspace).exists()


@pytest.mark.parametrize("data", KEPT.values(), ids=KEPT.keys())
def test_what_no_human_said_is_kept_and_makes_nobody(whatsapp, channel, work_off, data):
    assert whatsapp(channel, data).status_code == 200
    work_off()
    assert not Person.objects.filter(workspace_id=channel.workspace_id).exists()
    raw = RawEvent.objects.get(workspace_id=channel.workspace_id)
    assert (raw.state, raw.note[:6]) == (State.DONE, "Kept; ")


def test_empty_fields_overwrite_nothing(whatsapp, channel, work_off):
    whatsapp(channel, delivery(value(message())))
    thin = {"profile": {"name": "", "username": None}, "wa_id": NUMBER}
    whatsapp(channel, delivery(value(message("x", "wamid.2", AT + 5), contacts=[thin])))
    work_off()
    assert only_person(channel).attributes == KNOWN


def test_two_workspaces_have_each_their_own_person(whatsapp, channel, other_workspace, work_off):
    theirs = make(other_workspace, "test", KINDS["whatsapp"], "Number", {"app_secret": SECRET})
    whatsapp(channel, delivery(value(message("ours"))))
    whatsapp(theirs, delivery(value(message("theirs"))))
    work_off()
    assert (words(channel), words(theirs)) == (["ours"], ["theirs"])


@pytest.mark.parametrize(
    ("lasting", "number", "country"),
    [
        ("US.1234", "48500100200", "US"),
        ("", "48500100200", "PL"),
        ("", "14165550100", "CA"),
        ("", "0", ""),
        ("", "٤٨", ""),
        ("", "8835100000000", ""),
        ("", "", ""),
        ("odd", "", ""),
    ],
)
def test_the_country_is_that_of_the_id_or_the_number(lasting, number, country):
    assert country_of(lasting, number) == country
