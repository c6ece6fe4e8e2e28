"""Changes as the tests make them, and what the journal says of them."""

from collections.abc import Callable
from typing import Any

from coterie.accounts.models import Workspace
from coterie.core.ids import new_id
from coterie.journal.commit import Transaction, commit
from coterie.journal.models import JournalEntry
from coterie.people.changes import People, create_people
from coterie.people.models import Person


def person(**fields: Any) -> Person:
    row_id = new_id()
    return Person(**{"id": row_id, "user_id": f"user {row_id}", **fields})


def add(workspace: Workspace, *people: Person) -> list[int]:
    commit(workspace.pk, "test", lambda tx: create_people(tx, people))
    return [one.id for one in people]


def entries(workspace: Workspace, after: int = 0) -> list[tuple[Any, ...]]:
    found = JournalEntry.objects.filter(workspace=workspace, revision__gt=after).order_by("revision")
    return list(found.values_list("person_id", "kind", "before", "after"))


def revision(workspace: Workspace) -> int:
    return Workspace.objects.values_list("revision", flat=True).get(pk=workspace.pk)


def change(workspace: Workspace, person_id: int, act: Callable[[People, Person], Any], actor: str = "test") -> None:
    def work(tx: Transaction) -> None:
        people = People.lock(tx, [person_id])
        act(people, people[person_id])
        people.save()

    commit(workspace.pk, actor, work)
