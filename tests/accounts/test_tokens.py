"""API tokens."""

import datetime as dt

import pytest

from coterie.accounts import tokens
from coterie.accounts.models import ApiToken, AuditEntry
from coterie.core.clock import now


def test_a_token_opens_its_workspace(workspace):
    token, secret = tokens.create(workspace, "Shop", ["read"], "test")
    assert secret.startswith("cot_")
    assert len(secret) > 4 + 42
    found = tokens.authenticate(secret)
    assert found == token
    assert found.workspace == workspace


def test_only_the_digest_is_stored(workspace):
    token, secret = tokens.create(workspace, "Shop", ["read"], "test")
    stored = ApiToken.objects.filter(pk=token.pk).values().get()
    assert secret[4:] not in str(stored)
    assert "token" not in str(AuditEntry.objects.get(workspace=workspace).details["name"]).lower()
    assert secret not in str(AuditEntry.objects.get(workspace=workspace).details)


@pytest.mark.parametrize("change", [str.upper, lambda s: s[:-1], lambda s: s + "x", lambda s: s[4:], lambda s: ""])
def test_anything_else_opens_nothing(workspace, change):
    assert tokens.authenticate(change(tokens.create(workspace, "Shop", ["read"], "test")[1])) is None


def test_a_token_ends(workspace):
    token, secret = tokens.create(workspace, "Shop", ["read"], "test", now() + dt.timedelta(days=1))
    assert tokens.authenticate(secret)
    ApiToken.objects.filter(pk=token.pk).update(expires_at=now() - dt.timedelta(seconds=1))
    assert tokens.authenticate(secret) is None


def test_the_last_use_is_recorded_at_most_once_a_minute(workspace):
    token, secret = tokens.create(workspace, "Shop", ["read"], "test")
    first = tokens.authenticate(secret).last_used_at
    assert ApiToken.objects.get(pk=token.pk).last_used_at == first
    assert tokens.authenticate(secret).last_used_at == first
    ApiToken.objects.filter(pk=token.pk).update(last_used_at=first - dt.timedelta(seconds=61))
    assert tokens.authenticate(secret).last_used_at >= first


@pytest.mark.parametrize(
    ("name", "scopes", "days"),
    [("", ["read"], 1), ("x" * 101, ["read"], 1), ("x", [], 1), ("x", ["everything"], 1), ("x", ["read"], -1)],
)
def test_a_wrong_name_scope_or_end_is_refused(workspace, name, scopes, days):
    with pytest.raises(ValueError, match=r"\."):
        tokens.create(workspace, name, scopes, "test", now() + dt.timedelta(days=days))
    assert not ApiToken.objects.filter(workspace=workspace).exists()


def test_admin_includes_the_other_scopes_and_nothing_else_includes_any(workspace):
    admin, _ = tokens.create(workspace, "a", ["admin"], "test")
    write, _ = tokens.create(workspace, "w", ["write"], "test")
    assert all(tokens.allows(admin, scope) for scope in tokens.SCOPES)
    assert [scope for scope in tokens.SCOPES if tokens.allows(write, scope)] == ["write"]
