"""The inbox itself: stored once, taken by one, done again on request, dropped in time; no worker's death loses any."""

import datetime as dt
import json
import threading

import pytest
from django.db import DataError, InterfaceError, OperationalError, connection

from coterie.channels import processing, raw
from coterie.channels.kinds import Kind, Raw, Reading
from coterie.channels.models import RawEvent, State, Traffic, What
from coterie.channels.registry import KINDS
from coterie.chats.models import Message
from coterie.core.clock import now
from coterie.journal.commit import Collision
from coterie.people.attributes import Refused
from coterie.people.models import Person


def call(number, user="u", **fields):
    body = {"type": "identify", "userId": user, "messageId": f"m-{number}", "traits": {"plan": f"p{number}"}, **fields}
    return Raw(f"m-{number}", json.dumps(body), now() - dt.timedelta(minutes=1), user)


def rows(channel):
    return list(RawEvent.objects.filter(workspace_id=channel.workspace_id).order_by("id"))


def states(channel):
    return [row.state for row in rows(channel)]


def taken_by(channel, what=What.EVENT):
    return [row for row in raw.take(what, 1_000) if row.channel_id == channel.id]


def test_an_event_that_the_database_will_not_have_spoils_no_other(segment_channel, monkeypatch):
    intact = processing.receive

    def receive(channel, events):
        if any(event.message_id == "m-2" for event in events):
            raise DataError("too large for the database")
        return intact(channel, events)

    monkeypatch.setattr(processing, "receive", receive)
    raw.store(segment_channel, [call(1), call(2), call(3)])
    processing.step()
    assert states(segment_channel) == [State.DONE, State.FAILED, State.DONE]


def test_what_was_refused_makes_nobody_when_it_is_tried_again(segment_channel):
    raw.store(segment_channel, [Raw("m-1", "", now(), "", "It has neither a userId nor an anonymousId.")])
    assert raw.replay(segment_channel) == 0
    assert [(row.state, row.note[:19]) for row in rows(segment_channel)] == [(State.FAILED, "It has neither a us")]
    assert not Person.objects.filter(workspace_id=segment_channel.workspace_id).exists()


def test_an_event_is_stored_once(segment_channel):
    raw.store(segment_channel, [call(1), call(2), call(1)])
    raw.store(segment_channel, [call(2), call(3)])
    assert [row.native_id for row in rows(segment_channel)] == ["m-1", "m-2", "m-3"]


def test_the_same_id_on_another_channel_is_another_event(segment_channel, slack_channel):
    raw.store(segment_channel, [call(1)])
    raw.store(slack_channel, [call(1)])
    assert len(rows(segment_channel)) == 2


def test_what_somebody_took_nobody_else_gets(segment_channel):
    raw.store(segment_channel, [call(n) for n in range(30)])
    found = []

    def work():
        found.extend(row.id for row in taken_by(segment_channel))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [row.id for row in rows(segment_channel)]


def test_no_more_events_are_taken_than_asked_for(segment_channel):
    raw.store(segment_channel, [Raw(f"event {number}", "{}", now(), "u") for number in range(600)])
    assert [len(raw.take(What.EVENT, 20)) for _ in range(5)] == [20] * 5
    raw.finish(RawEvent.objects.filter(workspace_id=segment_channel.workspace_id))


def test_what_a_dead_worker_took_comes_back(segment_channel, monkeypatch):
    raw.store(segment_channel, [call(1)])
    assert len(taken_by(segment_channel)) == 1
    assert taken_by(segment_channel) == []
    later = now() + raw.LEASE + dt.timedelta(seconds=1)
    monkeypatch.setattr(raw, "now", lambda: later)
    assert len(taken_by(segment_channel)) == 1


def test_a_worker_that_dies_after_receiving_does_no_harm(segment_channel, work_off, monkeypatch):
    raw.store(segment_channel, [call(1)])
    monkeypatch.setattr(raw, "finish", lambda *_: (_ for _ in ()).throw(OperationalError("killed")))
    with pytest.raises(OperationalError):
        processing.step()
    monkeypatch.undo()
    RawEvent.objects.filter(workspace_id=segment_channel.workspace_id).update(next_at=now())
    before = Person.objects.get(workspace_id=segment_channel.workspace_id)
    work_off()
    after = Person.objects.get(workspace_id=segment_channel.workspace_id)
    assert (before.attributes, before.last_seen) == (after.attributes, after.last_seen)
    assert states(segment_channel) == [State.DONE]


