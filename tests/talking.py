"""Somebody with a name, and how they talk: fixtures of the tests about one person."""

import pytest

from coterie.accounts.models import Workspace
from coterie.channels.events import parse_events
from coterie.channels.inbox import receive
from coterie.channels.models import Channel
from coterie.people.models import Person
from tests.makers import make_person


@pytest.fixture
def channel(workspace: Workspace) -> Channel:
    """A custom integration, called Shop."""
    return Channel.objects.create(workspace=workspace, kind="api", name="Shop")


@pytest.fixture
def talk(channel: Channel):
    """Factory: `talk(person, "hello", session={…})` is a message of theirs; returns the person as they are then."""

    def say(person: Person, message: str | None = "hello", *, session=None, at=None, session_id=None, **attributes):
        event = {"userId": person.user_id, "message": message, "attributes": attributes, "sessionAttributes": session}
        event |= {"timestamp": at.isoformat() if at else None, "sessionId": session_id}
        receive(channel, parse_events({name: value for name, value in event.items() if value is not None}))
        return Person.objects.get(workspace_id=channel.workspace_id, id=person.id)

    return say


@pytest.fixture
def ada(workspace: Workspace) -> Person:
    """Ada of Oslo."""
    return make_person(workspace, default_name="Ada", default_email="ada@example.com", default_city="Oslo", plan="free")
