"""What Segment's calls mean for people."""

import datetime as dt

import pytest

from coterie.audience.audience import audience_of
from coterie.audience.view import View
from coterie.channels.models import RawEvent
from coterie.core.clock import UTC, now
from coterie.merging import merge
from coterie.merging.split import merged_into, split
from coterie.people.models import Identity, Person, Share

SAMPLE = {
    "batch": [
        {
            "type": "identify",
            "messageId": "m-1",
            "userId": "u_1",
            "anonymousId": None,
            "timestamp": "2026-08-29T10:39:59.000+00:00",
            "traits": {
                "email": "maya.ortiz@example.com",
                "firstName": "Maya",
                "lastName": "Ortiz",
                "username": "mayao",
                "address": {"city": "Warsaw", "country": "PL"},
                "createdAt": "2026-01-05T00:00:00Z",
            },
            "context": {
                "ip": "203.0.113.9",
                "locale": "pl-PL",
                "timezone": "Europe/Warsaw",
                "page": {"url": "https://shop.example/pricing", "referrer": "https://search.example/"},
            },
        },
        {
            "type": "track",
            "messageId": "m-2",
            "userId": "u_1",
            "event": "Chat Message Sent",
            "properties": {"bot": "faq"},
            "timestamp": "2026-08-29T10:40:00.000+00:00",
        },
    ],
    "sentAt": "2026-08-29T10:40:00.500+00:00",
    "writeKey": "wk_demo",
}


def people(channel):
    return list(Person.objects.filter(workspace_id=channel.workspace_id).order_by("user_id"))


def person(channel):
    [found] = people(channel)
    return found


@pytest.fixture
def say(call, segment_channel, work_off):
    """Makes a call and has it read."""

    def make(kind, /, **data):
        data.setdefault("userId", "u_1")
        answer = call(segment_channel, kind, data)
        assert answer.status_code == 200
        work_off()

    return make


def test_the_documented_sample_becomes_a_person(call, segment_channel, work_off):
    before = now()
    call(segment_channel, "batch", {**SAMPLE, "writeKey": segment_channel.key})
    work_off()
    maya = person(segment_channel)
    assert maya.user_id == "u_1"
    assert maya.attributes == {
        "default_email": "maya.ortiz@example.com",
        "default_name": "Maya Ortiz",
        "default_username": "mayao",
        "default_city": "Warsaw",
        "default_country": "Poland",
        "default_language": "Polish",
        "default_timezone": "Europe/Warsaw",
        "default_ip": "203.0.113.9",
        "default_url": "https://shop.example/pricing",
        "default_referrer": "https://search.example/",
        "default_source": "segment",
        "firstName": "Maya",
        "lastName": "Ortiz",
    }
    assert maya.created_at == dt.datetime(2026, 1, 5, tzinfo=UTC)
    # By our clock: half a second before it was sent.
    assert -0.6 < (maya.last_seen - before).total_seconds() < 5


def test_the_clock_of_the_sender_does_not_matter(say, segment_channel):
    say("track", event="x", timestamp="2019-01-01T00:00:00Z", sentAt="2019-01-01T01:00:00Z")
    assert abs((now() - person(segment_channel).last_seen).total_seconds() - 3_600) < 10


def test_without_a_time_of_sending_the_time_is_believed_but_never_the_future(say, segment_channel):
    say("track", event="x", timestamp="2026-03-01T12:00:00")
    assert person(segment_channel).last_seen == dt.datetime(2026, 3, 1, 12, tzinfo=UTC)
    say("track", event="y", timestamp="2199-03-01T12:00:00Z")
    assert person(segment_channel).last_seen <= now()


@pytest.mark.parametrize("time", ["soon", 1e300, -1, None, {}, "1970-01-01", "0001-01-01T00:00:00+23:59"])
def test_an_odd_time_is_the_time_of_arrival(say, segment_channel, time):
    say("track", event="x", timestamp=time, sentAt="9999-12-31T23:59:59Z" if time == "soon" else None)
    assert (now() - person(segment_channel).last_seen).total_seconds() < 10


