"""API tokens: shown once, kept as SHA-256, with scopes and an optional end."""

import datetime as dt
import hashlib
import secrets
from collections.abc import Iterable

from coterie.accounts.audit import record
from coterie.accounts.models import ApiToken, Workspace
from coterie.core.clock import now
from coterie.core.text import clean

SCOPES = ("read", "write", "export", "admin")
PREFIX = "cot_"
# Knowing the minute of the last use is enough, and spares a write per request.
_USE_RECORDED_EVERY = dt.timedelta(minutes=1)


def create(
    workspace: Workspace, name: str, scopes: Iterable[str], actor: str, expires_at: dt.datetime | None = None
) -> tuple[ApiToken, str]:
    """A new token and its secret, which cannot be shown again. Raises ValueError for a wrong name, scope or end."""
    name, wanted = clean(name), list(dict.fromkeys(scopes))
    if not 1 <= len(name) <= 100:
        raise ValueError("The name of a token has 1 to 100 characters.")
    if unknown := [scope for scope in wanted if scope not in SCOPES]:
        raise ValueError(f"There is no scope “{unknown[0]}”; there are {', '.join(SCOPES)}.")
    if not wanted:
        raise ValueError(f"A token needs at least one scope: {', '.join(SCOPES)}.")
    if expires_at is not None and expires_at <= now():
        raise ValueError("The token would have ended already; give a time in the future.")
    secret = PREFIX + secrets.token_urlsafe(36)
    token = ApiToken.objects.create(
        workspace=workspace, name=name, digest=_digest(secret), scopes=wanted, expires_at=expires_at
    )
    record(workspace, actor, "token.create", {"token": token.pk, "name": name, "scopes": wanted})
    return token, secret


def authenticate(secret: str) -> ApiToken | None:
    """The valid token behind a secret, with its workspace, or None.

    It is looked up by its digest: how long that takes tells nothing about the secret.
    """
    if not secret.startswith(PREFIX):
        return None
    token = ApiToken.objects.select_related("workspace").filter(digest=_digest(secret)).first()
    present = now()
    if token is None or (token.expires_at is not None and token.expires_at <= present):
        return None
    if token.last_used_at is None or token.last_used_at <= present - _USE_RECORDED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=present)
        token.last_used_at = present
    return token


def allows(token: ApiToken, scope: str) -> bool:
    """Whether the token may do what needs `scope`. `admin` includes the others; no other scope includes any."""
    return scope in token.scopes or "admin" in token.scopes


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
