"""Who may ask what, and how the API says no."""

import datetime as dt

import pytest
from django.test import Client

from coterie.accounts import tokens
from coterie.accounts.models import ApiToken
from coterie.core.clock import now

READ = ["/api/users", "/api/users/segments", "/api/segments", "/api/v2/chats", "/api/users/x", "/api/v2/chats/x"]
WRITE = ["/api/users/segments", "/api/segments", "/api/users/segments/members"]


def is_error(answer, code):
    status = answer.json()["status"]
    assert (answer.status_code, status["code"], status["type"]) == (code, code, "error")
    assert status["message"]
    assert isinstance(status["details"], list)
    assert answer.json()["timestamp"].endswith("Z")
    return True


@pytest.mark.one_database
@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("path", READ)
@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer x", "Bearer cot_x", "Basic eDp5", "Bearer cot_é"])
def test_without_a_valid_token_nothing_is_read(path, header):
    answer = Client(headers={} if header is None else {"authorization": header}).get(path)
    assert is_error(answer, 401)
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.one_database
@pytest.mark.parametrize("path", WRITE)
def test_without_a_valid_token_nothing_is_written(path):
    assert is_error(Client().post(path, {}, content_type="application/json"), 401)


@pytest.mark.one_database
def test_the_cookie_of_a_member_counts_for_nothing(client_of, owner):
    assert is_error(client_of(owner).get("/api/users"), 401)


def test_a_token_that_has_ended_is_no_token(workspace):
    token, secret = tokens.create(workspace, "x", ["read"], "test")
    client = Client(headers={"authorization": f"Bearer {secret}"})
    assert client.get("/api/users").status_code == 200
    ApiToken.objects.filter(pk=token.pk).update(expires_at=now() - dt.timedelta(seconds=1))
    assert is_error(client.get("/api/users"), 401)


@pytest.mark.one_database
@pytest.mark.parametrize("path", READ)
@pytest.mark.parametrize("scope", ["write", "export"])
def test_reading_needs_the_scope_read(workspace, api_of, path, scope):
    assert is_error(api_of(workspace, [scope]).get(path), 403)


@pytest.mark.one_database
@pytest.mark.parametrize("path", WRITE)
@pytest.mark.parametrize("scope", ["read", "export"])
def test_writing_needs_the_scope_write(workspace, api_of, path, scope):
    answer = api_of(workspace, [scope]).post(path, {"name": "x"}, content_type="application/json")
    assert is_error(answer, 403)


def test_admin_may_everything(workspace, api_of):
    client = api_of(workspace, ["admin"])
    assert client.get("/api/users").status_code == 200
    assert client.post("/api/users/segments", {"name": "x"}, content_type="application/json").status_code == 200


@pytest.mark.one_database
@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nope", "/api/users/segments/nope/nope", "/api/%00"])
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_unknown_addresses_are_404_in_the_envelope(api, path, method):
    assert is_error(getattr(api, method)(path), 404)


def test_a_fault_of_ours_is_500_in_the_envelope(workspace, api, monkeypatch):
    def broken(*_):
        raise RuntimeError("secret detail")

    monkeypatch.setattr("coterie.segments.catalogue.segments_of", broken)
    answer = api.get("/api/users/segments")
    assert is_error(answer, 500)
    assert "secret" not in answer.content.decode()


@pytest.mark.one_database
def test_the_document_names_every_address_and_needs_no_token():
    document = Client().get("/api/openapi.json").json()
    assert set(document["paths"]) == {
        *("/api/users", "/api/users/{user_id}", "/api/users/segments", "/api/users/segments/members"),
        *("/api/segments", "/api/v2/chats", "/api/v2/chats/{chat_id}"),
    }
    names = {parameter["name"] for parameter in document["paths"]["/api/users"]["get"]["parameters"]}
    assert {"limit", "after", "sort[field]", "match", "filters", "f", "q"} <= names
    assert document["components"]["schemas"]["Said"]["properties"].keys() >= {"from", "message"}


@pytest.mark.one_database
def test_the_documentation_page_loads_nothing_from_elsewhere():
    answer = Client().get("/api/docs")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "//cdn" not in page
    assert "https://" not in page
    assert "unsafe" not in answer["Content-Security-Policy"]
