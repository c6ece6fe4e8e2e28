"""Who a visitor is, proved by the server of the page: what is taken for a proof, and what comes of it."""

import base64
import hashlib
import hmac
import json
import threading
import time

import jwt
import pytest
from django.db import connections

from coterie.audience.audience import audience_of
from coterie.channels.models import Channel
from coterie.channels.widget.claiming import claim
from coterie.channels.widget.identity import secret_of
from coterie.channels.widget.visitors import first_contact
from coterie.chats.models import Chat, Message
from coterie.journal.models import JournalEntry
from coterie.merging.merge import merge
from coterie.merging.split import split
from coterie.people.models import Identity, Person
from coterie.privacy.erasing import erase
from coterie.segments.models import Membership, Segment
from tests.channels.widget.conftest import Browser
from tests.makers import make_person, put_in


def signed(channel, user_id):
    digest = hmac.new(secret_of(channel).encode(), user_id.encode(), hashlib.sha256).hexdigest()
    return {"userId": user_id, "hash": digest}


def token(channel, secret=None, algorithm="HS256", **claims):
    claims = {"sub": "u-17", "exp": int(time.time()) + 300} | claims
    return jwt.encode(
        {key: value for key, value in claims.items() if value is not None}, secret or secret_of(channel), algorithm
    )


def people(workspace):
    return {person.user_id: person for person in Person.objects.filter(workspace=workspace)}


def test_whoever_is_vouched_for_writes_as_themselves(workspace, visitor):
    assert visitor.identify(**signed(visitor.channel, "u-17")).status_code == 200
    visitor.say("hi")
    assert list(people(workspace)) == ["u-17"]


def test_proving_who_one_is_makes_nobody(workspace, visitor):
    visitor.identify(token=token(visitor.channel, name="Maya"))
    assert not people(workspace)


def test_a_token_vouches_for_attributes_which_come_with_the_first_words(workspace, visitor):
    vouched = token(visitor.channel, name="Maya", email="maya@x.example", attributes={"plan": "pro"})
    visitor.identify(token=vouched)
    visitor.say("hi")
    attributes = people(workspace)["u-17"].attributes
    assert (attributes["default_name"], attributes["default_email"]) == ("Maya", "maya@x.example")
    assert attributes["plan"] == "pro"


def test_a_token_brings_the_attributes_of_somebody_known_up_to_date_at_once(workspace, visitor):
    visitor.identify(**signed(visitor.channel, "u-17"))
    visitor.say("hi")
    visitor.identify(token=token(visitor.channel, attributes={"plan": "team"}))
    assert people(workspace)["u-17"].attributes["plan"] == "team"


def test_a_token_brings_somebody_up_to_date_whom_another_channel_knows(workspace, visitor):
    make_person(workspace, user_id="u-17", plan="free")
    visitor.identify(token=token(visitor.channel, attributes={"plan": "pro"}))
    assert people(workspace)["u-17"].attributes["plan"] == "pro"


def test_what_a_token_vouched_for_is_told_once_and_replaces_nothing_newer(workspace, visitor):
    visitor.identify(token=token(visitor.channel, name="Maya"))
    visitor.say("hi")
    person = people(workspace)["u-17"]
    person.attributes["default_name"] = "Maya Ortiz"
    person.save()
    visitor.say("and")
    assert people(workspace)["u-17"].attributes["default_name"] == "Maya Ortiz"


FORGERIES = {
    "another user's hash": lambda channel: {**signed(channel, "u-1"), "userId": "u-2"},
    "no hash": lambda channel: {"userId": "u-1"},
    "a hash that is none": lambda channel: {"userId": "u-1", "hash": "ż"},
    "a hash of another type": lambda channel: {"userId": "u-1", "hash": ["x"]},
    "another secret": lambda channel: {"token": token(channel, "s" * 40)},
    "no signature": lambda channel: {"token": token(channel).rpartition(".")[0] + "."},
    "no algorithm": lambda channel: {"token": unsigned(channel)},
    "another algorithm": lambda channel: {"token": token(channel, algorithm="HS512")},
    "changed claims": lambda channel: {"token": swapped(token(channel))},
    "over": lambda channel: {"token": token(channel, exp=int(time.time()) - 61)},
    "without an end": lambda channel: {"token": token(channel, exp=None)},
    "an end that is none": lambda channel: {"token": token(channel, exp=None, until="never")},
    "not yet": lambda channel: {"token": token(channel, nbf=int(time.time()) + 3600)},
    "not a token": lambda channel: {"token": "a.b.c"},
    "a number": lambda channel: {"token": 5},
    "a flood": lambda channel: {"token": "a" * 20_000},
    "a list of claims": lambda channel: {"token": of_list(channel)},
}


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def unsigned(channel):
    return jwt.encode({"sub": "u-17", "exp": int(time.time()) + 300}, None, "none")


