"""What was written is read at once: the replica holds what the system of record holds."""

import datetime as dt
import random
from functools import partial

import pytest

from coterie.accounts.models import Workspace
from coterie.audience import source
from coterie.audience.audience import audience_of
from coterie.audience.tree import Condition
from coterie.audience.view import View
from coterie.core.clock import now
from coterie.journal.commit import Transaction, commit
from coterie.people.changes import People
from coterie.segments.catalogue import create
from coterie.segments.models import Segment
from tests.audience.mirror import KEYS, add, change, forget, in_record, in_replica, value
from tests.makers import put_in, take_out
from tests.profiles import times


def test_a_new_person_is_there_at_once(workspace: Workspace) -> None:
    audience = audience_of(workspace)
    assert audience.count(None) == 0
    add(workspace, 3)
    assert audience.count(None) == 3


def test_a_set_and_an_unset_value_are_found_at_once(workspace: Workspace) -> None:
    audience = audience_of(workspace)
    (ada,) = add(workspace, 1)
    condition = Condition("default_city", "is", ("London",))
    assert audience.matching_ids(condition) == []
    change(workspace, ada, lambda people, person: people.set(person, {"default_city": "London"}, now()))
    assert audience.matching_ids(condition) == [ada]
    change(workspace, ada, lambda people, person: people.unset(person, ["default_city"]))
    assert audience.matching_ids(condition) == []


def test_whoever_is_seen_is_first_at_once(workspace: Workspace) -> None:
    ids = add(workspace, 5)
    change(workspace, ids[2], lambda people, person: people.seen(person, now()))
    assert audience_of(workspace).page(View(), 1).rows[0].id == ids[2]


def test_who_joined_and_left_a_segment_is_known_at_once(workspace: Workspace) -> None:
    ids = add(workspace, 3)
    segment = create(workspace, "Leads", "test")
    audience = audience_of(workspace)
    condition = Condition("segment", "in", (segment.public_id,))
    put_in(workspace, "test", [segment.id], ids[:2])
    assert audience.matching_ids(condition) == ids[:2]
    assert audience.segment_sizes() == {segment.id: 2}
    take_out(workspace, "test", [segment.id], ids[:1])
    assert audience.matching_ids(condition) == ids[1:2]


def test_everybody_is_counted_anew_only_after_a_change(workspace: Workspace, monkeypatch) -> None:
    replica = audience_of(workspace).replica
    ids = add(workspace, 2)
    assert replica.everybody() == 2
    with monkeypatch.context() as patch:
        patch.delattr(replica.__class__, "ask")
        assert replica.everybody() == 2
    forget(workspace, ids[0])
    assert replica.everybody() == 1


def test_a_deleted_person_is_gone_at_once(workspace: Workspace) -> None:
    ids = add(workspace, 2)
    assert audience_of(workspace).count(None) == 2
    forget(workspace, ids[0])
    assert audience_of(workspace).matching_ids(None) == ids[1:]


def test_people_of_another_workspace_are_never_there(workspace: Workspace, other_workspace: Workspace) -> None:
    ids, others = add(workspace, 3), add(other_workspace, 2)
    assert audience_of(workspace).matching_ids(None) == ids
    assert audience_of(other_workspace).matching_ids(None) == others
    add(other_workspace, 1)
    assert audience_of(workspace).matching_ids(None) == ids


def test_without_news_nothing_is_read_again(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    add(workspace, 3)
    audience = audience_of(workspace)
    assert audience.count(None) == 3
    monkeypatch.setattr(source, "people", None)
    assert audience.count(None) == 3


def test_thousands_of_random_changes_lead_to_the_same_people(workspace: Workspace) -> None:
    chance = random.Random(2026)
    segments = [create(workspace, name, "test").id for name in ("A", "B")]
    ids = add(workspace, 200)
    audience = audience_of(workspace)
    for number in range(times(1.4)):
        commit(workspace.pk, "test", partial(_turmoil, chance=chance, ids=ids, segments=segments))
        if chance.random() < 0.3:
            ids += add(workspace, chance.randrange(20))
        if chance.random() < 0.3:
            forget(workspace, ids.pop(chance.randrange(len(ids))))
        if number % 4 == 0:
            assert audience.ask(in_replica) == in_record(workspace)
    assert audience.ask(in_replica) == in_record(workspace)
    assert audience.replica.repair() == Workspace.objects.get(pk=workspace.pk).revision
    assert audience.ask(in_replica) == in_record(workspace)


def _turmoil(tx: Transaction, chance: random.Random, ids: list[int], segments: list[int]) -> None:
    from coterie.segments.membership import join, leave

    people = People.lock(tx, chance.sample(ids, 60))
    for person in people:
        match chance.randrange(4):
            case 0:
                people.set(person, {key: value(chance, key) for key in chance.sample(KEYS, 2)}, now())
            case 1:
                people.unset(person, chance.sample(KEYS, 2))
            case 2:
                people.seen(person, now() - dt.timedelta(days=chance.randrange(400)))
                person.chats += 1
            case _:
                (join if chance.random() < 0.6 else leave)(tx, chance.choice(segments), [person.id], tx.at)
    people.save()


def test_segments_are_read_with_their_people(workspace: Workspace) -> None:
    ids = add(workspace, 4)
    segment = Segment.objects.create(workspace=workspace, name="Leads")
    put_in(workspace, "test", [segment.id], ids[1:3])
    rows = {row.id: row.segments for row in audience_of(workspace).page(View(), 10).rows}
    assert rows == {ids[0]: [], ids[1]: [segment.id], ids[2]: [segment.id], ids[3]: []}
