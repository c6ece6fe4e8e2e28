"""Events of a custom integration: what is stored, what is refused, and that all of it happens once."""

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.audience.audience import audience_of
from coterie.audience.models import Attribute, Scope
from coterie.audience.tree import Condition
from coterie.channels import events
from coterie.channels.models import Channel
from coterie.chats.models import Chat, Message
from coterie.core.clock import now
from coterie.journal.models import JournalEntry
from coterie.people.models import Identity, Person
from coterie.segments import catalogue
from coterie.segments.rules import create_rule


def person(workspace, user_id="u-1"):
    return Person.objects.get(workspace=workspace, user_id=user_id)


def test_a_message_makes_a_person_with_a_chat(workspace, api_channel, post):
    answer = post(api_channel, {"messageId": "m1", "userId": "u-1", "sessionId": "s1", "message": "hello"})
    assert (answer.status_code, answer.json()["accepted"], answer.json()["duplicates"]) == (200, 1, 0)
    maya = person(workspace)
    assert maya.chats == 1
    assert maya.last_seen is not None
    assert maya.attributes == {"default_source": "api"}
    chat = Chat.objects.get(workspace=workspace, person_id=maya.id)
    assert (chat.session_id, chat.messages, chat.source) == ("s1", 1, "api")
    assert Message.objects.get(workspace=workspace, chat_id=chat.id).text == "hello"


def test_the_person_is_in_the_audience_at_once(workspace, api_channel, post):
    post(api_channel, {"userId": "u-1", "message": "hi", "attributes": {"plan": "pro"}})
    audience = audience_of(workspace)
    assert audience.count(audience.parse("f=plan:is:PRO").view.node) == 1


def test_attributes_of_person_session_and_context_go_where_they_belong(workspace, api_channel, post):
    post(
        api_channel,
        {
            "userId": "u-1",
            "message": "hi",
            "attributes": {"default_name": "Maya", "orders": 3, "vip": True},
            "sessionAttributes": {"order_number": "FH-1"},
            "context": {
                "url": "https://shop.example/a",
                "referrer": "https://search.example/",
                "ip": "203.0.113.9",
                "language": "en-GB",
                "timezone": "Europe/Warsaw",
            },
        },
    )
    assert person(workspace).attributes == {
        "default_name": "Maya",
        "orders": 3,
        "vip": True,
        "default_url": "https://shop.example/a",
        "default_referrer": "https://search.example/",
        "default_ip": "203.0.113.9",
        "default_language": "English",
        "default_timezone": "Europe/Warsaw",
        "default_source": "api",
    }
    assert Chat.objects.get(workspace=workspace).attributes == {"order_number": "FH-1"}
    own = Attribute.objects.filter(workspace=workspace, scope=Scope.PERSON).exclude(key__startswith="default_")
    types = dict(own.values_list("key", "type"))
    assert types == {"orders": "number", "vip": "boolean"}


def test_a_list_of_events_is_stored_in_one_go(workspace, api_channel, post):
    sent = [{"messageId": f"m{n}", "userId": f"u-{n % 7}", "message": str(n)} for n in range(50)]
    assert post(api_channel, sent).json()["accepted"] == 50
    assert Person.objects.filter(workspace=workspace).count() == 7
    assert Message.objects.filter(workspace=workspace).count() == 50


def test_a_repeated_message_id_changes_nothing(workspace, api_channel, post):
    event = {"messageId": "m1", "userId": "u-1", "message": "hello", "attributes": {"plan": "pro"}}
    post(api_channel, event)
    workspace.refresh_from_db()
    revision = workspace.revision
    repeated = event | {"userId": "somebody else", "message": "other", "attributes": {"plan": "free"}}
    answer = post(api_channel, [event, repeated, event])
    assert (answer.json()["accepted"], answer.json()["duplicates"]) == (0, 3)
    workspace.refresh_from_db()
    assert workspace.revision == revision
    assert Person.objects.filter(workspace=workspace).count() == 1
    assert person(workspace).attributes["plan"] == "pro"


def test_the_same_message_id_on_another_channel_is_another_message(workspace, api_channel, post):
    second = Channel.objects.create(workspace=workspace, kind="api", name="Second")
    post(api_channel, {"messageId": "m1", "userId": "u-1", "message": "one"})
    assert post(second, {"messageId": "m1", "userId": "u-1", "message": "two"}).json()["accepted"] == 1
    assert Person.objects.filter(workspace=workspace).count() == 1
    assert Identity.objects.filter(workspace=workspace).count() == 2


