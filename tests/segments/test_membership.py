"""People go into segments and out of them, through the journal."""

import threading

import pytest
from django.db import connection

from coterie.audience.audience import audience_of
from coterie.core.ids import to_public
from coterie.journal.commit import commit
from coterie.journal.models import JournalEntry
from coterie.segments.catalogue import create
from coterie.segments.membership import Saved, join, leave, lock, preview, sizes
from coterie.segments.models import Membership
from tests.makers import make_people, put_in, take_out


@pytest.fixture
def people(workspace):
    return [person.id for person in make_people(workspace, 3)]


@pytest.fixture
def segment(workspace):
    return create(workspace, "News", "test")


def inside(workspace, segment):
    found = Membership.objects.filter(workspace=workspace, segment_id=segment.id)
    return set(found.values_list("person_id", flat=True))


def test_joining_puts_people_in(workspace, people, segment):
    put_in(workspace, "test", [segment.id], people)
    assert inside(workspace, segment) == set(people)


def test_each_new_membership_is_one_journal_entry(workspace, people, segment):
    put_in(workspace, "member:1", [segment.id], people[:2])
    put_in(workspace, "member:1", [segment.id], people)
    entries = JournalEntry.objects.filter(workspace=workspace, kind="joined").order_by("revision")
    assert [entry.person_id for entry in entries] == people
    assert {(entry.actor, entry.before, str(entry.after)) for entry in entries} == {
        ("member:1", None, str({"segment": segment.public_id}))
    }


def test_joining_once_more_leaves_no_trace(workspace, people, segment):
    put_in(workspace, "test", [segment.id], people)
    revision = type(workspace).objects.get(pk=workspace.pk).revision
    put_in(workspace, "test", [segment.id], people)
    assert type(workspace).objects.get(pk=workspace.pk).revision == revision


def test_removing_takes_people_out(workspace, people, segment):
    put_in(workspace, "test", [segment.id], people[:2])
    take_out(workspace, "test", [segment.id], people)
    assert inside(workspace, segment) == set()
    left = JournalEntry.objects.filter(workspace=workspace, kind="left")
    assert [entry.before for entry in left] == [{"segment": segment.public_id}] * 2


def test_the_audience_follows(workspace, people, segment):
    put_in(workspace, "test", [segment.id], people)
    assert audience_of(workspace).segment_sizes() == {segment.id: 3}
    take_out(workspace, "test", [segment.id], people[:1])
    assert audience_of(workspace).segment_sizes() == {segment.id: 2}


def test_people_of_another_workspace_are_ignored(workspace, other_workspace, people, segment):
    stranger = make_people(other_workspace, 1)[0].id
    put_in(workspace, "test", [segment.id], [stranger, 7, people[0]])
    assert not Membership.objects.filter(workspace=other_workspace).exists()
    assert inside(workspace, segment) == {people[0]}


def test_a_segment_of_another_workspace_is_refused_by_name(workspace, other_workspace, people, segment):
    foreign = create(other_workspace, "Theirs", "test")
    with pytest.raises(ValueError, match=foreign.public_id):
        preview(workspace, [segment.id, foreign.id], people)
    with pytest.raises(ValueError, match=to_public(5)):
        preview(workspace, [5], people)


def test_preview_tells_what_saving_would_do_and_does_nothing(workspace, other_workspace, people, segment):
    put_in(workspace, "test", [segment.id], people[:1])
    stranger = make_people(other_workspace, 1)[0].id
    assert preview(workspace, [segment.id], [*people, stranger]) == [Saved(segment.id, 2, 1)]
    assert preview(workspace, [segment.id], []) == [Saved(segment.id, 0, 0)]
    assert inside(workspace, segment) == {people[0]}


def test_sizes_count_the_system_of_record(workspace, people, segment):
    put_in(workspace, "test", [segment.id], people)
    assert sizes(workspace, [segment.id, 5]) == {segment.id: 3}


def test_join_and_leave_return_who_moved(workspace, people, segment):
    def work(tx):
        present = lock(tx, [*reversed(people), 5])
        return present, join(tx, segment.id, people[:2], tx.at), leave(tx, segment.id, people[1:], tx.at)

    assert commit(workspace.pk, "test", work) == (people, people[:2], people[1:2])


def test_writers_on_the_same_people_add_each_once(workspace, people, segment):
    added = []

    def write(order):
        def work(tx):
            return join(tx, segment.id, lock(tx, order), tx.at)

        try:
            added.extend(commit(workspace.pk, "test", work))
        finally:
            connection.close()

    orders = [people, people[::-1], people[1:], people[:2]]
    threads = [threading.Thread(target=write, args=(order,)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(added) == people
    assert JournalEntry.objects.filter(workspace=workspace, kind="joined").count() == 3
