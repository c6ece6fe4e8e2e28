"""What LiveChat's webhooks mean for people."""

import datetime as dt

import pytest

from coterie.channels.models import RawEvent, State
from coterie.channels.registry import KINDS
from coterie.channels.setup import make
from coterie.chats.models import Chat, Message, Sender
from coterie.core.clock import UTC, now
from coterie.people.models import Person
from coterie.privacy.erasing import erase
from tests.channels.livechat.conftest import AGENT, MAYA, SECRET, T40, chat, customer, event, incoming, webhook

WHEN = dt.datetime(2026, 8, 29, 10, 40, tzinfo=UTC)
KNOWN = {
    "default_source": "livechat",
    "default_email": "maya.ortiz@example.com",
    "default_name": "Maya Ortiz",
    "default_city": "Warsaw",
    "default_region": "Mazowieckie",
    "default_country": "Poland",
    "default_timezone": "Europe/Warsaw",
    "default_referrer": "https://search.example/",
    "default_url": "https://shop.example/pricing",
    "default_ip": "203.0.113.9",
    "plan": "pro",
}


def only_person(channel):
    return Person.objects.get(workspace_id=channel.workspace_id)


def nobody(channel):
    return not Person.objects.filter(workspace_id=channel.workspace_id).exists()


def messages(channel):
    rows = Message.objects.filter(workspace_id=channel.workspace_id).exclude(sender=Sender.EVENT).order_by("at")
    return [(row.native_id, row.sender, row.text) for row in rows]


def test_a_chat_makes_a_person_with_everything_livechat_knows(livechat, channel, work_off):
    livechat(channel, chat(event()))
    work_off()
    person = only_person(channel)
    assert person.user_id == f"livechat:org-1:{MAYA}"
    assert person.attributes == KNOWN
    assert (person.last_seen, person.chats) == (WHEN, 1)
    assert person.created_at == dt.datetime(2026, 8, 29, 10, 30, tzinfo=UTC)
    assert messages(channel) == [("PCHAT1:KTHR1:KTHR1_1", Sender.USER, "hello")]
    assert Chat.objects.get(workspace_id=channel.workspace_id).session_id == "KTHR1"


def test_the_same_event_alone_and_in_its_chat_is_one_message(livechat, channel, work_off):
    for body in (incoming(event()), chat(event()), incoming(event())):
        livechat(channel, body)
        work_off()
    assert only_person(channel).attributes == KNOWN
    assert only_person(channel).chats == 1
    assert len(messages(channel)) == 1


def test_version_3_5_calls_the_visit_otherwise(livechat, channel, work_off):
    who = customer()
    who["last_visit"] = who.pop("visit")
    livechat(channel, chat(event(), who=who))
    work_off()
    assert only_person(channel).attributes == KNOWN


def test_version_3_6_may_have_it_in_the_thread(livechat, channel, work_off):
    who = customer()
    visit = who.pop("visit")
    livechat(channel, chat(event(), who=who, customer_visit=visit))
    work_off()
    assert only_person(channel).attributes == KNOWN


def test_whoever_comes_from_facebook_brings_language_and_gender(livechat, channel, work_off):
    facebook = {"ID": "1", "Locale": "EN_US", "Gender": "female", "ProfilePicURL": "https://cdn.example/1.jpg"}
    livechat(channel, chat(event(), who=customer(omnichannel={"fb_messenger": [facebook], "twilio": "x"})))
    work_off()
    attributes = only_person(channel).attributes
    assert attributes["default_language"] == "English"
    assert attributes["default_gender"] == "female"
    assert attributes["default_avatar"] == "https://cdn.example/1.jpg"


def test_agents_and_bots_are_in_the_chat_but_move_nothing(livechat, channel, work_off):
    later = "2026-08-29T10:41:00.000000Z"
    livechat(channel, chat(event(), event(2, "bot-7", text="Hi, I am a bot", at=later)))
    livechat(channel, incoming(event(3, AGENT, later, text="May I help?"), (MAYA, AGENT)))
    livechat(channel, incoming(event(4, "5c9871d5372c824cbf22d860a707a578", later, text="Bye")))
    work_off()
    person = only_person(channel)
    assert (person.last_seen, person.chats) == (WHEN, 1)
    assert [(sender, text) for _, sender, text in messages(channel)] == [
        (Sender.USER, "hello"),
        (Sender.BOT, "Hi, I am a bot"),
        (Sender.BOT, "May I help?"),
        (Sender.BOT, "Bye"),
    ]