def test_an_event_that_cannot_be_read_spoils_no_other(segment_channel, work_off):
    raw.store(segment_channel, [call(1), Raw("bad", "{", now(), "u"), call(2, "v")])
    work_off()
    assert {row.native_id: row.state for row in rows(segment_channel)} == {
        "m-1": State.DONE,
        "bad": State.FAILED,
        "m-2": State.DONE,
    }
    assert Person.objects.filter(workspace_id=segment_channel.workspace_id).count() == 2


@pytest.mark.parametrize("error", [OperationalError("terminated"), InterfaceError("closed")])
def test_a_database_that_is_away_while_an_event_is_read_makes_nothing_fail(segment_channel, error):
    raw.store(segment_channel, [call(1), call(2)])
    kind = Kind("segment", "", "", read=lambda *_: (_ for _ in ()).throw(error))
    processing.process(segment_channel, kind, taken_by(segment_channel))
    assert states(segment_channel) == [State.WAITING, State.WAITING]


def test_while_the_database_is_away_everything_waits(segment_channel, monkeypatch):
    def away(*_, **__):
        raise OperationalError("terminated")

    raw.store(segment_channel, [call(1), call(2)])
    monkeypatch.setattr(processing, "receive", away)
    monkeypatch.setattr(raw, "postpone", away)
    with pytest.raises(OperationalError):
        processing.step()
    assert states(segment_channel) == [State.WAITING, State.WAITING]


def test_an_event_that_the_database_never_takes_does_not_hold_up_the_others_for_ever(segment_channel, monkeypatch):
    intact = processing.receive

    def receive(channel, events):
        if any(event.message_id == "m-1" for event in events):
            raise OperationalError("a limit of the database was exceeded")
        return intact(channel, events)

    raw.store(segment_channel, [call(1), call(2)])
    monkeypatch.setattr(processing, "receive", receive)
    processing.step()
    assert states(segment_channel) == [State.WAITING, State.DONE]
    for _ in range(processing._MOST_TRIES):
        RawEvent.objects.filter(workspace_id=segment_channel.workspace_id).update(next_at=now())
        processing.step()
    assert states(segment_channel) == [State.FAILED, State.DONE]


def test_other_writers_who_are_in_the_way_make_an_event_wait_and_not_fail(segment_channel, monkeypatch):
    def collide(*_):
        raise Collision("somebody was merged while we waited for their row")

    raw.store(segment_channel, [call(1)])
    monkeypatch.setattr(processing, "receive", collide)
    for tries in range(1, processing._MOST_TRIES + 1):
        processing.step()
        [row] = rows(segment_channel)
        assert (row.state, row.tries) == (State.WAITING, tries)
        RawEvent.objects.filter(workspace_id=row.workspace_id).update(next_at=now())
    processing.step()
    assert states(segment_channel) == [State.FAILED]


def test_an_event_that_is_refused_spoils_no_other_and_says_why(segment_channel):
    raw.store(segment_channel, [call(1), call(2, "v")])

    def read(channel, row):
        reading = KINDS["segment"].read(channel, row)
        if row.native_id == "m-2":
            raise Refused("plan", "nobody has that plan.")
        return reading

    processing.process(segment_channel, Kind("segment", "", "", read=read), taken_by(segment_channel))
    assert [(row.state, row.note) for row in rows(segment_channel)] == [
        (State.DONE, ""),
        (State.FAILED, "plan: nobody has that plan."),
    ]


def test_a_group_that_cannot_be_received_is_received_one_by_one(segment_channel, monkeypatch):
    raw.store(segment_channel, [call(n, f"u{n}") for n in range(3)])
    receive = processing.receive

    def picky(channel, events):
        if any(event.user_id == "u1" for event in events):
            raise ValueError("u1")
        return receive(channel, events)

    monkeypatch.setattr(processing, "receive", picky)
    processing.process(segment_channel, KINDS["segment"], taken_by(segment_channel))
    assert states(segment_channel) == [State.DONE, State.FAILED, State.DONE]
    assert rows(segment_channel)[1].note == processing.BROKEN


def test_failed_events_are_tried_again_on_request(segment_channel, work_off):
    raw.store(segment_channel, [call(1), call(2)])
    for row in rows(segment_channel):
        raw.fail(row, "The reason.")
    assert raw.replay(segment_channel, [rows(segment_channel)[0].id]) == 1
    work_off()
    assert states(segment_channel) == [State.DONE, State.FAILED]
    assert raw.replay(segment_channel) == 1
    work_off()
    assert states(segment_channel) == [State.DONE, State.DONE]


