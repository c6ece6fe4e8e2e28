"""The Chat Widget: what the built-in bot asks, what is stored, and who may see what."""

import pytest

from coterie.channels.models import Channel
from coterie.channels.widget.visitors import Visitor, token_of
from coterie.chats.models import Chat, Message
from coterie.people.models import Person
from tests.channels.widget.bots import rasa, with_bot
from tests.channels.widget.conftest import Browser


def test_opening_the_widget_makes_nobody(workspace, visitor):
    assert visitor.look()["greeting"] == "Hi!"
    assert visitor.open()["messages"] == []
    assert not Person.objects.filter(workspace=workspace).exists()


def test_the_bot_asks_and_stores_answers_under_the_attributes_exact_names(workspace, visitor):
    assert visitor.say("Where is my order?") == ["What is your name?"]
    assert visitor.say("Maya Ortiz") == ["And your e-mail address?"]
    assert visitor.say("maya@x.example") == ["Thanks!"]
    person = Person.objects.get(workspace=workspace)
    assert person.attributes["default_name"] == "Maya Ortiz"
    assert person.attributes["default_email"] == "maya@x.example"
    assert person.attributes["default_source"] == "widget"
    assert person.chats == 1


def test_an_answer_that_is_no_address_is_asked_for_again_and_then_let_go(workspace, visitor):
    visitor.say("hi")
    visitor.say("Maya")
    assert "e-mail" in visitor.say("no thanks")[0]
    assert visitor.say("still no") == ["Thanks!"]
    assert "default_email" not in Person.objects.get(workspace=workspace).attributes


def test_what_is_known_is_not_asked_again(visitor):
    for text in ("hi", "Maya", "maya@x.example"):
        visitor.say(text)
    visitor.session = "session-2"
    assert visitor.say("me again") == ["Thanks!"]


def test_where_the_visitor_is_becomes_attributes(workspace, visitor):
    visitor.say("hi", context={"url": "https://shop.example/", "language": "pl-PL", "timezone": "Europe/Warsaw"})
    attributes = Person.objects.get(workspace=workspace).attributes
    assert attributes["default_language"] == "Polish"
    assert attributes["default_timezone"] == "Europe/Warsaw"
    assert attributes["default_url"] == "https://shop.example/"
    assert attributes["default_ip"] == "127.0.0.1"


def test_the_same_message_again_gets_the_same_replies_and_changes_nothing(workspace, visitor):
    first = visitor.post(text="hi", id="m-x").json()
    again = visitor.post(text="hi", id="m-x").json()
    assert again["messages"] == first["messages"]
    assert again["visitor"] == first["visitor"]
    assert Person.objects.filter(workspace=workspace).count() == 1
    assert Message.objects.filter(workspace=workspace, sender="user").count() == 1


def test_a_reload_shows_the_running_chat(visitor):
    visitor.say("Where is my order?")
    assert [(m["sender"], m["text"]) for m in visitor.open()["messages"]] == [
        ("bot", "Hi!"),
        ("user", "Where is my order?"),
        ("bot", "What is your name?"),
    ]


def test_a_made_up_or_borrowed_token_opens_no_chat(workspace, client, visitor):
    visitor.say("secret words")
    other = Channel.objects.create(workspace=workspace, kind="widget", name="Other", settings={})
    forged = visitor.token[:-3] + "abc"
    for channel, token in ((visitor.channel, forged), (other, visitor.token), (visitor.channel, "x" * 5000)):
        assert Browser(client, channel).open(token)["messages"] == []
    user_id = Person.objects.get(workspace=workspace).user_id
    assert visitor.open(token_of(other, Visitor(user_id)))["messages"] == []
    assert visitor.open(token_of(other, Visitor(user_id, identified=True)))["messages"] == []


def test_a_visitor_cannot_write_attributes_of_their_own_choice(workspace, visitor):
    visitor.say("hi", attributes={"plan": "pro"}, user={"plan": "pro", "default_ip": "1.1.1.1"}, userId="u-1")
    person = Person.objects.get(workspace=workspace)
    assert "plan" not in person.attributes
    assert person.attributes["default_ip"] == "127.0.0.1"
    assert person.user_id != "u-1"


def test_any_page_may_speak_to_the_widget(visitor, client):
    for answer in (client.get(visitor.address), visitor.post(), visitor.post(text=""), client.put(visitor.address)):
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert not answer.cookies


@pytest.mark.parametrize(
    "changes",
    [
        {"text": ""},
        {"text": "x" * 2001},
        {"text": 5},
        {"id": None},
        {"session": "s" * 65},
        {"id": "x" * 65},
        {"id": "a:b"},
    ],
)
def test_a_message_outside_the_limits_is_refused(workspace, visitor, changes):
    assert visitor.post(**changes).status_code == 422
    assert not Chat.objects.filter(workspace=workspace).exists()


def test_an_address_longer_than_an_attribute_loses_no_message(workspace, visitor):
    visitor.say("hi", context={"url": "https://shop.example/?" + "x" * 1500})
    assert len(Person.objects.get(workspace=workspace).attributes["default_url"]) == 1024


def test_the_script_is_served_to_any_page(client):
    answer = client.get("/widget.js")
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_after_the_questions_the_configured_bot_answers_what_the_visitor_came_for(visitor, settings):
    replies = [
        {"recipient_id": "x", "text": "It is on its way.", "buttons": [{"title": "Track it", "payload": "/track"}]},
        {"image": "https://shop.example/parcel.png"},
        {"image": "javascript:alert(1)"},
        {"custom": {"odd": 1}},
    ]
    with rasa(replies) as (host, asked):
        settings.PRIVATE_HOSTS = [host]
        with_bot(visitor.channel, host)
        visitor.say("Where is my order?")
        visitor.say("Maya")
        visitor.count += 1
        answer = visitor.post(text="maya@x.example", id="last").json()["messages"]
        assert [(m["text"], m.get("buttons"), m.get("image")) for m in answer] == [
            ("It is on its way.", [{"title": "Track it", "payload": "/track"}], None),
            ("", None, "https://shop.example/parcel.png"),
        ]
        assert asked[0]["message"] == "Where is my order?"
        assert asked[0]["metadata"]["default_name"] == "Maya"
        assert visitor.say("thanks") == ["It is on its way.", ""]
        assert asked[1]["message"] == "thanks"


def test_a_repeated_message_does_not_ask_the_bot_twice(visitor, settings):
    with rasa([]) as (host, asked):
        settings.PRIVATE_HOSTS = [host]
        visitor.channel.settings["questions"] = []
        with_bot(visitor.channel, host)
        visitor.say("hi", id="same")
        visitor.say("hi", id="same")
        assert len(asked) == 1


@pytest.mark.parametrize("status", [500, 302])
def test_a_bot_that_is_down_does_not_lose_the_message(workspace, visitor, settings, status):
    with rasa([], status) as (host, _asked):
        settings.PRIVATE_HOSTS = [host]
        visitor.channel.settings["questions"] = []
        with_bot(visitor.channel, host)
        assert visitor.say("anybody there?") == ["Thanks!"]
    assert Message.objects.filter(workspace=workspace, text="anybody there?").count() == 1


def test_a_bot_on_a_private_address_is_not_called_unless_the_operator_lists_it(visitor):
    with rasa([{"text": "inside"}]) as (host, asked):
        visitor.channel.settings["questions"] = []
        with_bot(visitor.channel, host)
        assert visitor.say("hi") == ["Thanks!"]
        assert asked == []
