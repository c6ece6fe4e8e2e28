"""The envelope of ChatBot's API: `{"timestamp", "status": {"code", "type"}}`, on every write and every error."""

import json
from typing import Any

from django.http import HttpResponse

from coterie.core.clock import iso, now


class Failed(Exception):
    """An answer that is an error: HTTP code, what was wrong, and the parts it was wrong in."""

    def __init__(self, code: int, message: str, details: list[dict[str, Any]] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details or []


def success(**fields: Any) -> dict[str, Any]:
    """The body of a write that was done, with these fields before the envelope."""
    return {**fields, "timestamp": iso(now()), "status": {"code": 200, "type": "success"}}


def error(code: int, message: str, details: list[dict[str, Any]] | None = None) -> HttpResponse:
    """An error answer."""
    status = {"code": code, "type": "error", "message": message, "details": details or []}
    body = json.dumps({"timestamp": iso(now()), "status": status}, ensure_ascii=False)
    response = HttpResponse(body, status=code, content_type="application/json")
    response["Cache-Control"] = "no-store"
    if code == 401:
        response["WWW-Authenticate"] = 'Bearer realm="coterie"'
    return response
