"""Who is asking: a token in `Authorization: Bearer …`. Cookies count for nothing here, so no other site can ask."""

from django.http import HttpRequest
from ninja.security import HttpBearer

from coterie.accounts import tokens
from coterie.accounts.models import ApiToken, Workspace
from coterie.api.envelope import Failed


class TokenRequest(HttpRequest):
    """A request that carried a valid token with the scope that its address needs."""

    auth: ApiToken


class Bearer(HttpBearer):
    """Lets a token through that has `scope`."""

    # One name for all scopes in the OpenAPI document.
    param_name = "Authorization"

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        """The token; None (401) when it is unknown or has ended; 403 when it lacks the scope."""
        found = tokens.authenticate(token)
        if found is not None and not tokens.allows(found, self.scope):
            raise Failed(
                403, f"This token may not do that: it needs the scope “{self.scope}” and has {', '.join(found.scopes)}."
            )
        return found


read, write = Bearer("read"), Bearer("write")


def workspace_of(request: TokenRequest) -> Workspace:
    """The workspace of the token; no request can name another."""
    return request.auth.workspace


def actor_of(request: TokenRequest) -> str:
    """How the journal names the token."""
    return f"token:{request.auth.pk}"