def test_other_traits_keep_their_own_names_and_cannot_write_the_reserved_ones(say, segment_channel):
    traits = {
        "plan": "pro",
        "seats": 5,
        "trial": False,
        "company": {"name": "Fern", "id": 7},
        "tags": ["a", "b", ""],
        "default_email": "forged@example.com",
        "default_anything": "x",
        "lastSeen": "x",
        "id": "u_1",
        "empty": "",
        "nothing": None,
        "long": "x" * 2_000,
    }
    say("identify", traits=traits, messageId="m-1")
    assert person(segment_channel).attributes == {
        "default_source": "segment",
        "plan": "pro",
        "seats": 5,
        "trial": False,
        "company_name": "Fern",
        "company_id": 7,
        "tags": "a, b",
    }
    note = RawEvent.objects.get(workspace_id=segment_channel.workspace_id).note
    assert note == "Left out, as they do not fit: default_email, default_anything, lastSeen, long."


def test_empty_traits_overwrite_nothing(say, segment_channel):
    say("identify", traits={"email": "a@example.com", "address": {"city": "Oslo"}, "plan": "pro"})
    say("identify", traits={"email": "", "address": {"city": "Unknown"}, "plan": None, "name": " "})
    attributes = person(segment_channel).attributes
    assert (attributes["default_email"], attributes["default_city"], attributes["plan"]) == (
        "a@example.com",
        "Oslo",
        "pro",
    )
    assert "default_name" not in attributes


def test_traits_in_snake_case_are_known_too(say, segment_channel):
    say("identify", traits={"first_name": "Maya", "last_name": "Ortiz", "created_at": 1767571200})
    assert person(segment_channel).attributes["default_name"] == "Maya Ortiz"
    assert person(segment_channel).created_at == dt.datetime(2026, 1, 5, tzinfo=UTC)


def test_a_group_tells_about_the_company(say, segment_channel):
    say("group", groupId="g-9", traits={"name": "Fern", "plan": "team"})
    assert person(segment_channel).attributes == {
        "default_source": "segment",
        "group_id": "g-9",
        "group_name": "Fern",
        "group_plan": "team",
    }


def test_a_page_tells_where_they_are(say, segment_channel):
    say("page", name="Pricing", properties={"url": "https://a.example/p", "referrer": "https://b.example/"})
    attributes = person(segment_channel).attributes
    assert (attributes["default_url"], attributes["default_referrer"]) == ("https://a.example/p", "https://b.example/")


def test_an_update_from_a_server_does_not_move_last_seen(say, segment_channel):
    say("identify", traits={"plan": "pro"}, context={"active": False})
    assert person(segment_channel).attributes["plan"] == "pro"
    assert person(segment_channel).last_seen is None


def test_a_server_s_own_address_is_not_taken_for_theirs(say, segment_channel):
    say("track", event="x")
    assert "default_ip" not in person(segment_channel).attributes
    say("track", event="y", context={"direct": True})
    assert person(segment_channel).attributes["default_ip"] == "127.0.0.1"


@pytest.mark.parametrize(
    "context", ["x", [], {"ip": "x", "timezone": "Mars/Base", "locale": 5, "page": "x"}, {"ip": ["1"]}]
)
def test_an_odd_context_is_left_out(say, segment_channel, context):
    say("track", event="x", context=context)
    assert person(segment_channel).attributes == {"default_source": "segment"}


def test_numbers_as_ids_are_texts(say, segment_channel):
    say("identify", userId=12345)
    assert person(segment_channel).user_id == "12345"


def test_the_context_of_a_batch_is_that_of_its_events(call, segment_channel, work_off):
    batch = [{"type": "track", "userId": "u_1", "event": "x", "context": {"locale": "de"}}]
    call(segment_channel, "batch", {"batch": batch, "context": {"locale": "en", "ip": "203.0.113.9"}})
    work_off()
    attributes = person(segment_channel).attributes
    assert (attributes["default_language"], attributes["default_ip"]) == ("German", "203.0.113.9")