def test_two_workspaces_with_the_same_ids_do_not_meet(workspace, other_workspace, api_channel, post):
    theirs = Channel.objects.create(workspace=other_workspace, kind="api", name="Theirs")
    post(api_channel, {"messageId": "m1", "userId": "u-1", "message": "one", "attributes": {"plan": "pro"}})
    post(theirs, {"messageId": "m1", "userId": "u-1", "message": "two"})
    assert person(workspace).id != person(other_workspace).id
    assert "plan" not in person(other_workspace).attributes
    assert audience_of(other_workspace).count(None) == 1


def test_only_the_persons_own_words_move_last_seen(workspace, api_channel, post):
    early = (now() - dt.timedelta(hours=3)).isoformat()
    post(api_channel, {"userId": "u-1", "message": "hello", "timestamp": early})
    before = person(workspace)
    post(api_channel, {"userId": "u-1", "message": "anything else?", "sender": "bot"})
    post(api_channel, {"userId": "u-1", "attributes": {"plan": "pro"}})
    after = person(workspace)
    assert (after.last_seen, after.chats) == (before.last_seen, before.chats)
    assert after.attributes["plan"] == "pro"


def test_people_are_put_in_and_taken_out_of_segments(workspace, api_channel, post):
    news = catalogue.create(workspace, "Newsletter", "test")
    post(api_channel, {"userId": "u-1", "message": "yes", "segments": {"add": ["newsletter"]}})
    audience = audience_of(workspace)
    members = audience.parse(f"f=segment:in:{news.public_id}").view.node
    assert audience.count(members) == 1
    post(api_channel, {"userId": "u-1", "segments": {"remove": [news.public_id]}})
    assert audience.count(members) == 0


def test_an_unknown_segment_is_refused_and_nothing_is_stored(workspace, api_channel, post):
    answer = post(api_channel, [{"userId": "u-1", "message": "a"}, {"userId": "u-2", "segments": {"add": ["Nope"]}}])
    assert answer.status_code == 422
    assert "Nope" in answer.json()["status"]["message"]
    assert not Person.objects.filter(workspace=workspace).exists()


def test_a_clock_in_the_future_is_set_to_now(workspace, api_channel, post):
    post(api_channel, {"userId": "u-1", "message": "hi", "timestamp": "2999-01-01T00:00:00Z"})
    assert person(workspace).last_seen <= now()


def test_a_late_event_fills_gaps_but_overwrites_nothing(workspace, api_channel, post):
    yesterday = (now() - dt.timedelta(days=1)).isoformat()
    post(api_channel, {"userId": "u-1", "message": "new", "attributes": {"plan": "pro"}})
    post(
        api_channel,
        {"userId": "u-1", "message": "old", "timestamp": yesterday, "attributes": {"plan": "free", "city": "Oslo"}},
    )
    found = person(workspace)
    assert (found.attributes["plan"], found.attributes["city"], found.chats) == ("pro", "Oslo", 2)
    assert found.created_at < found.last_seen


def test_nul_and_broken_unicode_in_words_do_not_lose_the_message(workspace, api_channel, post):
    body = b'{"userId":"u-1","message":"a\\u0000b\\ud800c","attributes":{"note":"x\\u0000y"}}'
    assert post(api_channel, body).status_code == 200
    assert Message.objects.get(workspace=workspace).text == "a�b�c"
    assert person(workspace).attributes["note"] == "x�y"