def test_what_is_done_again_changes_nothing(segment_channel, work_off):
    raw.store(segment_channel, [call(1), call(2)])
    work_off()
    before = list(Person.objects.filter(workspace_id=segment_channel.workspace_id).values())
    messages = Message.objects.filter(workspace_id=segment_channel.workspace_id).count()
    assert raw.replay(segment_channel, [row.id for row in rows(segment_channel)]) == 2
    work_off()
    assert list(Person.objects.filter(workspace_id=segment_channel.workspace_id).values()) == before
    assert Message.objects.filter(workspace_id=segment_channel.workspace_id).count() == messages


def test_events_of_another_channel_are_not_tried_again(segment_channel, slack_channel):
    raw.store(segment_channel, [call(1)])
    raw.fail(rows(segment_channel)[0], "The reason.")
    assert raw.replay(slack_channel, [rows(segment_channel)[0].id]) == 0
    assert raw.replay(slack_channel) == 0


def test_old_events_are_dropped_because_they_are_about_people(segment_channel):
    raw.store(segment_channel, [call(n) for n in range(6)])
    ages = (
        (1, State.DONE),
        (4, State.DONE),
        (4, State.FAILED),
        (31, State.FAILED),
        (31, State.WAITING),
        (0, State.DONE),
    )
    for row, (days, state) in zip(rows(segment_channel), ages, strict=True):
        mine = RawEvent.objects.filter(workspace_id=row.workspace_id, id=row.id)
        mine.update(state=state, received_at=now() - dt.timedelta(days=days))
    raw.forget()
    assert [row.native_id for row in rows(segment_channel)] == ["m-0", "m-2", "m-4", "m-5"]
    RawEvent.objects.filter(workspace_id=segment_channel.workspace_id).delete()


def test_everything_about_somebody_can_be_dropped(segment_channel, slack_channel):
    raw.store(segment_channel, [call(1, "u"), call(2, "v"), call(3, "u")])
    raw.store(slack_channel, [call(1, "u")])
    assert raw.erase(segment_channel.workspace_id, [(segment_channel.id, "u"), (segment_channel.id, "x")]) == 2
    assert [(row.channel_id, row.user_id) for row in rows(segment_channel)] == [
        (segment_channel.id, "v"),
        (slack_channel.id, "u"),
    ]


def test_events_of_a_removed_channel_fail(segment_channel, workspace, work_off):
    raw.store(segment_channel, [call(1)])
    RawEvent.objects.filter(workspace=workspace).update(channel_id=1)
    work_off()
    assert [(row.state, row.note) for row in rows(segment_channel)] == [(State.FAILED, "The channel was removed.")]


def test_a_reading_of_nothing_is_done(segment_channel):
    raw.store(segment_channel, [call(1)])
    kind = Kind("segment", "", "", read=lambda *_: Reading(note="Nothing."))
    processing.process(segment_channel, kind, taken_by(segment_channel))
    assert [(row.state, row.note) for row in rows(segment_channel)] == [(State.DONE, "Nothing.")]


def test_events_are_counted_by_the_minute(segment_channel, work_off, api_channel, post):
    raw.store(segment_channel, [call(n) for n in range(3)])
    work_off()
    post(api_channel, [{"userId": "u", "message": "a"}, {"userId": "u", "message": "b"}])
    sums = {}
    for row in Traffic.objects.filter(workspace_id=segment_channel.workspace_id):
        sums[row.channel_id] = sums.get(row.channel_id, 0) + row.events
    assert sums == {segment_channel.id: 3, api_channel.id: 2}


def test_the_worker_s_thread_empties_the_inbox_and_leaves(segment_channel):
    raw.store(segment_channel, [call(1)])
    stop = threading.Event()
    thread = threading.Thread(target=processing.work, args=(stop,))
    thread.start()
    try:
        for _ in range(200):
            if states(segment_channel) == [State.DONE]:
                break
            threading.Event().wait(0.05)
    finally:
        stop.set()
        thread.join()
    assert states(segment_channel) == [State.DONE]


def test_an_event_that_cannot_be_read_does_not_fail_another_that_came_late(segment_channel, work_off):
    """Whoever is late asks who wrote what since, and so reads events that nobody has read yet."""
    raw.store(segment_channel, [call(1)])
    work_off()
    raw.store(segment_channel, [Raw("bad", "{", now(), "u")])
    RawEvent.objects.filter(native_id="bad").update(next_at=now() + dt.timedelta(hours=1))
    raw.store(segment_channel, [Raw("m-0", call(0).body, now() - dt.timedelta(minutes=5), "u")])
    work_off()
    assert {row.native_id: row.state for row in rows(segment_channel)} == {
        "m-1": State.DONE,
        "bad": State.WAITING,
        "m-0": State.DONE,
    }
