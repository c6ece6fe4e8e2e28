"""Dialogflow: the secret, the answer that changes nothing, and what the requests mean for people."""

import base64

import pytest

from coterie.channels.models import RawEvent, State, Traffic
from coterie.channels.registry import KINDS
from coterie.channels.setup import make
from coterie.chats.models import Chat, Message
from coterie.people.attributes import Refused
from coterie.people.models import Person
from tests.channels.dialogflow.conftest import MESSENGER, SECRET, cx, es

# How a platform's words are read. That all databases keep them alike is told by tests/channels/test_platforms.py.
pytestmark = pytest.mark.one_database


def only_person(channel):
    return Person.objects.get(workspace_id=channel.workspace_id)


def words(channel):
    return list(Message.objects.filter(workspace_id=channel.workspace_id).order_by("id").values_list("text", flat=True))


def stored(channel):
    return list(RawEvent.objects.filter(workspace_id=channel.workspace_id))


def basic(login):
    return {"Authorization": "Basic " + base64.b64encode(login).decode()}


@pytest.mark.parametrize(
    "headers",
    [{}, basic(b"x:wrong"), basic(b"a-secret:"), basic(b"\xff:\xff"), {"Authorization": "Basic %%%"},
     {"Authorization": SECRET}, {"X-Coterie-Secret": "é"}, {"X-Coterie-Secret": ""}],
)  # fmt: skip
def test_a_wrong_secret_is_refused_and_not_stored(dialogflow, channel, headers):
    assert dialogflow(channel, es(), headers).status_code == 401
    assert stored(channel) == []
    assert Traffic.objects.get(workspace_id=channel.workspace_id).refused == 1


@pytest.mark.parametrize(
    "headers", [basic(b"anyone:a-secret"), {"X-Coterie-Secret": SECRET}, {"Authorization": f"Bearer {SECRET}"}]
)
def test_the_secret_is_a_password_or_in_a_header(dialogflow, channel, headers):
    assert dialogflow(channel, es(), headers).status_code == 200


def test_the_answer_leaves_the_bot_s_own_as_it_is(dialogflow, channel):
    answer = dialogflow(channel, es())
    assert (answer.content, answer["Content-Type"]) == (b"{}", "application/json")


def test_other_methods_are_refused(client, channel):
    assert client.get(f"/channels/dialogflow/{channel.key}").status_code == 405


def test_words_make_a_person_and_a_chat(dialogflow, channel, work_off):
    dialogflow(channel, es())
    dialogflow(channel, es())
    work_off()
    person = only_person(channel)
    assert person.user_id == "dialogflow:demo:facebook:7301"
    assert person.attributes == {"default_source": "dialogflow", "default_language": "English"}
    assert (person.chats, words(channel)) == (1, ["hello"])
    assert person.last_seen == stored(channel)[0].at


def original(payload, source=None):
    return {"originalDetectIntentRequest": {"payload": payload} | ({"source": source} if source else {})}


NAMED = [
    (original({"data": {"event": {"user": "U1"}}}, "slack"), "slack:U1"),
    (original({"data": {"from": {"id": 5}}}, "telegram"), "telegram:5"),
    (original({"userId": "u-1"}), "u-1"),
    (original({}) | {"result": {"parameters": {"userId": "u-2"}}}, "u-2"),
    (original({}, "web"), "s-9"),
    (original(5) | {"session": "projects/demo/agent/environments/E/users/U/sessions/s-1"}, "s-1"),
]


@pytest.mark.parametrize(("request_", "who"), NAMED, ids=[who for _, who in NAMED])
def test_whoever_the_platform_names_comes_before_the_session(dialogflow, channel, work_off, request_, who):
    dialogflow(channel, es(**request_))
    work_off()
    assert only_person(channel).user_id == f"dialogflow:demo:{who}"


def test_cx_says_it_otherwise(dialogflow, channel, work_off):
    dialogflow(
        channel, cx(parameters={"userId": "u-1", "email": "m@a.example", "tier": "gold", "size": "L", "n": {"a": 1}})
    )
    dialogflow(channel, cx("", "d-2", transcript="spoken"))
    work_off()
    person = Person.objects.get(workspace_id=channel.workspace_id, user_id="dialogflow:demo:u-1")
    assert person.attributes == {
        "default_source": "dialogflow",
        "default_language": "Polish",
        "default_email": "m@a.example",
        "plan": "gold",
    }
    told = Chat.objects.get(workspace_id=channel.workspace_id, person_id=person.id).attributes
    assert told == {"size": "L", "n_a": 1}
    assert sorted(words(channel)) == ["hello", "spoken"]


def test_a_city_in_the_conversation_is_not_where_the_person_lives(dialogflow, channel, work_off):
    dialogflow(channel, es(result={"parameters": {"city": "Paris", "given-name": "Maya", "date": ""}}))
    work_off()
    attributes = only_person(channel).attributes
    assert "default_city" not in attributes
    assert attributes["default_name"] == "Maya"


KEPT = {
    "an event of CX": cx("", triggerEvent="WELCOME"),
    "an intent without words": cx("", triggerIntent="projects/demo/x"),
    "no session": es(session="nowhere", originalDetectIntentRequest={}),
    "nothing": {},
    "something new": {"something": {"new": 1}},
    "odd": {"responseId": [1], "session": 5, "queryResult": "x", "sessionInfo": [], "text": {"a": 1}},
}


@pytest.mark.parametrize("data", KEPT.values(), ids=KEPT.keys())
def test_what_nobody_said_is_kept(dialogflow, channel, work_off, data):
    assert dialogflow(channel, data).status_code == 200
    work_off()
    assert not Person.objects.filter(workspace_id=channel.workspace_id).exists()
    assert [(raw.state, raw.note[:6]) for raw in stored(channel)] == [(State.DONE, "Kept; ")]


def test_two_workspaces_have_each_their_own_person(dialogflow, channel, other_workspace, work_off):
    theirs = make(other_workspace, "test", KINDS["dialogflow"], "Agent", {"secret": SECRET})
    dialogflow(channel, es("ours"))
    dialogflow(theirs, es("theirs", originalDetectIntentRequest=MESSENGER))
    work_off()
    assert (words(channel), words(theirs)) == (["ours"], ["theirs"])


@pytest.mark.parametrize("mapping", ["a", "a =", "= b", "a = default_nothing", "a = b, c", f"a = {'x' * 200}"])
def test_a_mapping_that_is_none_is_refused(workspace, mapping):
    with pytest.raises(Refused):
        make(workspace, "test", KINDS["dialogflow"], "Agent", {"mapping": mapping})