def test_a_visitor_who_says_who_they_are_stays_one_person(say, segment_channel):
    say("page", userId=None, anonymousId="a-1", properties={"url": "https://a.example/"})
    say("identify", anonymousId="a-1", traits={"email": "a@example.com"})
    say("track", userId=None, anonymousId="a-1", event="x")
    maya = person(segment_channel)
    assert maya.user_id == "u_1"
    assert (maya.attributes["default_url"], maya.attributes["default_email"]) == ("https://a.example/", "a@example.com")
    natives = Identity.objects.filter(workspace_id=segment_channel.workspace_id).values_list("native_id", flat=True)
    assert set(natives) == {"anonymous:a-1", "u_1"}


def test_an_alias_makes_one_person_of_two_ids_in_either_order(say, segment_channel):
    say("alias", previousId="a-1", userId="u_1")
    say("track", userId=None, anonymousId="a-1", event="x")
    say("track", userId=None, anonymousId="a-2", event="x")
    say("alias", previousId="a-2", userId="u_2")
    say("track", userId="u_2", event="x")
    assert [one.user_id for one in people(segment_channel)] == ["u_1", "u_2"]


def test_the_same_id_of_a_visitor_and_of_a_user_are_two_people(say, segment_channel):
    say("track", userId="5", event="x")
    say("track", userId=None, anonymousId="5", event="x")
    assert [one.user_id for one in people(segment_channel)] == ["5", "anonymous:5"]


def test_nobody_takes_the_place_of_another_by_naming_their_id(say, segment_channel):
    """A write key stands in pages, for everybody to read."""
    say("identify", userId="victim", traits={"email": "victim@example.com"})
    for form in ("victim", "anonymous:victim"):
        say("identify", userId="attacker", anonymousId=form)
    say("alias", userId="attacker-2", previousId="victim")
    victim = Person.objects.get(workspace_id=segment_channel.workspace_id, user_id="victim")
    assert victim.attributes["default_email"] == "victim@example.com"
    assert "attacker" in {one.user_id for one in people(segment_channel)}


def test_a_second_person_on_the_same_device_is_somebody_else(say, segment_channel):
    say("identify", userId="u_1", anonymousId="a-1")
    say("identify", userId="u_2", anonymousId="a-1")
    assert [one.user_id for one in people(segment_channel)] == ["u_1", "u_2"]


def test_an_anonymous_id_of_somebody_known_elsewhere_leads_to_them(say, segment_channel, api_channel, post):
    post(api_channel, {"userId": "u_1", "message": "hi"})
    say("identify", anonymousId="a-1")
    say("track", userId=None, anonymousId="a-1", event="x")
    assert person(segment_channel).user_id == "u_1"


def test_somebody_who_got_another_name_is_listed_and_found_under_it(say, segment_channel, workspace):
    say("track", userId=None, anonymousId="a-1", event="x")
    audience = audience_of(workspace)
    assert [row.user_id for row in audience.page(View(), 10).rows] == ["anonymous:a-1"]
    say("identify", anonymousId="a-1")
    assert [row.user_id for row in audience.page(View(), 10).rows] == ["u_1"]
    assert audience.count(audience.parse("f=userId:is:u_1").view.node) == 1
    assert audience.count(audience.parse("f=userId:is:anonymous%3Aa-1").view.node) == 0


def visitor_and_user(say):
    """Somebody wrote as a visitor on one device and as u_1 on another, before anybody said that they are one."""
    say("page", userId=None, anonymousId="a-1", properties={"url": "https://a.example/"})
    say("identify", traits={"email": "a@example.com"})


def test_a_visitor_with_a_history_is_merged_into_whom_they_turn_out_to_be(say, segment_channel, workspace):
    visitor_and_user(say)
    assert len(people(segment_channel)) == 2
    say("identify", anonymousId="a-1", traits={"plan": "pro"})
    say("track", userId=None, anonymousId="a-1", event="x")
    maya = person(segment_channel)
    assert maya.user_id == "u_1"
    expected = {"default_url": "https://a.example/", "default_email": "a@example.com", "plan": "pro"}
    assert maya.attributes == {"default_source": "segment", **expected}
    assert audience_of(workspace).count(audience_of(workspace).parse("").view.node) == 1