def swapped(real):
    header, _, signature = real.split(".")
    return ".".join([header, part({"sub": "u-1", "exp": int(time.time()) + 300}), signature])


def of_list(channel):
    head = f"{part({'alg': 'HS256'})}.{part(['u-17'])}"
    digest = hmac.new(secret_of(channel).encode(), head.encode(), hashlib.sha256).digest()
    return f"{head}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_proof_is_refused(workspace, visitor, forgery):
    answer = visitor.identify(**FORGERIES[forgery](visitor.channel))
    assert answer.status_code == 403
    visitor.say("hi")
    assert [user_id[:8] for user_id in people(workspace)] == ["visitor-"]


@pytest.mark.parametrize("user_id", ["", " u", "x" * 257, "a\x00b", "visitor-0123", None, True, ["u"]])
def test_what_is_no_user_id_is_refused(visitor, user_id):
    assert visitor.identify(userId=user_id, hash="0" * 64).status_code == 422


def test_the_proof_of_another_channel_or_workspace_counts_for_nothing(workspace, other_workspace, visitor, client):
    for place in (workspace, other_workspace):
        other = Channel.objects.create(workspace=place, kind="widget", name="Other", settings={})
        assert visitor.identify(**signed(other, "u-17")).status_code == 403
        stranger = Browser(client, other)
        stranger.identify(**signed(other, "u-17"))
        stranger.say("secret words")
        assert visitor.open(stranger.token)["messages"] == []
        assert visitor.post(visitor=stranger.token).status_code == 401


def test_a_new_secret_ends_what_was_proved_with_the_old_one(visitor, settings):
    old = signed(visitor.channel, "u-17")
    visitor.identify(**old)
    visitor.channel.settings["identity_version"] = 1
    visitor.channel.save()
    from coterie.channels import lookup

    lookup._seen.clear()
    assert visitor.post().status_code == 401
    assert visitor.identify(**old).status_code == 403
    assert visitor.identify(**signed(visitor.channel, "u-17")).status_code == 200


def test_an_unknown_visitor_who_logs_in_keeps_their_chat(workspace, visitor):
    visitor.say("Where is my order?")
    before = people(workspace).popitem()[1]
    visitor.identify(**signed(visitor.channel, "u-17"))
    assert [message["text"] for message in visitor.open()["messages"]][1] == "Where is my order?"
    visitor.say("Maya")
    now = people(workspace)
    assert list(now) == ["u-17"]
    assert now["u-17"].id == before.id
    assert now["u-17"].chats == 1
    assert now["u-17"].attributes["default_name"] == "Maya"


def test_an_unknown_visitor_who_turns_out_to_be_somebody_known_brings_everything_along(workspace, visitor):
    known = make_person(workspace, user_id="u-17", default_name="Maya Ortiz", chats=4)
    visitor.say("hi")
    visitor.say("Somebody")
    visitor.say("maya@x.example")
    unknown = next(person for name, person in people(workspace).items() if name.startswith("visitor-"))
    segment = Segment.objects.create(workspace=workspace, name="Newsletter")
    put_in(workspace, "test", [segment.id], [unknown.id])
    visitor.identify(**signed(visitor.channel, "u-17"))
    assert [message["text"] for message in visitor.open()["messages"]][1] == "hi"
    now = people(workspace)
    assert list(now) == ["u-17"]
    person = now["u-17"]
    assert person.id == known.id
    assert person.attributes["default_name"] == "Maya Ortiz"
    assert person.attributes["default_email"] == "maya@x.example"
    assert person.chats == 5
    assert person.last_seen == unknown.last_seen
    assert Chat.objects.get(workspace=workspace).person_id == known.id
    assert list(Membership.objects.filter(workspace=workspace).values_list("person_id", flat=True)) == [known.id]
    history = JournalEntry.objects.filter(workspace=workspace)
    assert list(history.filter(person_id=unknown.id).values_list("kind", flat=True)) == ["left", "merged"]
    assert history.filter(person_id=known.id, after__default_email="maya@x.example").exists()
    assert audience_of(workspace).count(None) == 1


