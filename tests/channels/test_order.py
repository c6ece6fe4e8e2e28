"""Duplicates, orders, and every way of cutting a stream into deliveries: one and the same person.

Event times, not arrival, decide. The examples are small and dense: few people, few attributes, few moments, so that
every pair of events collides somewhere.
"""

import datetime as dt
import itertools
import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.accounts.models import Workspace
from coterie.channels import processing
from coterie.channels.kinds import Delivery, Raw
from coterie.channels.models import RawEvent, State
from coterie.channels.raw import store
from coterie.channels.registry import KINDS
from coterie.channels.segment.admit import CALLS, raws_of
from coterie.channels.setup import make
from coterie.chats.models import Message
from coterie.core.clock import now
from coterie.journal.commit import commit
from coterie.people.changes import People
from coterie.people.models import Identity, Person
from tests.profiles import examples, times

pytestmark = pytest.mark.usefixtures("database")

START = now().replace(microsecond=0) - dt.timedelta(hours=3)


def call(number, kind, who, minute, **fields):
    user, anonymous = who
    at = (START + dt.timedelta(minutes=minute)).isoformat()
    return {
        "type": kind,
        "messageId": f"m{number}",
        "userId": user,
        "anonymousId": anonymous,
        "timestamp": at,
        **fields,
    }


def calls(*who):
    """Up to six calls of these (user id, anonymous id)."""
    one = st.tuples(
        st.sampled_from(["identify", "identify", "track", "page"]),
        st.sampled_from(who),
        st.integers(0, 4),
        st.dictionaries(st.sampled_from(["email", "plan", "city"]), st.sampled_from(["", "1", "2", "3"]), max_size=3),
        st.booleans(),
    )
    return st.lists(one, min_size=1, max_size=6)


# A visitor who turns out to be `u`; and people who are known from the first word on.
streams = calls((None, "a"), ("u", "a")) | calls(("u", None), ("u", "a"), ("v", None))


def built(drawn):
    for number, (kind, who, minute, traits, active) in enumerate(drawn):
        fields = {"traits": {**traits, "address": {"city": traits.get("city", "")}}, "context": {"active": active}}
        if kind == "page":
            fields["context"]["page"] = {"url": f"https://a.example/{number}"}
        yield call(number, kind, who, minute, **fields)


def deliver(channel, batches):
    """Stores each batch as the server does, and has it read before the next one comes."""
    for batch in batches:
        delivery = Delivery("POST", {}, {}, b"", now())
        store(channel, raws_of(CALLS["batch"], {"batch": batch}, delivery))
        while processing.step():
            pass


def state_of(channel):
    people = Person.objects.filter(workspace_id=channel.workspace_id).order_by("user_id")
    natives = {}
    for native, person_id in Identity.objects.filter(workspace_id=channel.workspace_id).values_list(
        "native_id", "person_id"
    ):
        natives.setdefault(person_id, set()).add(native)
    assert not RawEvent.objects.filter(workspace_id=channel.workspace_id).exclude(state=State.DONE).exists()
    return [(p.user_id, p.attributes, p.last_seen, p.created_at, p.chats, sorted(natives[p.id])) for p in people]


def fresh_channel(kind="segment"):
    place = Workspace.objects.create(name="Order")
    values = {"signing_secret": "s"} if kind == "slack" else {}
    return make(place, "test", KINDS[kind], "Order", values)


def cut(events, chance):
    """The events in another order, some of them twice, in batches of another size."""
    shuffled = events + chance.sample(events, chance.randint(0, len(events)))
    chance.shuffle(shuffled)
    while shuffled:
        size = chance.randint(1, len(shuffled))
        yield shuffled[:size]
        shuffled = shuffled[size:]


