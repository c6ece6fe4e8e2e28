"""One filter, one set of people: whatever a page, a count, a file, the API or a segment says about it."""

import csv
import io
import re
from urllib.parse import quote

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from coterie.accounts import tokens
from coterie.accounts.models import Member, Role, User, Workspace
from coterie.audience.tree import All, Any, Node, Not
from coterie.audience.view import View
from coterie.core.ids import to_public
from coterie.segments.catalogue import create
from coterie.segments.models import Membership
from coterie.transfers.guard import unguard
from tests.audience.population import Population, settle
from tests.audience.trees import texts, trees
from tests.conftest import PASSWORD
from tests.profiles import examples
from tests.web.pages import csv_of, ids


@pytest.fixture(scope="module")
def population(database: str) -> Population:
    """Three hundred people with hostile texts, in a workspace that nobody else looks at."""
    return settle(Workspace.objects.create(name="Same people"))


@pytest.fixture(scope="module")
def browser(population: Population, password_hash: str) -> Client:
    """An owner's, with pages as long as they get."""
    user = User.objects.create(email="same-people@example.test", password=password_hash)
    Member.objects.create(
        workspace=population.workspace, user=user, role=Role.OWNER, preferences={"rows": 100, "columns": []}
    )
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture(scope="module")
def api(population: Population) -> Client:
    """A client of the API that may read."""
    return Client(
        headers={"authorization": f"Bearer {tokens.create(population.workspace, 'test', ['read'], 'test')[1]}"}
    )


def on_pages(client: Client, query: str) -> tuple[list[str], set[str]]:
    """(everybody on all pages of a view, what the pages say their number is)."""
    found, said, url = [], set(), f"/users?{query}"
    while url:
        response = client.get(url)
        if response.status_code == 302:  # Once, to the canonical spelling.
            response = client.get(response.headers["Location"])
        assert response.status_code == 200
        body = response.content.decode()
        assert "left out" not in body
        found += ids(response)
        said.add(re.search(r'<output id="people-count".*?<b>([\d,]+)</b>', body, re.S)[1].replace(",", ""))
        following = re.search(r'id="next-page" class="[^"]*" href="([^"]*)"', body)
        url = following[1].replace("&amp;", "&") if following else ""
    return found, said


def counted(client: Client, query: str) -> str:
    response = client.get(f"/users/count?view={quote(query, safe='')}")
    assert response.status_code == 200
    return re.search(r'data-total="(\d+)"', response.content.decode())[1]


def exported(client: Client, population: Population, query: str) -> list[str]:
    by_user_id = {person.user_id: to_public(person.id) for person in population.people}
    fields = {"all": "1", "view": query, "confirm": "1", "password": PASSWORD}
    text = csv_of(client.post("/users/export", fields)).removeprefix("\ufeff")
    return [by_user_id[unguard(row["User ID"])] for row in csv.DictReader(io.StringIO(text, newline=""))]


def in_the_api(client: Client, query: str) -> tuple[list[str], set[int]]:
    found, said, after = [], set(), ""
    while after is not None:
        answer = client.get(f"/api/users?{query}{f'&after={after}' if after else ''}").json()
        found += [person["id"] for person in answer["data"]]
        said.add(answer["count"])
        after = answer["next"]
    return found, said


def saved(client: Client, workspace: Workspace, query: str) -> set[str]:
    """Everybody of a view, saved to a new segment. Nobody cannot be saved."""
    segment = create(workspace, f"s{Membership.objects.count()}", "test")
    number = counted(client, query)
    fields = {"all": "1", "view": query, "seen": number, "segment": segment.public_id, "confirm": "1"}
    response = client.post("/users/save", fields)
    assert response.status_code == (302 if number != "0" else 422)
    inside = Membership.objects.filter(workspace=workspace, segment_id=segment.id)
    found = {to_public(person_id) for person_id in inside.values_list("person_id", flat=True)}
    Membership.objects.filter(workspace=workspace, segment_id=segment.id).delete()
    segment.delete()
    return found


def views(population: Population, depth: int = 3) -> st.SearchStrategy[View]:
    """Random filters, with a search or without."""
    return st.builds(
        View,
        st.sampled_from(("all", "any")),
        st.lists(trees(population.segments, depth), max_size=3).map(tuple),
        search=st.just("") | texts().map(str.strip),
    )


@examples(0.3)
@given(data=st.data())
def test_page_count_file_api_and_segment_are_the_same_people(
    population: Population, browser: Client, api: Client, data: st.DataObject
) -> None:
    query = data.draw(views(population)).query
    listed, said = on_pages(browser, query)
    assert len(listed) == len(set(listed))
    assert said <= {str(len(listed))}
    assert counted(browser, query) == str(len(listed))
    assert sorted(exported(browser, population, query)) == sorted(listed)
    found, count = in_the_api(api, query)
    assert (sorted(found), count) == (sorted(listed), {len(listed)})
    assert saved(browser, population.workspace, query) == set(listed)


def people(client: Client, *nodes: Node, match: str = "all", search: str = "") -> set[str]:
    listed, _said = on_pages(client, View(match, nodes, search=search).query)
    return set(listed)


@examples(0.3)
@given(data=st.data())
def test_all_narrows_any_widens_and_not_means_the_others(
    population: Population, browser: Client, data: st.DataObject
) -> None:
    one, other = data.draw(trees(population.segments, 2)), data.draw(trees(population.segments, 2))
    search = data.draw(st.just("") | st.sampled_from(("a", "e", "-1", "%", "'")))
    first, second = people(browser, one, search=search), people(browser, other, search=search)
    assert people(browser, one, other, search=search) == first & second
    assert people(browser, one, other, match="any", search=search) == first | second
    everybody = people(browser, search=search)
    assert people(browser, Not(one), search=search) == everybody - first
    assert people(browser, Not(All((one, other))), search=search) == everybody - (first & second)
    assert people(browser, Not(Any((one, other))), search=search) == everybody - first - second


@examples(0.3)
@given(data=st.data())
def test_a_search_only_narrows(population: Population, browser: Client, data: st.DataObject) -> None:
    node, text = data.draw(trees(population.segments, 2)), data.draw(texts()).strip()
    assert people(browser, node, search=text) == people(browser, node) & people(browser, search=text)
