"""Who may open what: every address of the pages against every role."""

import pytest
from django.test import Client
from django.urls import reverse

from coterie.accounts.models import Member, Role, User, Workspace
from coterie.accounts.permissions import LEAST_ROLE, Verb, may
from coterie.core.ids import new_id
from coterie.segments.catalogue import segments_of
from coterie.segments.models import Membership
from coterie.web.urls import urlpatterns
from tests.web.pages import text_of

PUBLIC = {"home", "account_login", "account_logout"}
RANK = [Role.VIEWER, Role.EDITOR, Role.ADMIN, Role.OWNER]
ROUTES = [route for route in urlpatterns if route.name not in PUBLIC]


def address(route) -> str:
    return reverse(route.name, kwargs=dict.fromkeys(route.pattern.converters, "0" * 24))


def test_every_address_names_the_verb_it_needs_or_is_open_on_purpose():
    assert {route.name for route in urlpatterns if not hasattr(route.callback, "verb")} == PUBLIC


def test_every_verb_has_a_least_role():
    assert set(LEAST_ROLE) == set(Verb)


@pytest.mark.parametrize("verb", Verb)
def test_higher_roles_may_do_what_lower_ones_may(verb):
    allowed = [may(Member(role=role), verb) for role in RANK]
    assert allowed == sorted(allowed)
    assert allowed[-1]


def test_an_unknown_role_may_nothing():
    assert not any(may(Member(role="superhero"), verb) for verb in Verb)


@pytest.fixture(scope="module")
def client_with(database, password_hash):
    """Factory: a logged-in client with this role, in one workspace for all roles."""
    workspace = Workspace.objects.create(name="Permissions")

    def make(role, **options) -> Client:
        user = User.objects.create(email=f"{new_id()}@example.test", password=password_hash)
        Member.objects.create(workspace=workspace, user=user, role=role)
        client = Client(**options)
        client.force_login(user)
        return client

    return make


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("role", RANK)
def test_roles_below_the_least_one_are_refused(role, method, client_with):
    client, wrong = client_with(role), {}
    for route in ROUTES:
        status = getattr(client, method)(address(route)).status_code
        allowed = may(Member(role=role), route.callback.verb)
        if status in (401, 403) if allowed else status not in (403, 405):
            wrong[route.name] = status
    assert wrong == {}


def test_strangers_are_sent_to_the_login(client):
    for route in ROUTES:
        for response in (client.get(address(route)), client.post(address(route))):
            to_the_login = response.headers.get("Location", "").startswith("/login?next=")
            assert response.status_code == 405 or to_the_login, route.name


def test_a_post_without_the_form_s_token_is_refused(client_with):
    client = client_with(Role.OWNER, enforce_csrf_checks=True)
    statuses = {route.name: client.post(address(route)).status_code for route in ROUTES}
    assert {name: status for name, status in statuses.items() if status not in (403, 405)} == {}


def test_part_of_a_page_without_a_session_leads_the_whole_page_to_the_login(client):
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/users?f=banned:is_true"}
    response = client.get("/users/filter/count", headers=headers)
    assert response.headers["HX-Redirect"] == "/login?next=/users%3Ff%3Dbanned%3Ais_true"


def test_a_viewer_sees_people_but_no_buttons_for_what_they_may_not(client_of, viewer, crowd):
    crowd(2, default_name="Ada {n}")
    page = client_of(viewer).get("/users")
    assert "Ada 1" in text_of(page)
    for word in ("Export", "Save to Segment", 'name="person"'):
        assert word not in page.content.decode()
    assert "Create segment" not in client_of(viewer).get("/segments").content.decode()


def test_a_viewer_s_save_changes_nothing_and_says_why(client_of, viewer, crowd, workspace):
    person = crowd(1)[0]
    response = client_of(viewer).post("/users/save", {"person": person.public_id, "new": "Mine", "confirm": "1"})
    assert response.status_code == 403
    assert "this needs at least editor" in text_of(response)
    assert segments_of(workspace) == []
    assert not Membership.objects.filter(person_id=person.id).exists()


def test_a_login_without_a_workspace_gets_a_page_it_can_read(client, password_hash, db_user):
    client.force_login(db_user)
    response = client.get("/users")
    assert response.status_code == 403
    assert "No workspace yet" in text_of(response)


def test_the_switcher_changes_the_workspace(client_of, owner, workspace, other_workspace, crowd):
    Member.objects.create(workspace=other_workspace, user=owner, role=Role.VIEWER)
    crowd(1, in_workspace=other_workspace, default_name="Theirs")
    client = client_of(owner)
    assert "Theirs" not in client.get("/users").content.decode()
    client.post("/workspace", {"workspace": other_workspace.uid})
    assert "Theirs" in client.get("/users").content.decode()


def test_the_switcher_does_not_lead_into_a_workspace_of_others(client_of, owner, other_workspace, crowd):
    crowd(1, in_workspace=other_workspace, default_name="Theirs")
    client = client_of(owner)
    client.post("/workspace", {"workspace": other_workspace.uid})
    assert "Theirs" not in client.get("/users").content.decode()


def test_pages_with_people_are_kept_in_no_cache(browse):
    assert browse.get("/users").headers["Cache-Control"] == "private, no-store"


@pytest.fixture
def db_user(database, password_hash):
    """A login that belongs nowhere."""
    return User.objects.create(email="nowhere@example.test", password=password_hash)