def test_a_person_who_is_several_merged_gets_the_history_as_the_one_who_was_proved(workspace, visitor):
    known = make_person(workspace, user_id="u-17", chats=4)
    survivor = make_person(workspace, user_id="u-1", default_name="Maya")
    merge(workspace, "test", survivor.id, known.id, ())
    visitor.say("hi")
    visitor.say("Somebody")
    visitor.identify(**signed(visitor.channel, "u-17"))
    assert [message["text"] for message in visitor.open()["messages"]][1] == "hi"
    visitor.say("maya@x.example")
    assert Chat.objects.get(workspace=workspace).origin_id == known.id
    assert people(workspace)["u-1"].chats == 6
    split(workspace, "test", survivor.id, known.id)
    apart = people(workspace)
    assert (apart["u-1"].chats, apart["u-17"].chats) == (1, 5)
    assert apart["u-17"].attributes["default_email"] == "maya@x.example"


def test_whoever_was_erased_does_not_come_back_by_logging_in(workspace, visitor, client):
    visitor.identify(**signed(visitor.channel, "u-17"))
    visitor.say("hi")
    erase(workspace, "test", [people(workspace)["u-17"].id])
    unknown = Browser(client, visitor.channel, "another-session")
    unknown.say("hello")
    unknown.identify(**signed(visitor.channel, "u-17"))
    assert unknown.post(text="me again", id="x").json()["forget"] is True
    assert [user_id[:8] for user_id in people(workspace)] == ["visitor-"]


def test_erasing_the_known_person_reaches_what_the_unknown_one_left(workspace, visitor):
    known = make_person(workspace, user_id="u-17", default_name="Maya")
    visitor.say("words of the unknown")
    visitor.say("Nameless")
    visitor.say("nameless@x.example")
    visitor.identify(**signed(visitor.channel, "u-17"))
    erase(workspace, "test", [known.id])
    assert not Message.objects.filter(workspace=workspace, text__contains="unknown").exists()
    values = JournalEntry.objects.filter(workspace=workspace).values_list("before", "after")
    assert "nameless@x.example" not in json.dumps(list(values))
    assert not people(workspace)


def test_what_was_banned_stays_banned_under_its_name(workspace, visitor):
    make_person(workspace, user_id="u-17")
    visitor.say("hi")
    Person.objects.filter(workspace=workspace, user_id__startswith="visitor-").update(banned=True)
    visitor.identify(**signed(visitor.channel, "u-17"))
    assert people(workspace)["u-17"].banned


def test_the_token_from_before_the_login_opens_no_chat_of_the_person(workspace, visitor, client):
    """It may have stayed on a computer that others use."""
    visitor.say("hi")
    left_behind = visitor.token
    visitor.identify(**signed(visitor.channel, "u-17"))
    visitor.say("my card number")
    other = Browser(client, visitor.channel, "session-of-somebody-else")
    other.token = left_behind
    assert other.open()["messages"] == []
    other.say("who am I?")
    assert len(people(workspace)) == 2
    assert "who am I?" not in [message["text"] for message in visitor.open()["messages"]]


def test_nobody_takes_over_somebody_else_by_proving_who_they_are_themselves(workspace, visitor, client):
    victim = Browser(client, visitor.channel, "victims-session")
    victim.identify(**signed(visitor.channel, "victim"))
    victim.say("secret")
    visitor.token = victim.token
    visitor.identify(**signed(visitor.channel, "attacker"))
    assert visitor.open()["messages"] == []
    assert people(workspace)["victim"].chats == 1


def test_a_message_that_was_stored_before_the_login_and_comes_again_counts_once(workspace, visitor):
    visitor.say("hi", id="same")
    visitor.identify(**signed(visitor.channel, "u-17"))
    again = visitor.post(text="hi", id="same")
    assert [message["text"] for message in again.json()["messages"]] == ["What is your name?"]
    assert Message.objects.filter(workspace=workspace, sender="user").count() == 1


def test_claiming_again_or_by_two_at_once_changes_nothing_more(workspace, visitor):
    make_person(workspace, user_id="u-17")
    visitor.say("hi")
    before = first_contact(visitor.channel, visitor.session).id
    failures = []

    def work():
        try:
            claim(visitor.channel, before, "u-17")
        except Exception as error:  # whatever it is, the test shows it
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert people(workspace)["u-17"].chats == 2
    assert [one.native_id for one in Identity.objects.filter(workspace=workspace)] == ["u-17"]


def test_the_secret_is_stored_nowhere(visitor):
    assert secret_of(visitor.channel) not in json.dumps(
        Channel.objects.filter(pk=visitor.channel.pk).values()[0], default=str
    )
