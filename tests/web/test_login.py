"""Logging in and out."""

import secrets

import pytest
from django.core.cache import cache

from coterie.accounts.models import AuditEntry, User
from tests.conftest import PASSWORD
from tests.web.pages import text_of


@pytest.fixture(autouse=True)
def fresh_limits():
    """Each test may try as often as the limit allows."""
    cache.clear()


def test_a_member_logs_in_and_lands_on_the_users_page(client, owner, workspace):
    response = client.post("/login", {"login": owner.email.upper(), "password": PASSWORD})
    assert response.headers["Location"] == "/users"
    assert AuditEntry.objects.filter(workspace=workspace, action="member.login").count() == 1


@pytest.mark.one_database
def test_after_the_login_the_shared_view_opens(client, owner):
    target = "/users?f=default_city:any_of:Oslo|Lima"
    page = client.get("/login", {"next": target})
    assert "Users where City is any of Oslo or Lima" in text_of(page)
    response = client.post("/login", {"login": owner.email, "password": PASSWORD, "next": target})
    assert response.headers["Location"] == target


@pytest.mark.one_database
def test_a_stranger_s_link_with_several_values_comes_through_the_login_as_it_was(client, client_of, owner):
    target = "/users?f=default_city:any_of:Os%7Clo|Lima"
    door = client.get(target).headers["Location"]
    page = client.get(door)
    assert 'name="next" value="/users?f=default_city:any_of:Os%7Clo|Lima"' in page.content.decode()
    response = client.post("/login", {"login": owner.email, "password": PASSWORD, "next": target})
    assert response.headers["Location"] == target
    assert client_of(owner).get(door).headers["Location"] == target


@pytest.mark.one_database
@pytest.mark.parametrize("query", ["f=plan:is:pro", f"f=segment:in:{'0' * 24}", "f=nonsense", "sort=lastSeen"])
def test_the_login_tells_nothing_that_the_link_does_not_say(client, query):
    text = text_of(client.get("/login", {"next": f"/users?{query}"}))
    assert "Afterwards you come straight to it." in text


@pytest.mark.one_database
def test_a_foreign_address_is_not_gone_to_after_the_login(client, owner):
    fields = {"login": owner.email, "password": PASSWORD, "next": "https://evil.example/"}
    assert client.post("/login", fields).headers["Location"] == "/users"


def test_a_wrong_password_is_said_at_the_field(client, owner):
    response = client.post("/login", {"login": owner.email, "password": "wrong"})
    assert "don’t match" in text_of(response)
    assert owner.email in response.content.decode()


def test_an_unknown_address_gets_the_same_answer(client, owner):
    wrong = client.post("/login", {"login": owner.email, "password": "wrong"})
    unknown = client.post("/login", {"login": f"{secrets.token_hex(4)}@example.test", "password": "wrong"})
    assert "don’t match" in text_of(wrong)
    assert "don’t match" in text_of(unknown)


def test_too_many_wrong_passwords_are_stopped(client, owner):
    texts = [text_of(client.post("/login", {"login": owner.email, "password": "wrong"})) for _ in range(12)]
    assert "Wait a few minutes" in texts[-1]


def test_a_login_that_was_switched_off_is_told_so(client, owner):
    User.objects.filter(pk=owner.pk).update(is_active=False)
    response = client.post("/login", {"login": owner.email, "password": PASSWORD})
    assert "switched off" in text_of(response)
    assert client.get("/users").status_code == 302


def test_logging_out_is_a_button_not_a_link(client_of, owner):
    client = client_of(owner)
    assert "Log out?" in text_of(client.get("/logout"))
    assert client.get("/users").status_code == 200
    assert client.post("/logout").headers["Location"] == "/login"
    assert client.get("/users").status_code == 302


@pytest.mark.one_database
def test_nobody_can_sign_up(client):
    for path in ("/signup", "/signup/", "/accounts/signup/", "/password/reset/"):
        assert client.get(path).status_code == 404


@pytest.mark.one_database
def test_somebody_who_is_logged_in_skips_the_door(client_of, owner):
    assert client_of(owner).get("/login").headers["Location"] == "/users"


@pytest.mark.one_database
def test_the_theme_and_the_sidebar_come_from_cookies(client_of, owner):
    client = client_of(owner)
    assert "data-theme" not in client.get("/segments").content.decode().split("<head>")[0]
    client.cookies["theme"], client.cookies["side"] = "dark", "icons"
    assert '<html lang="en" data-theme="dark" data-side="icons">' in client.get("/segments").content.decode()
    client.cookies["theme"] = '"><script>'
    assert "data-theme" not in client.get("/segments").content.decode().split("<head>")[0]
