"""Walking all pages of the list, in every order: everybody once, as in one long page, also while people come and go."""

import datetime as dt
import random
import re
import threading
import time

import pytest
from django.db import connection
from django.test import Client

from coterie.accounts.models import Member, Role, User, Workspace
from coterie.audience.audience import audience_of
from coterie.audience.view import View
from coterie.core.clock import now
from coterie.core.ids import from_public, new_id, new_ids
from coterie.journal.commit import Transaction, commit
from coterie.people.attributes import catalogue_keys
from coterie.people.changes import People, create_people
from coterie.people.models import Person
from coterie.segments.catalogue import create
from tests.audience.population import Population, settle
from tests.makers import put_in
from tests.web.pages import ids

# One of each type that is sorted in a way of its own. Every sort is walked in tests/audience/test_paging.py.
WALKS = [
    *((25, sort) for sort in ("-lastSeen", "createdAt", "default_name", "-chats", "score", "-banned", "segment")),
    *((25, sort) for sort in ("default_location", "-$.when")),
    *((size, sort) for size in (50, 100) for sort in ("-lastSeen", "default_name")),
]


@pytest.fixture(scope="module")
def population(database: str) -> Population:
    return settle(Workspace.objects.create(name="Walked"), 230)


@pytest.fixture(scope="module")
def login_of(password_hash: str):
    """Factory: the client of a new editor whose pages have so many rows."""

    def make(workspace: Workspace, size: int) -> Client:
        user = User.objects.create(email=f"{new_id()}@example.test", password=password_hash)
        preferences = {"rows": size, "columns": []}
        Member.objects.create(workspace=workspace, user=user, role=Role.EDITOR, preferences=preferences)
        client = Client()
        client.force_login(user)
        return client

    return make


def step(response, name: str) -> str:
    found = re.search(rf'id="{name}-page" class="[^"]*" href="([^"]*)"', response.content.decode())
    return found[1].replace("&amp;", "&") if found else ""


def walk(client: Client, url: str, name: str) -> list[list[str]]:
    """The ids of page after page, from `url` to the end; the last address beside them."""
    pages = []
    while url:
        response = client.get(url)
        assert response.status_code == 200
        if name == "next" and "nobody comes after this page any more" in response.content.decode():
            break  # The last people left while they were asked for: the page shows the beginning and says so.
        pages.append(ids(response))
        last, url = response, step(response, name)
        assert len(pages) < 60
        if name == "previous" and "Showing <b>1–" in response.content.decode():
            break
    pages.append([last.request["PATH_INFO"] + "?" + last.request["QUERY_STRING"]])
    return pages


@pytest.mark.parametrize(("size", "sort"), WALKS)
def test_the_pages_are_the_list_forwards_and_backwards(population: Population, login_of, size: int, sort: str) -> None:
    client = login_of(population.workspace, size)
    whole = audience_of(population.workspace).page(View(sort=sort), 1_000)
    order = [row.public_id for row in whole.rows]
    *forth, [last] = walk(client, f"/users?{View(sort=sort).query}", "next")
    assert [public_id for page in forth for public_id in page] == order
    assert {len(page) for page in forth[:-1]} <= {size}
    *back, _first = walk(client, last, "previous")
    assert list(reversed(back)) == forth


_WORDS = ("Ada", "ada", "Żółw", "%", "_", "👧", "", "\u202e", "z")


def _person(chance: random.Random, row_id: int, name: str, moment: dt.datetime) -> Person:
    values = {"default_name": f"{name} {chance.choice(_WORDS)}".strip(), "default_city": chance.choice(_WORDS) or None}
    values["plan"] = chance.choice(("free", "pro", None))
    return Person(
        id=row_id,
        user_id=f"{name}{row_id}",
        attributes={key: value for key, value in values.items() if value is not None},
        created_at=moment - dt.timedelta(seconds=chance.randrange(50)),
        last_seen=moment - dt.timedelta(seconds=chance.randrange(50)) if chance.random() < 0.9 else None,
        chats=chance.randrange(4),
    )


class Crowd:
    """A thread in which people arrive, talk, change, and join a segment, until it is told to stop."""

    def __init__(self, workspace: Workspace, restless: list[int], segment: int) -> None:
        self._workspace, self._restless, self._segment = workspace, restless, segment
        self._stop = threading.Event()
        self.failed: list[BaseException] = []
        self.rounds = 0
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> "Crowd":
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join()
        assert not self.failed

    def _work(self) -> None:
        chance = random.Random(1)
        try:
            while not self._stop.is_set():
                moment = now() - dt.timedelta(seconds=chance.randrange(60))
                fresh = [_person(chance, row_id, "New", moment) for row_id in new_ids(3)]
                commit(self._workspace.pk, "test", lambda tx, fresh=fresh: create_people(tx, fresh))
                commit(self._workspace.pk, "test", lambda tx: self._change(tx, chance))
                put_in(self._workspace, "test", [self._segment], [chance.choice(self._restless)])
                self.rounds += 1
                time.sleep(0.01)
        except BaseException as error:  # Told to the test, which waits in another thread.
            self.failed.append(error)
        finally:
            connection.close()

    def _change(self, tx: Transaction, chance: random.Random) -> None:
        chosen = sorted(chance.sample(self._restless, 3))
        people = People.lock(tx, chosen)
        for row_id in chosen:
            people.seen(people[row_id], now())
            people.set(people[row_id], {"default_name": chance.choice(_WORDS) or "x", "plan": "pro"}, now())
        people.save()


@pytest.mark.parametrize(
    "sort", ["-lastSeen", "createdAt", "default_name", "-chats", "plan", "-segment", "default_location"]
)
def test_whoever_stays_is_met_once_while_others_come_and_change(workspace: Workspace, login_of, sort: str) -> None:
    chance, moment = random.Random(7), now() - dt.timedelta(seconds=30)
    calm = [_person(chance, row_id, "Calm", moment) for row_id in new_ids(130)]
    restless = [_person(chance, row_id, "Restless", moment) for row_id in new_ids(40)]
    catalogue_keys(workspace.pk, [{"plan": "pro"}])
    commit(workspace.pk, "test", lambda tx: create_people(tx, [*calm, *restless]))
    segment = create(workspace, "Some", "test").id
    put_in(workspace, "test", [segment], [person.id for person in calm[::3]])
    client, stayed = login_of(workspace, 25), {person.public_id for person in calm}
    with Crowd(workspace, [person.id for person in restless], segment) as crowd:
        *forth, [last] = walk(client, f"/users?{View(sort=sort).query}", "next")
        *back, _first = walk(client, last, "previous")
        while crowd.rounds < 3 and not crowd.failed:
            time.sleep(0.01)
    forth_ids = [public_id for page in forth for public_id in page if public_id in stayed]
    back_ids = [public_id for page in reversed(back) for public_id in page if public_id in stayed]
    assert sorted(forth_ids) == sorted(stayed)
    assert len(back_ids) == len(set(back_ids))
    order = [row.public_id for row in audience_of(workspace).page(View(sort=sort), 10_000).rows]
    assert forth_ids == [public_id for public_id in order if public_id in stayed]
    assert back_ids == [public_id for public_id in forth_ids if public_id in set(back_ids)]
    assert all(from_public(public_id) for public_id in forth_ids)