def test_an_alias_merges_a_visitor_with_a_history(say, segment_channel):
    visitor_and_user(say)
    say("alias", previousId="a-1")
    assert person(segment_channel).user_id == "u_1"


def test_two_visitors_and_a_user_in_one_batch_become_one(call, segment_channel, work_off, say):
    visitor_and_user(say)
    say("track", userId=None, anonymousId="a-2", event="x")
    items = [{"type": "identify", "userId": "u_1", "anonymousId": one} for one in ("a-1", "a-2", "a-1")]
    call(segment_channel, "batch", {"batch": items})
    work_off()
    assert person(segment_channel).user_id == "u_1"


def test_members_can_take_a_visitor_out_again_and_then_they_stay_out(say, segment_channel, workspace):
    visitor_and_user(say)
    say("identify", anonymousId="a-1")
    maya = person(segment_channel)
    [share] = merged_into(workspace, maya.id)
    split(workspace, "member:1", maya.id, share.id)
    say("identify", anonymousId="a-1", traits={"plan": "pro"})
    assert [one.user_id for one in people(segment_channel)] == ["anonymous:a-1", "u_1"]


def test_two_people_with_user_ids_are_never_merged(say, segment_channel):
    for user_id in ("u_1", "u_2"):
        say("identify", userId=user_id)
    say("alias", previousId="u_1", userId="u_2")
    say("alias", previousId="u_2", userId="u_1")
    say("identify", userId="u_1", anonymousId="a-1")
    say("identify", userId="u_2", anonymousId="a-1")
    assert [one.user_id for one in people(segment_channel)] == ["u_1", "u_2"]


def test_a_banned_visitor_bans_nobody_by_naming_their_id(say, segment_channel, workspace):
    """A write key stands in pages, for everybody to read."""
    visitor_and_user(say)
    Person.objects.filter(workspace=workspace, user_id="anonymous:a-1").update(banned=True)
    say("identify", anonymousId="a-1")
    assert {one.user_id: one.banned for one in people(segment_channel)} == {"anonymous:a-1": True, "u_1": False}


def test_nobody_turns_out_to_be_a_visitor(say, segment_channel):
    visitor_and_user(say)
    say("track", userId=None, anonymousId="attacker", event="x")
    say("identify", userId="anonymous:a-1", anonymousId="attacker")
    say("identify", anonymousId="a-1")
    assert [one.user_id for one in people(segment_channel)] == ["anonymous:attacker", "u_1"]


def test_thousands_of_visitors_who_all_claim_one_id_do_not_burden_it(say, segment_channel, workspace, monkeypatch):
    monkeypatch.setattr(merge, "MOST_ATTESTED", 1)
    say("identify")
    for number in range(4):
        say("track", userId=None, anonymousId=f"a-{number}", event="x")
        say("identify", anonymousId=f"a-{number}")
    assert Share.objects.filter(workspace=workspace).count() == 2
    assert len(people(segment_channel)) == 4


def test_aliases_that_contradict_each_other_in_one_batch_do_not_exchange_two_people(call, segment_channel, work_off):
    items = [
        {"type": "identify", "userId": "a", "traits": {"plan": "a"}},
        {"type": "identify", "userId": "b", "traits": {"size": "b"}},
        {"type": "alias", "previousId": "a", "userId": "b"},
        {"type": "alias", "previousId": "b", "userId": "a"},
    ]
    call(segment_channel, "batch", {"batch": items})
    work_off()
    assert [(one.user_id, one.attributes) for one in people(segment_channel)] == [
        ("b", {"default_source": "segment", "plan": "a", "size": "b"})
    ]


def test_the_same_call_without_an_id_and_a_time_is_another_one_each_time(say, segment_channel):
    for plan in ("pro", "free", "pro"):
        say("identify", traits={"plan": plan})
    assert person(segment_channel).attributes["plan"] == "pro"