def test_a_greeting_that_nobody_answered_is_no_chat(livechat, channel, work_off):
    livechat(channel, chat(event(1, "bot-7")))
    work_off()
    person = only_person(channel)
    assert (person.last_seen, person.chats, person.attributes) == (None, 0, KNOWN)


def wait_is_over(channel):
    RawEvent.objects.filter(workspace_id=channel.workspace_id, state=State.WAITING).update(next_at=now())


def test_what_an_agent_says_before_the_chat_arrives_waits_for_it(livechat, channel, work_off):
    livechat(channel, incoming(event(2, AGENT, "2026-08-29T10:41:00Z", text="May I help?")))
    work_off()
    waiting = RawEvent.objects.get(workspace_id=channel.workspace_id)
    assert (waiting.state, waiting.note) == (State.WAITING, "It arrived before its chat; it is read again soon.")
    livechat(channel, chat(event()))
    wait_is_over(channel)
    work_off()
    assert [text for *_, text in messages(channel)] == ["hello", "May I help?"]


def test_what_an_agent_said_goes_with_the_customer_who_is_erased(livechat, channel, work_off, workspace):
    """Such an event does not say whose chat it is."""
    livechat(channel, chat(event()))
    livechat(channel, incoming(event(2, AGENT, "2026-08-29T10:41:00Z", text="You live in Oslo, don't you?")))
    work_off()
    erase(workspace, "test", [only_person(channel).id])
    assert not RawEvent.objects.filter(workspace=workspace, body__contains="Oslo").exists()


def test_what_an_agent_says_in_a_chat_nobody_knows_is_kept(livechat, channel, work_off):
    livechat(channel, incoming(event(1, AGENT)))
    for _ in range(5):
        work_off()
        wait_is_over(channel)
    assert nobody(channel)
    kept = RawEvent.objects.get(workspace_id=channel.workspace_id)
    assert (kept.state, kept.note) == (State.DONE, "Kept; nobody knows whose chat this is.")


