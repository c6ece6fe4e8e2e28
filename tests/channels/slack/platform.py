"""Slack's Web API as its documentation describes it: tokens, scopes, errors with status 200, and its limit."""

import json
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.core.serving import Server, reply

TOKEN = "xoxb-1-abc"


class Slack:
    """A team with people. `scopes` are those of the token; `limited` answers so many calls with 429; `down` all."""

    def __init__(self, server: Server) -> None:
        self.url = f"{server.url}/api"
        self.users: dict[str, dict[str, Any]] = {}
        self.scopes = {"users:read", "users:read.email"}
        self.limited = 0
        self.down = False
        self.calls: list[str] = []
        server.answer = self._answer

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        url = urlsplit(request.path)
        self.calls.append(request.path)
        if self.down:
            return reply(request, b"<html>Service Unavailable</html>", 503)
        if self.limited:
            self.limited -= 1
            return reply(request, json.dumps({"ok": False, "error": "ratelimited"}).encode(), 429, Retry_After="7")
        fields = {name: values[0] for name, values in parse_qs(url.query).items()}
        said = self._said(url.path, fields, request.headers.get("Authorization", ""))
        return reply(request, json.dumps(said).encode(), Content_Type="application/json; charset=utf-8")

    def _said(self, path: str, fields: dict[str, str], authorization: str) -> dict[str, Any]:
        if not authorization:
            return {"ok": False, "error": "not_authed"}
        if authorization != f"Bearer {TOKEN}":
            return {"ok": False, "error": "invalid_auth"}
        if path == "/api/auth.test":
            return {"ok": True, "team": "Fernhill", "user": "faq", "team_id": "T77", "user_id": "U0BOT", "bot_id": "B1"}
        if path != "/api/users.info":
            return {"ok": False, "error": "unknown_method"}
        if "users:read" not in self.scopes:
            return {"ok": False, "error": "missing_scope", "needed": "users:read", "provided": "chat:write"}
        user = self.users.get(fields.get("user", ""))
        if user is None:
            return {"ok": False, "error": "user_not_found"}
        shown = json.loads(json.dumps(user))
        if "users:read.email" not in self.scopes:
            shown["profile"].pop("email", None)
        if fields.get("include_locale") != "true":
            shown.pop("locale", None)
        return {"ok": True, "user": shown}
