"""The page of one person."""

import datetime as dt

import pytest

from coterie.audience.models import Attribute
from coterie.chats.models import Chat
from coterie.core.clock import now
from coterie.core.ids import new_id
from coterie.journal.commit import commit
from coterie.people.changes import People
from coterie.segments.catalogue import create
from coterie.segments.membership import save_to_segments
from tests.web.pages import said_on, text_of


@pytest.fixture
def page(browse):
    """Factory: the page of a person."""
    return lambda person: browse.get(f"/users/{person.public_id}")


def test_it_shows_what_is_known(page, crowd, workspace):
    person = crowd(1, default_name="Ada", default_city="Oslo", default_country="Norway", plan="pro")[0]
    save_to_segments(workspace, "test", [create(workspace, "Leads", "test").id], [person.id])
    text = text_of(page(person))
    for words in ("Ada", "City Oslo", "Location Oslo, Norway", "plan pro", "User ID " + person.user_id, "Leads"):
        assert words in text
    assert "Email not known" in text


def test_a_person_of_another_workspace_is_not_found(page, crowd, other_workspace):
    person = crowd(1, in_workspace=other_workspace, default_name="Theirs")[0]
    response = page(person)
    assert response.status_code == 404
    assert "Theirs" not in response.content.decode()


@pytest.mark.parametrize(
    "public_id", ["0" * 24, "f" * 24, "x", "0" * 23, "%00", "..%2f", "\u0660" * 24, "-1", "A" * 400]
)
def test_an_id_of_nobody_is_not_found(browse, crowd, public_id):
    crowd(1)
    assert browse.get(f"/users/{public_id}").status_code == 404


def test_hidden_attributes_are_not_shown_not_even_in_a_name(page, crowd, workspace):
    person = crowd(1, default_city="Atlantis", default_country="Norway", default_source="Messenger", secret="x-ray")[0]
    keys = ("default_city", "default_source", "secret")
    Attribute.objects.filter(workspace=workspace, key="secret").update(hidden=True)
    for key in keys[:2]:
        Attribute.objects.update_or_create(workspace=workspace, key=key, scope="person", defaults={"hidden": True})
    response = page(person)
    assert response.status_code == 200
    body = response.content.decode()
    assert "Someone in Norway" in body
    for word in ("Atlantis", "x-ray", "secret", "i-messenger"):
        assert word not in body


def test_a_change_is_seen_at_once(page, crowd, workspace):
    person = crowd(1, default_name="Ada")[0]
    page(person)

    def rename(tx):
        people = People.lock(tx, [person.id])
        people.set(people[person.id], {"default_name": "Ada King"}, now())
        people.save()

    commit(workspace.pk, "test", rename)
    assert "Ada King" in text_of(page(person))


def test_chats_are_theirs_alone_newest_first(page, crowd, workspace, other_workspace):
    person, other = crowd(2)
    for whose, place, count, ago in (
        (person, workspace, 3, 5), (person, workspace, 7, 1), (other, workspace, 99, 2),
        (person, other_workspace, 98, 3),
    ):  # fmt: skip
        moment = now() - dt.timedelta(days=ago)
        Chat.objects.create(
            workspace=place,
            id=new_id(),
            person_id=whose.id,
            channel_id=1,
            started_at=moment,
            last_at=moment,
            by_user=True,
            messages=count,
        )
    text = text_of(page(person))
    assert text.index("7 messages") < text.index("3 messages")
    assert "99 messages" not in text
    assert "98 messages" not in text


@pytest.mark.parametrize(
    "value", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "javascript:alert(1)"]
)
def test_values_are_text(page, crowd, value):
    person = crowd(1, default_name=value, default_avatar=value, default_url=value, plan=value, **{value: value})[0]
    response = page(person)
    assert value in said_on(response)
    body = response.content.decode()
    assert "<script>alert" not in body
    assert "<img" not in body
    assert 'href="javascript' not in body
