"""People and pages for the tests of the web."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client

from coterie.accounts.models import User, Workspace
from coterie.core.clock import now
from coterie.core.ids import new_id
from coterie.journal.commit import commit
from coterie.people.attributes import catalogue_keys
from coterie.people.changes import create_people
from coterie.people.models import Person
from tests.talking import ada, channel, talk

__all__ = ["ada", "channel", "talk"]


@pytest.fixture
def crowd(workspace: Workspace) -> Callable[..., list[Person]]:
    """Factory: `crowd(3, default_city="Oslo")` are three new people, each seen a minute before the one before."""

    def make(count: int = 1, in_workspace: Workspace | None = None, **attributes) -> list[Person]:
        place = in_workspace or workspace
        start = now()
        people = [
            Person(
                id=new_id(),
                user_id=f"u-{new_id()}",
                attributes={key: value.format(n=number) for key, value in attributes.items()},
                created_at=start - dt.timedelta(days=2, minutes=number),
                last_seen=start - dt.timedelta(minutes=number),
                chats=number + 1,
            )
            for number in range(count)
        ]
        catalogue_keys(place.pk, [person.attributes for person in people])
        commit(place.pk, "test", lambda tx: create_people(tx, people))
        return people

    return make


@pytest.fixture
def browse(client_of: Callable[[User], Client], editor: User) -> Client:
    """The test client of somebody who may look, export and edit segments."""
    return client_of(editor)
