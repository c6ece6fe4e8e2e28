"""A native id of a channel leads to one person, whoever meets it first."""

import datetime as dt
import threading

import pytest

from coterie.accounts.models import Workspace
from coterie.core.clock import UTC
from coterie.core.ids import new_id
from coterie.journal.commit import Transaction, commit
from coterie.journal.models import Kind
from coterie.people.changes import create_people
from coterie.people.identities import resolve
from coterie.people.many import lock, take_out
from coterie.people.models import Identity, Person
from tests.journal.parallel import parallel

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=UTC)
CHANNEL, OTHER = 11, 12


def meet(workspace: Workspace, natives: list[str], channel: int = CHANNEL) -> dict[str, int]:
    def work(tx: Transaction) -> dict[str, int]:
        people, known = resolve(tx, channel, dict.fromkeys(natives, NOON))
        people.save()
        return {native: one.person_id for native, one in known.items()}

    return commit(workspace.pk, "test", work)


def test_a_stranger_becomes_a_person_with_its_native_id_as_user_id(workspace: Workspace) -> None:
    known = meet(workspace, ["u1", "u2"])
    people = {person.id: person for person in Person.objects.filter(workspace=workspace)}
    assert {native: people[row_id].user_id for native, row_id in known.items()} == {"u1": "u1", "u2": "u2"}
    assert {person.created_at for person in people.values()} == {NOON}


def test_the_same_native_id_leads_to_the_same_person(workspace: Workspace) -> None:
    assert meet(workspace, ["u1"]) == meet(workspace, ["u1"])
    assert Person.objects.filter(workspace=workspace).count() == 1


def test_a_user_id_that_is_known_leads_to_that_person(workspace: Workspace) -> None:
    known = Person(id=new_id(), user_id="crm-1")
    commit(workspace.pk, "test", lambda tx: create_people(tx, [known]))
    assert meet(workspace, ["crm-1", "new"])["crm-1"] == known.id
    assert Person.objects.filter(workspace=workspace).count() == 2


def test_two_channels_with_the_same_id_share_the_person(workspace: Workspace) -> None:
    assert meet(workspace, ["u1"], CHANNEL) == meet(workspace, ["u1"], OTHER)
    assert Identity.objects.filter(workspace=workspace).count() == 2


def test_another_workspace_has_a_person_of_its_own(workspace: Workspace, other_workspace: Workspace) -> None:
    assert meet(workspace, ["u1"]) != meet(other_workspace, ["u1"])


def test_nobody_is_nobody(workspace: Workspace) -> None:
    assert meet(workspace, []) == {}


@pytest.mark.parametrize("channels", [(CHANNEL,) * 6, (CHANNEL, OTHER, 13, CHANNEL, OTHER, 13)])
def test_writers_that_meet_the_same_strangers_make_one_person_of_each(
    workspace: Workspace, channels: tuple[int, ...]
) -> None:
    natives = [f"stranger {number}" for number in range(12)]
    start = threading.Barrier(len(channels))
    found: list[dict[str, int]] = []

    def write(number: int) -> None:
        for turn in range(3):
            # In different orders, and not all of them all the time.
            order = natives[turn * 4 :][:: -1 if number % 2 else 1]
            if not turn:
                start.wait(30)
            found.append(meet(workspace, order, channels[number]))

    parallel([lambda number=number: write(number) for number in range(len(channels))])  # type: ignore[misc]
    people = dict(Person.objects.filter(workspace=workspace).values_list("user_id", "id"))
    assert sorted(people) == sorted(natives)
    assert all(people[native] == row_id for known in found for native, row_id in known.items())
    assert Identity.objects.filter(workspace=workspace).count() == len(natives) * len(set(channels))


def test_whoever_was_deleted_while_we_waited_is_met_anew(workspace: Workspace) -> None:
    person_id = meet(workspace, ["u1"])["u1"]
    began, deleted = threading.Event(), threading.Event()

    def delete(tx: Transaction) -> None:
        take_out(tx, list(lock(tx, [person_id])))
        tx.record(person_id, Kind.ERASED)
        began.set()
        deleted.wait(0.3)

    def meet_again() -> None:
        began.wait(10)
        met.append(meet(workspace, ["u1"])["u1"])

    met: list[int] = []
    parallel([lambda: commit(workspace.pk, "test", delete), meet_again])
    assert met != [person_id]
    assert list(Person.objects.filter(workspace=workspace).values_list("id", flat=True)) == met