def test_empty_values_are_not_values(workspace, api_channel, post):
    post(api_channel, {"userId": "u-1", "attributes": {"plan": "pro", "default_email": "m@x.example"}})
    post(api_channel, {"userId": "u-1", "attributes": {"plan": "", "default_email": None, "other": "  "}})
    assert person(workspace).attributes == {"plan": "pro", "default_email": "m@x.example", "default_source": "api"}


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (b"{", 400, "not JSON"),
        (b'{"userId": "a", "attributes": {"x": NaN}}', 400, "NaN"),
        (b"\xff\xfe", 400, "not JSON"),
        (b"[" * 100_000, 400, "not JSON"),
        (b"[]", 422, "events"),
        (b"7", 422, "object"),
        ([{"userId": "a"}] * 1001, 422, "1000"),
        ({"message": "hi"}, 422, "userId"),
        ({"userId": "a" * 257, "message": "hi"}, 422, "256"),
        ({"userId": "a\x00", "message": "hi"}, 422, "NUL"),
        ({"userId": "a", "message": "x" * 20_001}, 422, "20,000"),
        ({"userId": "a", "message": 5}, 422, "text"),
        ({"userId": "a", "sender": "agent"}, 422, "user or bot"),
        ({"userId": "a", "timestamp": "yesterday"}, 422, "ISO 8601"),
        ({"userId": "a", "timestamp": 1e300}, 422, "ISO 8601"),
        ({"userId": "a", "timestamp": "1970-01-01T00:00:00Z"}, 422, "2000"),
        ({"userId": "a", "atributes": {}}, 422, "atributes"),
        ({"userId": "a", "attributes": {f"k{n}": "v" for n in range(1000)}}, 422, "99"),
        ({"userId": "a", "attributes": {"default_name": "n" * 1_000_000}}, 422, "256"),
        ({"userId": "a", "attributes": {"default_name": "n" * 10_000_000}}, 413, "8 MB"),
        ({"userId": "a", "attributes": {"default_shoe": "44"}}, 422, "reserved"),
        ({"userId": "a", "attributes": {"segment": "x"}}, 422, "reserved"),
        ({"userId": "a", "attributes": {"x": [1]}}, 422, "number or true/false"),
        ({"userId": "a", "attributes": {"x": 10**400}}, 422, "range"),
        ({"userId": "a", "attributes": "x"}, 422, "object"),
        ({"userId": "a", "context": {"ip": "999.1.1.1"}}, 422, "IP"),
        ({"userId": "a", "context": {"color": "red"}}, 422, "context"),
        ({"userId": "a", "segments": ["x"]}, 422, "add and remove"),
        ({"userId": "a", "buttons": [{"title": ""}]}, 422, "title"),
    ],
)
def test_what_cannot_be_stored_is_refused_with_its_place_and_nothing_is_written(
    workspace, api_channel, post, body, code, words
):
    answer = post(api_channel, body)
    assert answer.status_code == code
    assert words in answer.json()["status"]["message"]
    workspace.refresh_from_db()
    assert workspace.revision == 0


def test_a_body_larger_than_8_mb_is_refused(workspace, api_channel, post):
    sent = [{"userId": "a", "message": "x" * 15_000}] * 600
    assert post(api_channel, sent).status_code == 413
    assert not Person.objects.filter(workspace=workspace).exists()


def test_a_wrong_key_or_kind_finds_no_channel(api_channel, widget_channel, client):
    body = json.dumps({"userId": "u-1", "message": "hi"})
    for address in ("/channels/api/nope", f"/channels/api/{widget_channel.key}", f"/channels/widget/{api_channel.key}"):
        assert client.post(address, body, content_type="application/json").status_code == 404


def test_only_post_is_taken(api_channel, client):
    answer = client.get(f"/channels/api/{api_channel.key}")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
fields = st.sampled_from([*sorted(events._FIELDS), "x"])


@given(sent=st.lists(st.dictionaries(fields, json_values, max_size=6), max_size=3))
def test_whatever_is_sent_the_answer_is_never_a_server_error(api_channel, post, sent):
    body = json.dumps(sent).encode()
    assert post(api_channel, body).status_code in (200, 400, 422)


def test_the_journal_has_every_change_without_a_gap(workspace, api_channel, post):
    post(api_channel, [{"userId": f"u-{n}", "message": "x", "attributes": {"n": n}} for n in range(20)])
    post(api_channel, {"userId": "u-3", "attributes": {"n": 99}})
    entries = list(JournalEntry.objects.filter(workspace=workspace).order_by("revision"))
    workspace.refresh_from_db()
    assert [entry.revision for entry in entries] == list(range(1, workspace.revision + 1))
    assert (entries[-1].kind, entries[-1].before, entries[-1].after) == ("set", {"n": 3}, {"n": 99})
    assert entries[-1].actor == f"channel:{api_channel.public_id}"


def test_nobody_joins_a_segment_that_a_rule_fills(workspace, api_channel, post):
    create_rule(workspace, "Poles", Condition("default_country", "is", ("Poland",)), "test")
    answer = post(api_channel, {"userId": "u-1", "message": "hi", "segments": {"add": ["poles"]}})
    assert answer.status_code == 422
    assert "keeps itself up to date" in answer.content.decode()
    assert audience_of(workspace).count(None) == 0