NOT_SAID = {
    "a note among agents": event(author=AGENT, visibility="agents"),
    "the same in version 3.5": event(author=AGENT, recipients="agents"),
    "the system": event(author=None, type="system_message", system_message_type="routing.archived"),
    "a form that is shown": event(author="bot-7", type="form", fields=[]),
    "something of an app": event(type="custom"),
    "something new": event(type="hologram"),
    "no author": event(author=None),
    "no id": {"type": "message", "author_id": MAYA, "text": "x"},
    "an odd author": event(author=["x"]),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("one", NOT_SAID.values(), ids=NOT_SAID.keys())
def test_what_no_customer_said_is_kept_and_makes_nobody(livechat, channel, work_off, one):
    assert livechat(channel, incoming(one)).status_code == 200
    for _ in range(5):
        work_off()
        wait_is_over(channel)
    assert nobody(channel)
    raw = RawEvent.objects.get(workspace_id=channel.workspace_id)
    assert (raw.state, raw.note[:6]) == (State.DONE, "Kept; ")


def test_a_filled_form_is_where_the_address_comes_from(livechat, channel, work_off):
    fields = [
        {"type": "name", "label": "Name:", "answer": "Maya O."},
        {"type": "email", "label": "E-mail:", "answer": "maya@new.example"},
        {"type": "subject", "label": "Subject:", "answer": ""},
        {"type": "radio", "label": "Size:", "answer": {"id": "0", "label": "Large"}},
        {
            "type": "checkbox",
            "label": "Topics:",
            "answers": [{"id": "0", "label": "Tea"}, {"id": "1", "label": "Pots"}],
        },
        {"type": "group_chooser", "label": "Team:", "answer": {"id": "0", "label": "Sales", "group_id": 1}},
    ]
    form = event(2, type="filled_form", at="2026-08-29T10:40:01.000000Z", fields=fields)
    livechat(channel, chat(event(), form))
    work_off()
    attributes = only_person(channel).attributes
    assert (attributes["default_name"], attributes["default_email"]) == ("Maya O.", "maya@new.example")
    told = Chat.objects.get(workspace_id=channel.workspace_id).attributes
    assert told == {"Size": "Large", "Topics": "Tea, Pots", "Team": "Sales"}


def test_an_empty_form_overwrites_nothing(livechat, channel, work_off):
    fields = [{"type": "name", "answer": ""}, {"type": "email", "answer": None}, "x"]
    livechat(channel, chat(event()))
    livechat(channel, incoming(event(2, type="filled_form", at="2026-08-29T10:50:00.000000Z", fields=fields)))
    work_off()
    assert only_person(channel).attributes == KNOWN


def test_an_empty_customer_overwrites_nothing(livechat, channel, work_off):
    livechat(channel, chat(event()))
    thin = {"id": MAYA, "type": "customer", "name": "", "email": None, "visit": {"ip": "", "geolocation": {"city": ""}}}
    livechat(channel, chat(event(9), who=thin, id="KTHR2", created_at="2026-08-29T10:45:00Z"))
    work_off()
    assert only_person(channel).attributes == KNOWN


def test_session_fields_change_while_somebody_chats(livechat, channel, work_off):
    livechat(channel, chat(event()))
    active = {"chat_id": "PCHAT1", "thread_id": "KTHR1"}
    fields = [{"plan": "team"}, {"default_name": "Nobody"}, {"seats": "5"}]
    payload = {"id": MAYA, "active_chat": active, "session_fields": fields}
    livechat(channel, webhook("customer_session_fields_updated", payload))
    work_off()
    person = only_person(channel)
    assert person.attributes == {**KNOWN, "plan": "team", "seats": "5"}
    assert (person.last_seen, person.chats) == (WHEN, 1)


def fields_of(plan):
    active = {"chat_id": "PCHAT1", "thread_id": "KTHR1"}
    return webhook(
        "customer_session_fields_updated", {"id": MAYA, "active_chat": active, "session_fields": [{"plan": plan}]}
    )


def test_session_fields_that_change_back_at_once_are_changed_back(livechat, channel, work_off):
    livechat(channel, chat(event()))
    for plan in ("team", "free", "team"):
        livechat(channel, fields_of(plan))
    work_off()
    assert only_person(channel).attributes["plan"] == "team"


def test_session_fields_that_are_only_sent_again_count_once(livechat, channel, work_off):
    livechat(channel, chat(event()))
    for plan in ("team", "free", "free", "free"):
        livechat(channel, fields_of(plan))
    work_off()
    notes = RawEvent.objects.filter(workspace_id=channel.workspace_id).values_list("note", flat=True)
    assert list(notes).count("Kept; it came twice.") == 2
    assert only_person(channel).attributes["plan"] == "free"


def test_a_form_that_is_filled_in_anew_counts_anew(livechat, channel, work_off):
    fields = [{"type": "email", "answer": "old@a.example"}, {"type": "subject", "label": "Topic", "answer": "Tea"}]
    livechat(channel, chat(event(), event(2, type="filled_form", fields=fields)))
    fields = [{"type": "email", "answer": "new@a.example"}, {"type": "subject", "label": "Topic", "answer": "Pots"}]
    place = {"chat_id": "PCHAT1", "thread_id": "KTHR1"}
    livechat(channel, webhook("event_updated", {**place, "event": event(2, type="filled_form", fields=fields)}))
    work_off()
    assert only_person(channel).attributes["default_email"] == "new@a.example"
    assert Chat.objects.get(workspace_id=channel.workspace_id).attributes == {"Topic": "Pots"}


@pytest.mark.parametrize("author", [MAYA, AGENT])
def test_what_was_said_stays_as_it_was_said(livechat, channel, work_off, author):
    livechat(channel, chat(event()))
    place = {"chat_id": "PCHAT1", "thread_id": "KTHR1"}
    livechat(channel, webhook("event_updated", {**place, "event": event(1, author, text="something else")}))
    work_off()
    assert [text for *_, text in messages(channel)] == ["hello"]
    assert only_person(channel).last_seen == WHEN


def test_session_fields_of_a_mere_visitor_make_nobody(livechat, channel, work_off):
    livechat(channel, webhook("customer_session_fields_updated", {"id": MAYA, "session_fields": [{"plan": "team"}]}))
    work_off()
    assert nobody(channel)


def test_a_pressed_button_is_the_customer_s_own_act(livechat, channel, work_off):
    livechat(channel, chat(event()))
    payload = {"user_id": MAYA, "chat_id": "PCHAT1", "thread_id": "KTHR1", "event_id": "KTHR1_2"}
    pressed = {**payload, "postback": {"id": "yes", "toggled": True}}
    livechat(channel, webhook("incoming_rich_message_postback", pressed))
    work_off()
    person = only_person(channel)
    assert person.last_seen > WHEN
    assert person.chats == 1


def test_a_customer_who_is_added_is_described(livechat, channel, work_off):
    payload = {"chat_id": "PCHAT1", "thread_id": "KTHR1", "reason": "manual", "requester_id": AGENT}
    livechat(channel, webhook("user_added_to_chat", {**payload, "user_type": "customer", "user": customer()}))
    work_off()
    assert only_person(channel).attributes == KNOWN
    assert only_person(channel).last_seen is None


def test_a_customer_s_last_word_is_taken_from_their_record(livechat, channel, work_off):
    who = customer(customer_last_event_created_at="2026-08-29T12:45:30.500000+02:00")
    livechat(channel, chat(event(), who=who))
    work_off()
    assert only_person(channel).last_seen == dt.datetime(2026, 8, 29, 10, 45, 30, 500_000, tzinfo=UTC)
    assert only_person(channel).chats == 1


KEPT = [
    ("chat_deactivated", {"chat_id": "PCHAT1", "thread_id": "KTHR1", "user_id": AGENT}),
    ("chat_deactivated", {"chat_id": "PCHAT1", "thread_id": "KTHR1"}),
    ("event_updated", {"chat_id": "PCHAT1", "thread_id": "KTHR1", "event": event(text="edited")}),
    ("chat_transferred", {"chat_id": "PCHAT1", "reason": "manual", "transferred_to": {"group_ids": [1]}}),
    ("routing_status_set", {"agent_id": AGENT, "status": "offline"}),
]


@pytest.mark.parametrize(("action", "payload"), KEPT)
def test_everything_else_is_kept_and_makes_nobody(livechat, channel, work_off, action, payload):
    assert livechat(channel, webhook(action, payload)).status_code == 200
    work_off()
    assert nobody(channel)
    assert RawEvent.objects.get(workspace_id=channel.workspace_id).state == State.DONE


@pytest.mark.parametrize(
    "body",
    [
        {"secret_key": SECRET},
        {"secret_key": SECRET, "action": "event_deleted", "payload": {"event_id": "x"}, "new_key": 1},
        {"secret_key": SECRET, "action": ["x"], "payload": "x"},
        {"secret_key": SECRET, "action": "incoming_chat", "payload": {"chat": {"users": {}, "thread": 5}}},
        {"secret_key": SECRET, "action": "incoming_chat", "payload": {"chat": {"users": [{"type": "customer"}]}}},
    ],
)
def test_unknown_and_odd_bodies_are_kept(livechat, channel, work_off, body):
    assert livechat(channel, body).status_code == 200
    work_off()
    assert nobody(channel)
    assert RawEvent.objects.get(workspace_id=channel.workspace_id).state == State.DONE


def test_two_workspaces_have_each_their_own_customer(livechat, channel, other_workspace, work_off):
    theirs = make(other_workspace, "test", KINDS["livechat"], "Shop", {"secret": SECRET})
    livechat(channel, chat(event(text="ours")))
    livechat(theirs, chat(event(text="theirs")))
    livechat(theirs, incoming(event(7, AGENT, T40, text="to theirs")))
    work_off()
    assert [text for *_, text in messages(channel)] == ["ours"]
    assert sorted(text for *_, text in messages(theirs)) == ["theirs", "to theirs"]
