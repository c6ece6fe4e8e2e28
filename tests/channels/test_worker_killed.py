"""`kill -9` of the worker while it empties the inbox: nothing is lost and nothing is counted twice."""

import datetime as dt
import json
import os
import random
import threading
from pathlib import Path

from coterie.channels import raw
from coterie.channels.kinds import Raw
from coterie.channels.models import RawEvent, State
from coterie.chats.models import Message
from coterie.core.clock import now
from coterie.people.models import Person
from tests.forking import coterie

KILLS = 4
PEOPLE, EACH = 40, 15
SMALL_STEPS = {"coterie.channels.processing.MOST": 20, "coterie.channels.processing.MOST_ON_SQLITE": 20}


def said(number):
    """A message of Slack's; everybody's lie within one chat."""
    user = f"U{number % PEOPLE}"
    at = now() - dt.timedelta(minutes=5) + dt.timedelta(milliseconds=number)
    ts = f"{at.timestamp():.3f}{number:03}"
    event = {"type": "message", "channel": f"D{user}", "user": user, "text": f"words {number}", "ts": ts}
    data = {"type": "event_callback", "team_id": "T", "event_id": f"Ev{number}", "event": event}
    return Raw(f"Ev{number}", json.dumps(data), at, f"slack:T:{user}")


def start_worker():
    log = Path(os.environ["COTERIE_DATA"]).parent / "worker.log"
    return coterie("worker", log=log, constants=SMALL_STEPS)


def waiting(channel):
    return RawEvent.objects.filter(workspace_id=channel.workspace_id, state=State.WAITING).count()


def until(condition):
    for _ in range(6_000):
        if condition():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it took too long")


def test_killed_workers_lose_and_double_nothing(slack_channel):
    events = [said(number) for number in range(PEOPLE * EACH)]
    raw.store(slack_channel, events)
    chance = random.Random(7)
    caught = 0
    for _ in range(KILLS):
        before = waiting(slack_channel)
        worker = start_worker()
        try:
            until(lambda before=before: waiting(slack_channel) < before)
            threading.Event().wait(chance.uniform(0.0, 0.05))
        finally:
            worker.kill()
        caught += 0 < waiting(slack_channel) < len(events)
        raw.store(slack_channel, chance.sample(events, 200))
        # What the dead one had taken comes back after a minute; nobody wants to wait for that here.
        RawEvent.objects.filter(workspace_id=slack_channel.workspace_id, state=State.WAITING).update(next_at=now())
    assert caught == KILLS
    worker = start_worker()
    try:
        until(lambda: waiting(slack_channel) == 0)
    finally:
        worker.stop()
    place = {"workspace_id": slack_channel.workspace_id}
    assert RawEvent.objects.filter(**place, state=State.DONE).count() == len(events)
    assert Message.objects.filter(**place).count() == len(events)
    assert list(Person.objects.filter(**place).values_list("chats", flat=True)) == [1] * PEOPLE
