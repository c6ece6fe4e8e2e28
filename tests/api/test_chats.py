"""`/api/v2/chats`: the archives, newest first, in few queries."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from coterie.audience.models import Attribute, Scope
from coterie.channels.models import Channel
from coterie.chats.models import Chat, Message
from coterie.core.clock import now
from tests.makers import START, make_person


@pytest.fixture
def chatted():
    """Factory: a chat of a person with some turns."""

    def make(workspace, person, number=0, last_at=None, **fields):
        at = START + dt.timedelta(hours=number)
        chat = Chat.objects.create(
            workspace=workspace,
            person_id=person.id,
            channel_id=Channel.objects.get_or_create(workspace=workspace, kind="api", name="App")[0].id,
            source="api",
            session_id=f"s{number}",
            started_at=at,
            last_at=last_at or at,
            by_user=fields.pop("by_user", True),
            **fields,
        )
        for index, (sender, text) in enumerate([("user", "Hi"), ("event", ""), ("bot", "Hello")]):
            Message.objects.create(
                workspace=workspace,
                chat_id=chat.id,
                channel_id=chat.channel_id,
                native_id=f"{chat.id}-{index}",
                sender=sender,
                text=text,
                at=at + dt.timedelta(seconds=index),
            )
        return chat

    return make


def test_a_listed_chat_has_the_documented_shape(workspace, api, chatted):
    person = make_person(workspace, default_name="Ana", default_avatar="https://a.example/x.png")
    chat = chatted(workspace, person, attributes={"topic": "beans"})
    listed = api.get("/api/v2/chats").json()
    assert listed == [
        {
            "id": chat.public_id,
            "storyId": None,
            "user": {"id": person.public_id, "name": "Ana", "avatar": "https://a.example/x.png"},
            "source": "api",
            "messages": [
                {"from": "user", "message": "Hi", "createdAt": "2026-05-01T12:00:00.000Z"},
                {"from": "bot", "message": "Hello", "createdAt": "2026-05-01T12:00:02.000Z"},
            ],
            "finished": True,
            "createdAt": "2026-05-01T12:00:00.000Z",
            "updatedAt": "2026-05-01T12:00:00.000Z",
        }
    ]
    assert api.get(f"/api/v2/chats/{chat.public_id}").json() == {**listed[0], "attributes": {"topic": "beans"}}


def test_a_running_chat_is_not_finished(workspace, api, chatted):
    chatted(workspace, make_person(workspace), last_at=now())
    assert api.get("/api/v2/chats").json()[0]["finished"] is False


def test_forty_newest_first_and_the_rest_after_the_last_ones_time(workspace, api, chatted):
    person = make_person(workspace)
    for number in range(43):
        chatted(workspace, person, number)
    first = api.get("/api/v2/chats").json()
    assert len(first) == 40
    assert [chat["createdAt"] for chat in first] == sorted((chat["createdAt"] for chat in first), reverse=True)
    last = dt.datetime.fromisoformat(first[-1]["createdAt"])
    second = api.get(f"/api/v2/chats?after={int(last.timestamp() * 1000)}").json()
    assert len(second) == 3
    assert api.get("/api/v2/chats?after=0").json() == []


def test_the_number_of_queries_does_not_grow(workspace, api, chatted):
    person = make_person(workspace)
    chatted(workspace, person, 0)
    api.get("/api/v2/chats")
    with CaptureQueriesContext(connection) as one:
        api.get("/api/v2/chats")
    for number in range(1, 8):
        chatted(workspace, make_person(workspace), number)
    with CaptureQueriesContext(connection) as many:
        assert len(api.get("/api/v2/chats").json()) == 8
    assert len(many) == len(one) <= 5


def test_chats_in_which_nobody_spoke_are_not_listed(workspace, api, chatted):
    chat = chatted(workspace, make_person(workspace), by_user=False)
    assert api.get("/api/v2/chats").json() == []
    assert api.get(f"/api/v2/chats/{chat.public_id}").status_code == 200


def test_chats_of_another_workspace_do_not_exist(other_workspace, api, api_of, chatted):
    chat = chatted(other_workspace, make_person(other_workspace))
    assert api.get("/api/v2/chats").json() == []
    assert api.get(f"/api/v2/chats/{chat.public_id}").status_code == 404
    assert api_of(other_workspace).get(f"/api/v2/chats/{chat.public_id}").status_code == 200


@pytest.mark.parametrize("after", ["x", "-1", "1e3", "9" * 30, "²"])
def test_a_wrong_after_is_422(api, after):
    answer = api.get(f"/api/v2/chats?after={after}")
    assert answer.status_code == 422
    assert answer.json()["status"]["details"][0]["where"] == "after"


@pytest.mark.parametrize("chat_id", ["x", "5b7ff84cc7ca3fb33c9249a8"])
def test_an_unknown_chat_is_404(api, chat_id):
    assert api.get(f"/api/v2/chats/{chat_id}").status_code == 404


def test_hidden_attributes_are_left_out(workspace, chatted, api):
    person = make_person(workspace, default_name="Ada", default_avatar="https://x.example/a.png")
    chat = chatted(workspace, person, attributes={"topic": "x", "mood": "y"})
    for scope, key in ((Scope.PERSON, "default_avatar"), (Scope.SESSION, "topic")):
        Attribute.objects.filter(workspace=workspace, scope=scope, key=key).delete()
        Attribute.objects.create(workspace=workspace, scope=scope, key=key, hidden=True)
    found = api.get(f"/api/v2/chats/{chat.public_id}").json()
    assert found["attributes"] == {"mood": "y"}
    assert (found["user"]["name"], found["user"]["avatar"]) == ("Ada", None)
    assert api.get("/api/v2/chats").json()[0]["user"]["avatar"] is None
