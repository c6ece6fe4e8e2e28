"""What banned people write is kept and refused: it changes nothing, and they are answered what the workspace chose."""

import pytest

from coterie.audience.audience import audience_of
from coterie.bulk.actions import Action
from coterie.bulk.selection import Selection
from coterie.bulk.start import start
from coterie.chats import queries
from coterie.chats.models import Chat, Message
from coterie.people import policy
from coterie.people.models import Person
from coterie.privacy.erasing import erase
from coterie.segments.catalogue import create
from coterie.segments.models import Membership
from tests.bulk.checking import assert_whole


@pytest.fixture
def maya(workspace, api_channel, post) -> Person:
    """Somebody banned."""
    post(api_channel, {"messageId": "m0", "userId": "maya", "message": "hello", "timestamp": "2026-01-01T12:00:00Z"})
    person = Person.objects.get(workspace=workspace, user_id="maya")
    start(workspace, "member:1", Action.ban(), Selection.of_ids([person.id]))
    return Person.objects.get(workspace=workspace, user_id="maya")


def test_the_message_is_kept_and_marked(workspace, api_channel, post, maya):
    answer = post(api_channel, {"messageId": "m1", "userId": "maya", "message": "spam"}).json()
    assert (answer["accepted"], answer["duplicates"]) == (0, 0)
    assert answer["refused"] == [{"messageId": "m1", "reason": "banned"}]
    kept = Message.objects.get(workspace=workspace, native_id="m1")
    assert (kept.text, kept.payload) == ("spam", {"refused": True})
    assert_whole(workspace)


def test_it_moves_neither_last_seen_nor_the_number_of_chats_nor_anything_else(workspace, api_channel, post, maya):
    segment = create(workspace, "News", "test")
    post(
        api_channel,
        {
            "messageId": "m1",
            "userId": "maya",
            "message": "spam",
            "attributes": {"plan": "pro"},
            "sessionAttributes": {"topic": "x"},
            "segments": {"add": ["News"]},
        },
    )
    after = Person.objects.get(workspace=workspace, user_id="maya")
    for field in ("last_seen", "chats", "attributes", "created_at"):
        assert getattr(after, field) == getattr(maya, field)
    assert not Membership.objects.filter(workspace=workspace, segment_id=segment.id).exists()
    kept = Message.objects.get(workspace=workspace, native_id="m1")
    assert (kept.text, kept.payload) == ("spam", {"refused": True})
    assert len(queries.of_person(workspace, maya.id, 50)) == 1
    assert_whole(workspace)


def test_a_chat_that_is_going_on_stays_as_it_was(workspace, api_channel, post):
    for number in range(2):
        post(api_channel, {"messageId": f"m{number}", "userId": "bo", "message": "hi"})
        bo = Person.objects.get(workspace=workspace, user_id="bo")
        start(workspace, "member:1", Action.ban(), Selection.of_ids([bo.id]))
    chat = Chat.objects.get(workspace=workspace, person_id=bo.id)
    assert chat.messages == 1
    assert Message.objects.filter(workspace=workspace, chat_id=chat.id).count() == 2
    assert Message.objects.get(workspace=workspace, native_id="m1").at > chat.last_at


def test_what_others_report_about_them_still_counts(workspace, api_channel, post, maya):
    post(api_channel, {"messageId": "m1", "userId": "maya", "attributes": {"plan": "pro"}})
    assert Person.objects.get(workspace=workspace, user_id="maya").attributes["plan"] == "pro"


def test_the_answer_has_the_words_that_the_workspace_chose(workspace, api_channel, post, maya):
    answer = post(api_channel, {"userId": "maya", "message": "spam"}).json()
    assert answer["message"] == policy.default_refusal()
    policy.change(workspace, refusal="Please call us.")
    assert post(api_channel, {"userId": "maya", "message": "spam"}).json()["message"] == "Please call us."


def test_others_in_the_same_request_are_heard(workspace, api_channel, post, maya):
    answer = post(
        api_channel,
        [{"messageId": "a", "userId": "maya", "message": "spam"}, {"messageId": "b", "userId": "bo", "message": "hi"}],
    ).json()
    assert (answer["accepted"], len(answer["refused"])) == (1, 1)


def test_after_the_ban_is_lifted_they_are_heard_again(workspace, api_channel, post, maya):
    start(workspace, "member:1", Action.unban(), Selection.of_ids([maya.id]))
    assert post(api_channel, {"userId": "maya", "message": "sorry"}).json()["accepted"] == 1
    assert Person.objects.get(workspace=workspace, user_id="maya").chats == 2


def test_the_list_finds_them(workspace, maya):
    audience = audience_of(workspace)
    assert audience.count(audience.parse("f=banned:is_true").view.node) == 1


def test_a_late_message_for_somebody_erased_is_refused_too(workspace, api_channel, post, maya):
    erase(workspace, "member:1", [maya.id])
    answer = post(api_channel, {"messageId": "m1", "userId": "maya", "message": "late"}).json()
    assert answer["refused"] == [{"messageId": "m1", "reason": "erased"}]
    assert not Message.objects.filter(workspace=workspace, native_id="m1").exists()


class Browser:
    """A visitor of the widget, who keeps what the widget keeps."""

    def __init__(self, channel, post) -> None:
        self.channel, self.post = channel, post
        self.visitor, self.session, self.number = None, "s1", 0

    def write(self, text: str) -> dict:
        self.number += 1
        body = {"visitor": self.visitor, "session": self.session, "id": f"w{self.number}", "text": text}
        answer = self.post(self.channel, body).json()
        self.visitor = answer.get("visitor") or self.visitor
        if answer.get("forget"):
            self.visitor, self.session = None, "s2"
        return answer


def test_a_banned_visitor_of_the_widget_gets_the_same_words_and_no_bot(workspace, widget_channel, post):
    browser = Browser(widget_channel, post)
    browser.write("hello")
    person = Person.objects.get(workspace=workspace)
    start(workspace, "member:1", Action.ban(), Selection.of_ids([person.id]))
    before = Message.objects.filter(workspace=workspace).count()
    answer = browser.write("Maya")
    assert [message["text"] for message in answer["messages"]] == [policy.default_refusal()]
    assert Message.objects.filter(workspace=workspace).count() == before + 1
    after = Person.objects.get(workspace=workspace)
    assert (after.attributes, after.chats, after.last_seen) == (person.attributes, person.chats, person.last_seen)


def test_an_erased_visitor_s_browser_forgets_who_it_was(workspace, widget_channel, post):
    browser = Browser(widget_channel, post)
    browser.write("hello")
    former = Person.objects.get(workspace=workspace)
    erase(workspace, "member:1", [former.id])
    assert browser.write("still there?")["forget"] is True
    assert not Person.objects.filter(workspace=workspace).exists()
    browser.write("I am new")
    assert Person.objects.get(workspace=workspace).user_id != former.user_id
