"""The Test button of a widget."""

import pytest

from coterie.channels.kinds import Denied
from coterie.channels.models import Channel
from coterie.channels.widget.trying import test as tried
from coterie.core.outgoing import OutgoingError
from coterie.people.models import Person
from tests.channels.widget.bots import rasa, with_bot

# What a bot is asked and answers; what it says is kept by the conversation (test_conversation.py).
pytestmark = pytest.mark.one_database


def test_a_bot_that_answers_is_said_so_and_nobody_is_made_of_it(workspace, widget_channel, settings):
    with rasa([{"text": "Hello!"}]) as (host, asked):
        settings.PRIVATE_HOSTS = [host]
        with_bot(widget_channel, host)
        assert tried(widget_channel) == "The bot answered “hello” with 1 message."
    assert asked == [{"sender": "coterie:test", "message": "hello"}]
    assert not Person.objects.filter(workspace=workspace).exists()


@pytest.mark.parametrize(
    ("answer", "status", "error", "words"),
    [({"text": "hi"}, 200, Denied, "a list of messages"), ([], 500, OutgoingError, "answered 500")],
)
def test_a_bot_that_does_not_answer_as_expected_is_said_so(widget_channel, settings, answer, status, error, words):
    with rasa(answer, status) as (host, _asked):
        settings.PRIVATE_HOSTS = [host]
        with_bot(widget_channel, host)
        with pytest.raises(error, match=words):
            tried(widget_channel)


def test_a_bot_on_a_private_address_is_not_called(widget_channel):
    with rasa([]) as (host, asked):
        with_bot(widget_channel, host)
        with pytest.raises(OutgoingError, match="private network"):
            tried(widget_channel)
    assert asked == []


def test_without_a_bot_the_last_message_is_told(visitor):
    with pytest.raises(Denied, match="Nothing arrived yet"):
        tried(visitor.channel)
    visitor.say("hello")
    assert tried(visitor.channel).startswith("The last message arrived on ")


def test_settings_that_cannot_be_read_are_said_so(widget_channel):
    Channel.objects.filter(workspace=widget_channel.workspace, id=widget_channel.id).update(settings={"shoe": 1})
    widget_channel.refresh_from_db()
    with pytest.raises(Denied, match="Its settings cannot be read: shoe"):
        tried(widget_channel)
