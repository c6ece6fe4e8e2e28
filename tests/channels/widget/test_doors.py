"""The widget's doors under attack, and what a page may tell about its visitor."""

import json

import pytest
from django.db import InterfaceError, OperationalError

from coterie.audience.models import Attribute
from coterie.channels.intake import Full
from coterie.channels.models import Channel
from coterie.channels.widget import conversation, doors
from coterie.chats.models import Chat, Message
from coterie.people.models import Person
from tests.channels.widget.conftest import Browser

DOORS = ("", "/open", "/identify", "/attributes")


@pytest.fixture
def shop(workspace, client):
    settings = {"page_attributes": ["plan", "cart_value"], "thanks": "Thanks!"}
    return Browser(client, Channel.objects.create(workspace=workspace, kind="widget", name="Shop", settings=settings))


@pytest.fixture
def strict(monkeypatch):
    """`strict(limit, 3)`: three times, and nothing is refilled while the test runs."""

    def make(limit, most):
        monkeypatch.setattr(limit, "most", most)
        monkeypatch.setattr(limit, "_rate", 1e-3)

    return make


def only(workspace):
    return Person.objects.get(workspace=workspace)


def test_what_the_page_tells_with_the_first_words_is_stored_under_its_exact_names(workspace, shop):
    shop.say("hi", user={"name": "Maya", "email": "maya@x.example", "plan": "pro"}, chat={"cart_value": 12.5})
    attributes = only(workspace).attributes
    assert (attributes["default_name"], attributes["default_email"], attributes["plan"]) == (
        "Maya",
        "maya@x.example",
        "pro",
    )
    assert Chat.objects.get(workspace=workspace).attributes == {"cart_value": 12.5}


def test_what_the_page_tells_later_is_stored_at_once(workspace, shop):
    shop.say("hi")
    answer = shop.knock(
        "/attributes",
        visitor=shop.token,
        session=shop.session,
        user={"plan": "pro", "language": "pl-PL"},
        chat={"cart_value": 3},
    )
    assert answer.json()["ignored"] == []
    assert only(workspace).attributes["plan"] == "pro"
    assert only(workspace).attributes["default_language"] == "Polish"
    chat = Chat.objects.get(workspace=workspace)
    assert chat.attributes == {"cart_value": 3}
    assert chat.messages == 3  # the greeting, the visitor's words, the thanks


def test_a_page_cannot_tell_about_somebody_who_has_not_written(workspace, shop):
    assert shop.knock("/attributes", visitor=None, user={"plan": "pro"}).status_code == 409
    assert not Person.objects.filter(workspace=workspace).exists()


def test_names_that_are_not_listed_are_left_out_said_so_and_never_fill_the_catalogue(workspace, shop):
    names = {f"junk{number}": "x" for number in range(98)} | {"default_ip": "6.6.6.6"}
    answer = shop.post(user=names, chat={"default_name": "x", "junk": 1}).json()
    assert len(answer["ignored"]) == 101
    assert not Attribute.objects.filter(workspace=workspace, key__startswith="junk").exists()
    assert only(workspace).attributes["default_ip"] == "127.0.0.1"


@pytest.mark.parametrize(
    "values", ["x", 5, ["plan"], {"plan": {"a": 1}}, {"plan": "x" * 1025}, {"": "x"}, {"plan": 1e99}]
)
def test_bad_attributes_lose_no_message(workspace, shop, values):
    assert shop.post(user=values, chat=values).status_code == 200
    assert Message.objects.filter(workspace=workspace, text="hi").count() == 1
    assert "plan" not in only(workspace).attributes


def test_nobody_writes_before_they_agreed_and_when_they_did_is_kept(workspace, client):
    channel = Channel.objects.create(
        workspace=workspace, kind="widget", name="S", settings={"consent": "We keep this."}
    )
    browser = Browser(client, channel)
    assert browser.look()["consent"] == "We keep this."
    assert browser.post().status_code == 403
    assert browser.post(consent="yes").status_code == 403
    assert not Person.objects.filter(workspace=workspace).exists()
    browser.say("hi", consent=True)
    agreed = only(workspace).attributes["chat_consent"]
    browser.say("again", consent=True)
    assert only(workspace).attributes["chat_consent"] == agreed


@pytest.mark.one_database
def test_the_look_is_in_the_visitor_s_language_and_may_be_kept_by_caches(client, widget_channel):
    widget_channel.settings["greeting"] = {"en": "Hello!", "de": "Hallo!"}
    widget_channel.settings["colour"] = "#006644"
    widget_channel.save()
    answer = client.get(f"/channels/widget/{widget_channel.key}", {"lang": "de-CH"})
    assert answer.json()["greeting"] == "Hallo!"
    assert answer.json()["language"] == "de"
    assert answer.json()["colours"]["light"]["fill"] == "#006644"
    assert answer["Cache-Control"] == "public, max-age=60"


def test_a_browser_goes_on_with_the_session_of_the_running_chat(shop, client):
    shop.say("hi")
    again = Browser(client, shop.channel)
    again.token, again.session, again.count = shop.token, shop.open()["session"], 1
    again.say("and on")
    assert again.open()["session"] == again.session
    assert Chat.objects.get(workspace_id=shop.channel.workspace_id).session_id == again.session
    told = shop.knock("/attributes", visitor=shop.token, session=again.session, chat={"cart_value": 3})
    assert told.status_code == 200
    assert Chat.objects.get(workspace_id=shop.channel.workspace_id).attributes == {"cart_value": 3}


