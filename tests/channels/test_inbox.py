"""Order and repetition do not matter: the same events give the same people."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.audience.models import Attribute, Scope
from coterie.channels.events import Event
from coterie.channels.inbox import receive
from coterie.channels.models import Channel
from coterie.chats.models import Chat, Message, Sender
from coterie.core.clock import UTC
from coterie.people import attributes
from coterie.people.models import Person
from tests.profiles import examples

START = dt.datetime(2026, 5, 1, 12, tzinfo=UTC)


def said(number, user="u", minute=0.0, session=None, sender=Sender.USER, **attributes):
    return Event(
        message_id=f"m{number}",
        user_id=user,
        at=START + dt.timedelta(minutes=minute),
        sender=sender,
        message=f"words {number}",
        session_id=session,
        attributes=attributes,
    )


def chats_of(workspace):
    chats = Chat.objects.filter(workspace=workspace).order_by("started_at", "session_id")
    return [(chat.messages, chat.by_user) for chat in chats]


def test_ten_idle_minutes_end_a_chat(workspace, api_channel):
    receive(api_channel, [said(1), said(2, minute=10), said(3, minute=20.1)])
    assert chats_of(workspace) == [(2, True), (1, True)]
    assert Person.objects.get(workspace=workspace).chats == 2


def test_a_new_session_id_begins_a_new_chat_at_once(workspace, api_channel):
    receive(api_channel, [said(1, session="a"), said(2, minute=1, session="b")])
    assert chats_of(workspace) == [(1, True), (1, True)]


def test_the_same_session_id_after_ten_idle_minutes_is_a_new_chat(workspace, api_channel):
    receive(api_channel, [said(1, session="a"), said(2, minute=11, session="a")])
    assert len(chats_of(workspace)) == 2


def test_a_turn_without_a_session_joins_the_running_chat(workspace, api_channel):
    receive(api_channel, [said(1, session="a")])
    receive(api_channel, [said(2, minute=5, sender=Sender.BOT)])
    assert chats_of(workspace) == [(2, True)]


def test_a_chat_that_the_bot_began_counts_once_the_person_answers(workspace, api_channel):
    receive(api_channel, [said(1, sender=Sender.BOT)])
    assert Person.objects.get(workspace=workspace).chats == 0
    receive(api_channel, [said(2, minute=1)])
    assert Person.objects.get(workspace=workspace).chats == 1
    assert chats_of(workspace) == [(2, True)]


def test_a_late_turn_finds_the_chat_it_belongs_to(workspace, api_channel):
    receive(api_channel, [said(1), said(2, minute=60)])
    receive(api_channel, [said(3, minute=5)])
    assert chats_of(workspace) == [(2, True), (1, True)]


def state_of(workspace):
    people = Person.objects.filter(workspace=workspace).order_by("user_id")
    return (
        [(p.user_id, p.attributes, p.last_seen, p.created_at, p.chats) for p in people],
        sorted(Message.objects.filter(workspace=workspace).values_list("native_id", "text", "at")),
    )


batches = st.lists(
    st.lists(
        st.tuples(st.integers(0, 15), st.sampled_from(["a", "b", "c"]), st.sampled_from(["s1", "s2"])),
        min_size=1,
        max_size=8,
    ),
    min_size=1,
    max_size=4,
)


@pytest.mark.parametrize("kind", ["api"])
@examples(0.4)
@given(batches=batches)
def test_repeated_deliveries_change_nothing(workspace, kind, batches):
    channel = Channel.objects.create(workspace=workspace, kind=kind, name="again")
    # A message id names one event: whoever sent it first keeps it.
    deliveries = [[said(f"{number}-{user}-{session}", user, number * 3, session) for number, user, session in batch]
                  for batch in batches]  # fmt: skip
    for delivery in deliveries:
        receive(channel, delivery)
    once = state_of(workspace)
    for delivery in reversed(deliveries):
        assert not receive(channel, [*reversed(delivery), *delivery]).fresh
    assert state_of(workspace) == once


def test_session_attributes_are_counted_by_chats(workspace, api_channel, post):
    for number in (1, 2):
        event = {"userId": f"u-{number}", "sessionId": "s", "sessionAttributes": {"topic": "coffee"}}
        assert post(api_channel, event | {"message": "hi"}).status_code == 200
    post(api_channel, {"userId": "u-1", "sessionId": "s", "sessionAttributes": {"topic": "tea"}})
    assert Attribute.objects.get(workspace=workspace, scope=Scope.SESSION, key="topic").count == 2


def test_when_the_catalogue_is_full_what_people_say_is_not_lost(workspace, widget_channel, monkeypatch):
    """Anybody with the key of a page could fill it."""
    receive(widget_channel, [said(1, plan="pro")])
    monkeypatch.setattr(attributes, "MAX_CATALOGUE", 1)
    told = replace(said(2, plan="free", junk="x"), session_attributes={"topic": "tea"}, corrections={"junk": "y"})
    receive(widget_channel, [told, said(3, user="v", other="z")])
    people = Person.objects.filter(workspace=workspace).order_by("user_id")
    assert [person.attributes for person in people] == [
        {"default_source": "widget", "plan": "free"},
        {"default_source": "widget"},
    ]
    assert Message.objects.filter(workspace=workspace, sender=Sender.USER).count() == 3
    assert Chat.objects.filter(workspace=workspace, person_id=people[0].id).latest("started_at").attributes == {
        "topic": "tea"
    }
    assert not Attribute.objects.filter(workspace=workspace, key__in=["junk", "other"]).exists()


def test_the_sender_of_an_api_is_told_that_the_catalogue_is_full(workspace, api_channel, monkeypatch, post):
    monkeypatch.setattr(attributes, "MAX_CATALOGUE", 0)
    answer = post(api_channel, {"userId": "u", "message": "hi", "attributes": {"plan": "pro"}})
    assert answer.status_code == 422
    assert "no more can be added" in answer.json()["status"]["message"]
    assert not Person.objects.filter(workspace=workspace).exists()
