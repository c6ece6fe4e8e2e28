"""The Users page: who is listed, in which order, on which page."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from coterie.core.clock import now
from coterie.journal.commit import commit
from coterie.people.changes import People, create_people
from coterie.people.models import Person
from coterie.segments.catalogue import create
from coterie.segments.trash import remove
from tests.makers import put_in
from tests.web.pages import ids, link, links, listed, text_of


@pytest.mark.one_database
def test_the_root_leads_to_the_users_page(client):
    assert client.get("/").headers["Location"] == "/users"


@pytest.mark.one_database
def test_a_stranger_is_asked_to_log_in_and_comes_back(client):
    response = client.get("/users?f=default_city:is:Oslo")
    assert response.status_code == 302
    assert response.headers["Location"] == "/login?next=/users%3Ff%3Ddefault_city%3Ais%3AOslo"


def test_people_are_listed_newest_talk_first(browse, crowd):
    crowd(3, default_name="Person {n}")
    assert listed(browse.get("/users")) == ["Person 0", "Person 1", "Person 2"]


@pytest.mark.one_database
def test_the_link_of_a_column_head_turns_the_order_around(browse, crowd):
    crowd(3, default_name="Person {n}")
    response = browse.get(link(browse.get("/users"), 'id="sort-lastSeen"'))
    assert listed(response) == ["Person 2", "Person 1", "Person 0"]
    assert 'aria-sort="ascending"><a id="sort-lastSeen"' in response.content.decode()


@pytest.mark.one_database
def test_first_seen_sorts_too(browse, crowd):
    crowd(2, default_name="Person {n}")
    response = browse.get("/users?sort=createdAt")
    assert listed(response) == ["Person 1", "Person 0"]


@pytest.mark.one_database
def test_a_nameless_person_is_called_by_their_place(browse, crowd):
    crowd(1, default_city="Austin")
    crowd(1, default_country="Chile")
    crowd(1)
    assert set(listed(browse.get("/users"))) == {"Someone in Austin", "Someone in Chile", "Someone"}


def test_a_row_shows_place_mail_and_segments(browse, crowd, workspace):
    people = crowd(
        1, default_name="Hana", default_email="hana@x.example", default_city="Kyoto", default_country="Japan"
    )
    for name in ("Newsletter", "Friends"):
        put_in(workspace, "test", [create(workspace, name, "test").id], [people[0].id])
    text = text_of(browse.get("/users"))
    assert "hana@x.example" in text
    assert "Kyoto, Japan" in text
    assert "Newsletter +1 : Friends" in text


def test_a_row_does_not_show_segments_in_the_trash(browse, crowd, workspace):
    person = crowd(1, default_name="Hana")[0]
    segment = create(workspace, "Newsletter", "test")
    put_in(workspace, "test", [segment.id], [person.id])
    remove(workspace, segment, "test")
    text = text_of(browse.get("/users"))
    assert "Newsletter" not in text
    assert "none" in text


@pytest.mark.one_database
def test_filters_of_the_url_narrow_the_list_down(browse, crowd):
    crowd(2, default_name="Ada", default_country="United States", default_language="English")
    crowd(1, default_name="Luz", default_country="United States", default_language="Spanish")
    response = browse.get("/users?f=default_country:is:United%20States&f=default_language:is:English")
    assert listed(response) == ["Ada", "Ada"]
    assert "2 of 3 people" in text_of(response)
    assert "Country is United States" in text_of(response)


@pytest.mark.one_database
def test_match_any_lists_whoever_matches_one(browse, crowd):
    crowd(1, default_name="Ada", default_city="Oslo")
    crowd(1, default_name="Luz", default_language="Spanish")
    crowd(1, default_name="Kim")
    response = browse.get("/users?match=any&f=default_city:is:Oslo&f=default_language:is:Spanish")
    assert set(listed(response)) == {"Ada", "Luz"}


@pytest.mark.one_database
def test_several_values_of_a_filter_survive_a_redirect(browse, crowd):
    crowd(1, default_name="Ada", default_city="Oslo")
    crowd(1, default_name="Luz", default_city="Lima")
    response = browse.get("/users?sort=-lastSeen&f=default_city:any_of:Oslo|Lima")
    assert response.status_code == 302
    assert response.headers["Location"] == "/users?f=default_city:any_of:Oslo|Lima"


@pytest.mark.one_database
def test_the_sort_form_ends_at_the_canonical_address(browse, crowd):
    crowd(1, default_name="Ada", default_city="São Paulo")
    response = browse.get("/users?f=default_city%3Ais%3AS%25C3%25A3o%2520Paulo&sort=createdAt")
    assert response.headers["Location"] == "/users?f=default_city:is:S%C3%A3o%20Paulo&sort=createdAt"


@pytest.mark.one_database
def test_nested_filters_are_shown_as_one_chip_each(browse, crowd):
    crowd(1, default_name="Ada", default_city="Oslo", default_language="English")
    q = (
        '{"all":[{"attribute":"default_language","rule":"is","values":["English"]},'
        '{"any":[{"attribute":"default_city","rule":"is","values":["Oslo"]},'
        '{"attribute":"default_city","rule":"is","values":["Lima"]}]}]}'
    )
    response = browse.get("/users", {"q": q}, follow=True)
    assert listed(response) == ["Ada"]
    assert "City is Oslo or City is Lima" in text_of(response)


@pytest.mark.parametrize("sort", ["-lastSeen", "lastSeen", "createdAt", "-chats", "default_name"])
def test_walking_the_pages_meets_everybody_once_in_both_directions(browse, workspace, sort):
    moment = now()
    people = [
        Person(
            user_id=f"w{number}",
            # Ties and missing values are where paging goes wrong.
            attributes={"default_name": f"Name {number // 3}", "default_username": str(number)} if number % 7 else {},
            created_at=moment - dt.timedelta(hours=number // 5),
            last_seen=moment - dt.timedelta(minutes=number // 4) if number % 6 else None,
            chats=number % 9,
        )
        for number in range(123)
    ]
    commit(workspace.pk, "test", lambda tx: create_people(tx, people))
    response = browse.get(f"/users?sort={sort}", follow=True)
    forth = [ids(response)]
    for first, last in ((51, 100), (101, 123)):
        response = browse.get(link(response, 'id="next-page"'))
        assert f"Showing {first}–{last} of 123" in text_of(response)
        forth.append(ids(response))
    assert sorted([*forth[0], *forth[1], *forth[2]]) == sorted(person.public_id for person in people)
    for page in (forth[1], forth[0]):
        response = browse.get(link(response, 'id="previous-page"'))
        assert ids(response) == page


def test_previous_at_the_beginning_includes_who_came_meanwhile(browse, crowd):
    crowd(60, default_name="Old {n}")
    second = browse.get(link(browse.get("/users"), 'id="next-page"'))
    crowd(3, default_name="New {n}")
    first = browse.get(link(second, 'id="previous-page"'))
    before = browse.get(link(first, 'id="previous-page"')) if "previous-page" in first.content.decode() else first
    assert "New 0" in listed(before)


def test_the_number_of_queries_does_not_grow_with_the_list(browse, crowd):
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            browse.get("/users")
        return len(captured)

    crowd(2, default_name="A {n}")
    browse.get("/users")
    few = queries()
    crowd(60, default_name="B {n}")
    browse.get("/users")
    assert queries() == few
    assert few <= 13


def test_people_of_another_workspace_never_show(browse, crowd, other_workspace):
    crowd(1, default_name="Mine")
    crowd(1, in_workspace=other_workspace, default_name="Theirs")
    assert listed(browse.get("/users")) == ["Mine"]


@pytest.mark.one_database
@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7|add:7 }}", "\u202eevil", "a&b"]
)
def test_names_are_text_whatever_they_contain(browse, crowd, workspace, name):
    people = crowd(1, default_name="x")
    evil = {"default_name": name, "default_city": name, "default_email": name}

    def rename(tx):
        changed = People.lock(tx, [people[0].id])
        changed.set(changed[people[0].id], evil, now())
        changed.save()

    commit(workspace.pk, "test", rename)
    response = browse.get("/users")
    assert listed(response) == [name.replace("\u202e", "\ufffd")]
    assert b"<script>alert" not in response.content
    assert b"<img" not in response.content


@pytest.mark.one_database
def test_avatars_are_not_fetched(browse, crowd):
    crowd(1, default_name="Ada", default_avatar="https://tracker.example/ada.png")
    assert "tracker.example" not in browse.get("/users").content.decode()


@pytest.mark.one_database
def test_an_empty_workspace_says_how_to_begin(client_of, owner, viewer):
    page = client_of(owner).get("/users")
    assert "Nobody here yet" in text_of(page)
    assert {"/channels/new?kind=widget", "/channels/new?kind=api", "/import"} <= set(links(page))
    assert not {link for link in links(client_of(viewer).get("/users")) if link.startswith("/channels/new")}


@pytest.mark.one_database
def test_nobody_matches_offers_ways_out(browse, crowd):
    crowd(1, default_name="Ada")
    response = browse.get("/users?f=default_city:is:Oslo&f=default_country:is:Peru")
    assert "Nobody matches" in text_of(response)
    assert "/users?f=default_country:is:Peru" in links(response)