@examples(0.8)
@given(drawn=streams, seed=st.integers(0, 1_000_000))
def test_any_order_and_any_repetition_give_the_same_people(drawn, seed):
    events = list(built(drawn))
    in_order = sorted(events, key=lambda event: (event["timestamp"], event["messageId"]))
    expected, found = fresh_channel(), fresh_channel()
    deliver(expected, [[event] for event in in_order])
    deliver(found, cut(events, random.Random(seed)))
    assert state_of(found) == state_of(expected)


@examples(0.4)
@given(drawn=calls((None, "a"), ("u", None)), seed=st.integers(0, 1_000_000))
def test_a_visitor_and_a_user_end_as_one_person_whatever_comes_first(drawn, seed):
    """Until somebody says that they are one they may have become two already. (Of values the user's count.)"""
    events = [*built(drawn), call(99, "identify", ("u", "a"), 9, context={"active": False})]
    channel = fresh_channel()
    deliver(channel, cut(events, random.Random(seed)))
    [(user_id, _, last_seen, created_at, _, natives)] = state_of(channel)
    assert (user_id, natives) == ("u", ["anonymous:a", "u"])
    times = [dt.datetime.fromisoformat(event["timestamp"]) for event in events]
    acted = [at for at, event in zip(times, events, strict=True) if event["context"]["active"]]
    assert (created_at, last_seen) == (min(times), max(acted, default=None))


def test_all_orders_of_three_writers_of_one_attribute_agree():
    writers = [call(n, "identify", ("u", None), n, traits={"plan": str(n), f"only{n}": "x"}) for n in range(3)]
    other = call(9, "identify", ("u", None), 5, traits={"city": "Oslo"})
    for order in itertools.permutations([*writers, other]):
        channel = fresh_channel()
        deliver(channel, [[event] for event in order])
        [(_, attributes, *_)] = state_of(channel)
        assert attributes["plan"] == "2", order
        assert attributes.keys() >= {"only0", "only1", "only2", "city"}


def test_what_a_member_wrote_since_is_not_overwritten_by_a_late_event():
    channel = fresh_channel()
    deliver(channel, [[call(1, "identify", ("u", None), 0, traits={"plan": "free", "city": "Oslo"})]])

    def edit(tx):
        people = People.lock(tx, [Person.objects.get(workspace_id=channel.workspace_id).id])
        for person in people:
            people.set(person, {"plan": "by hand"}, now())
        people.save()

    commit(channel.workspace_id, "member:1", edit)
    deliver(channel, [[call(2, "identify", ("u", None), 1, traits={"plan": "pro", "city": "Bergen"})]])
    [(_, attributes, *_)] = state_of(channel)
    assert (attributes["plan"], attributes["city"]) == ("by hand", "Bergen")


def slack_message(channel, number, minute, user="U1"):
    at = START + dt.timedelta(minutes=minute)
    ts = f"{at.timestamp():.0f}.{number:06}"
    event = {"type": "message", "channel": "D1", "user": user, "text": f"words {number}", "ts": ts}
    data = {"type": "event_callback", "team_id": "T", "event_id": f"Ev{number}", "event": event}
    return Raw(f"Ev{number}", json.dumps(data), at, f"slack:T:{user}")


@pytest.mark.parametrize("seed", range(times(0.12)))
def test_messages_in_any_order_are_the_same_chats(seed):
    """Turns of a chat follow each other within ten minutes, and chats lie further apart than that."""
    minutes = [0, 1, 2, 3, 60, 61, 120]
    expected, found, chance = fresh_channel("slack"), fresh_channel("slack"), random.Random(seed)
    for channel, batches in (
        (expected, [[n] for n in range(len(minutes))]),
        (found, cut(list(range(len(minutes))), chance)),
    ):
        for batch in batches:
            raws = {n: slack_message(channel, n, minutes[n]) for n in batch}
            store(channel, list(raws.values()))
            while processing.step():
                pass
    assert state_of(found) == state_of(expected)
    assert state_of(found)[0][4] == 3
    assert Message.objects.filter(workspace_id=found.workspace_id).count() == len(minutes)
