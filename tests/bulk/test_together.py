"""Others go on writing while thousands are changed: nobody waits in a circle, nothing is lost or counted twice."""

import itertools
import random

from coterie.bulk.actions import Action
from coterie.bulk.selection import Selection
from coterie.bulk.start import start, undo
from coterie.channels.events import parse_events
from coterie.channels.inbox import receive
from coterie.chats.models import Message
from coterie.jobs.crowds import skipped
from coterie.journal.models import Operation
from coterie.people.models import Person
from tests.bulk.checking import assert_whole
from tests.journal.parallel import parallel

EVERYBODY = Selection.of_filter(None)


def writer(channel, number, names, rounds=15):
    """Chats of random people, several at a time, who set values of their own."""
    chance, count = random.Random(number), itertools.count()

    def write():
        for _ in range(rounds):
            events = [
                {
                    "messageId": f"w{number}-{next(count)}",
                    "userId": name,
                    "message": "Hi",
                    "attributes": {"plan": f"own {number}", f"k{number}": 1},
                }
                for name in chance.sample(names, 4)
            ]
            receive(channel, parse_events(events))

    return write


def test_chats_come_in_during_every_action_and_its_undo(workspace, channel, people, news, small_steps):
    names = [f"u{number}" for number in range(7)]
    operations = []

    def work():
        for action in (Action.set("plan", "bulk"), Action.join([news.id]), Action.ban(), Action.clear("plan")):
            operation = start(workspace, "test", action, EVERYBODY)
            operations.append(undo(workspace, "test", operation.id))

    parallel([work, *(writer(channel, number, names) for number in range(3))])
    assert {operation.state for operation in operations} == {"done"}
    assert Message.objects.filter(workspace=workspace).count() == 7 + 3 * 15 * 4
    assert_whole(workspace)


def test_people_are_deleted_while_they_write(workspace, channel, people, small_steps):
    names = [f"u{number}" for number in range(7)]

    def work():
        for _ in range(3):
            operation = start(workspace, "test", Action.delete(), EVERYBODY)
            undo(workspace, "test", operation.id)

    parallel([work, *(writer(channel, number, names) for number in range(2))])
    assert_whole(workspace)
    # Everybody is there, as who they were or as somebody new.
    assert set(Person.objects.filter(workspace=workspace).values_list("user_id", flat=True)) == set(names)
    for operation in Operation.objects.filter(workspace=workspace, kind="undo"):
        assert operation.result["skipped"] == len(skipped(operation))


def test_two_bulk_actions_over_the_same_people_end_as_one_after_the_other(workspace, people, plan, small_steps):
    works = [
        lambda v=value: start(workspace, "test", Action.set("plan", v), Selection.of_ids(people)) for value in "abc"
    ]
    parallel(works)
    assert set(plan()) <= set("abc")
    assert_whole(workspace)
