"""A small world: people who chatted, with values and segments."""

import itertools
from collections.abc import Callable

import pytest

from coterie.accounts.models import Workspace
from coterie.channels.events import parse_events
from coterie.channels.inbox import receive
from coterie.channels.models import Channel
from coterie.jobs import crowds
from coterie.people.models import Person
from coterie.segments.catalogue import create
from coterie.segments.models import Segment


@pytest.fixture
def channel(workspace: Workspace) -> Channel:
    """Where they chat."""
    return Channel.objects.create(workspace=workspace, kind="api", name="App")


@pytest.fixture
def chat(channel: Channel) -> Callable[..., int]:
    """`chat("u1", plan="pro")`: somebody says something; returns their id."""
    numbers = itertools.count()

    def say(user_id: str, **attributes: object) -> int:
        number = next(numbers)
        event = {"messageId": f"m{number}", "userId": user_id, "sessionId": f"s{number}", "message": "Hello"}
        event |= {"attributes": attributes, "sessionAttributes": {"topic": "beans"}}
        return receive(channel, parse_events(event)).people[user_id]

    return say


@pytest.fixture
def people(chat: Callable[..., int]) -> list[int]:
    """Seven people: plan is "pro", "free" or unknown, by turns."""
    plans = itertools.cycle([{"plan": "pro"}, {"plan": "free"}, {}])
    return [chat(f"u{number}", default_name=f"Name {number}", **next(plans)) for number in range(7)]


@pytest.fixture
def news(workspace: Workspace) -> Segment:
    """An empty segment."""
    return create(workspace, "News", "test")


@pytest.fixture
def sales(workspace: Workspace) -> Segment:
    """Another one."""
    return create(workspace, "Sales", "test")


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three people a step, so that seven take three."""
    monkeypatch.setattr(crowds, "CHUNK", 3)


@pytest.fixture
def plan(workspace: Workspace) -> Callable[[], list[object]]:
    """What `plan` everybody has, in the order they came."""

    def read() -> list[object]:
        found = Person.objects.filter(workspace=workspace).order_by("id")
        return [person.attributes.get("plan") for person in found]

    return read