@pytest.mark.parametrize("error", [OperationalError("away"), InterfaceError("closed"), Full("full")])
def test_while_nothing_can_be_stored_the_browser_is_told_to_come_again(shop, monkeypatch, error):
    async def deliver(channel, events):
        raise error

    monkeypatch.setattr(conversation, "deliver", deliver)
    answer = shop.post(text="hi", id="m1")
    assert (answer.status_code, answer["Retry-After"], answer["Access-Control-Allow-Origin"]) == (503, "10", "*")


@pytest.mark.one_database
@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"[]", b"5", b"null", b"{", b'{"a": NaN}', b"[" * 100_000, b'{"visitor": {}}', b"{}"]
)
def test_bodies_that_make_no_sense_are_refused_in_words(shop, door, body):
    answer = shop.client.post(f"{shop.address}{door}", body, content_type="text/plain")
    assert answer.status_code in (200, 400, 403, 409, 422)
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer.json()["status"]["code"] == answer.status_code


@pytest.mark.one_database
@pytest.mark.parametrize("door", DOORS)
def test_a_body_larger_than_any_message_is_refused(shop, door):
    answer = shop.client.post(f"{shop.address}{door}", b" " * (doors.MAX_BODY + 1), content_type="text/plain")
    assert answer.status_code == 413


HOSTILE = [
    "'; DROP TABLE people_person; --",
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "\u202eevil",
    "a\x00b",
    "\ud800",
    "💥" * 500,
    "%s %(x)s {0}",
    "\n\r\t x",
]


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_are_kept_as_words(workspace, visitor, words):
    visitor.say("hi")
    visitor.say(words)
    name = only(workspace).attributes["default_name"]
    assert name == words.replace("\x00", "�").replace("\ud800", "�").strip()


@pytest.mark.one_database
def test_a_flood_from_one_visitor_is_told_to_wait(shop, strict):
    strict(doors.MESSAGES, 3)
    answers = [shop.post(id=f"f{number}") for number in range(4)]
    refused = answers[-1]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert int(refused["Retry-After"]) >= 1
    assert refused.json()["status"]["retryAfter"] == int(refused["Retry-After"])


@pytest.mark.one_database
def test_a_flood_of_new_visitors_from_one_address_is_stopped_but_known_ones_go_on(workspace, shop, strict):
    strict(doors.STRANGERS, 3)
    shop.say("hi")
    others = [Browser(shop.client, shop.channel, f"other-{number}").post().status_code for number in range(4)]
    assert others == [200, 200, 429, 429]
    shop.say("still here")
    assert Person.objects.filter(workspace=workspace).count() == 3


@pytest.mark.one_database
def test_knocking_at_any_door_counts(shop, strict):
    strict(doors.KNOCKS, 4)
    answers = [shop.client.get(shop.address), *(shop.knock(door) for door in DOORS)]
    assert [answer.status_code == 429 for answer in answers] == [False] * 4 + [True]
    assert answers[-1]["Access-Control-Allow-Origin"] == "*"


@pytest.mark.one_database
def test_trying_proofs_is_slowed_down(shop, strict):
    strict(doors.PROOFS, 2)
    codes = [shop.identify(userId="u", hash="0" * 64).status_code for _ in range(3)]
    assert codes == [403, 403, 429]


def test_a_visitor_of_another_workspace_is_nobody_here(workspace, other_workspace, client, shop):
    elsewhere = Browser(
        client, Channel.objects.create(workspace=other_workspace, kind="widget", name="Theirs", settings={})
    )
    elsewhere.say("secret words")
    assert shop.open(elsewhere.token)["messages"] == []
    assert shop.knock("/attributes", visitor=elsewhere.token, user={"plan": "x"}).status_code == 409
    shop.token = elsewhere.token
    shop.say("hi")
    assert Person.objects.get(workspace=other_workspace).chats == 1
    assert "secret words" not in json.dumps(shop.open())


def test_the_id_of_a_chat_that_the_team_sees_opens_no_chat(shop, client):
    """It stands in addresses of the archives, in exports and in what bots are told."""
    shop.say("my card number")
    chat = Chat.objects.get(workspace_id=shop.channel.workspace_id)
    assert shop.session not in chat.session_id
    stranger = Browser(client, shop.channel, chat.session_id)
    stranger.say("let me see")
    assert stranger.token.partition(":")[0] != shop.token.partition(":")[0]
    assert [message["text"] for message in stranger.open()["messages"] if message["sender"] == "user"] == ["let me see"]
    assert "let me see" not in [message["text"] for message in shop.open()["messages"]]
    assert Person.objects.filter(workspace_id=shop.channel.workspace_id).count() == 2


def test_a_browser_that_lost_the_answer_to_its_first_words_is_still_the_same_visitor(shop, client):
    shop.say("hi", id="first")
    again = Browser(client, shop.channel, shop.session)
    again.say("hi", id="first")
    assert again.token == shop.token
    assert Person.objects.filter(workspace_id=shop.channel.workspace_id).count() == 1
