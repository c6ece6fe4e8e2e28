"""What channels answer: small JSON with a status, readable from any page."""

import json
from typing import Any

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse

from coterie.core.clock import iso, now
from coterie.journal.commit import Collision
from coterie.people.attributes import Refused

MAX_BODY = 8 * 1024 * 1024
# Seconds after which a sender may ask again when something could not be stored.
PATIENCE = "10"
# Nobody's mistake, and over by itself: the database is away, too much is waiting, too many write about one person.
UNAVAILABLE = (DatabaseError, InterfaceError, Collision)
TOO_DEEP = "the body is nested too deeply."


class Rejected(Exception):
    """A request that cannot be served: the HTTP status and what to tell the sender."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def success(**fields: Any) -> HttpResponse:
    """200 with the usual envelope and these fields."""
    return _json(200, {"timestamp": iso(now()), "status": {"code": 200, "type": "success"}, **fields})


def failure(code: int, message: str, **fields: Any) -> HttpResponse:
    """An error with the usual envelope."""
    status = {"code": code, "type": "error", "message": message, **fields}
    return _json(code, {"timestamp": iso(now()), "status": status})


def not_now() -> HttpResponse:
    """503, for what is UNAVAILABLE. Nothing was stored."""
    response = failure(503, "it could not be stored; send it again.")
    response["Retry-After"] = PATIENCE
    return response


def refusal(error: Refused) -> HttpResponse:
    """422 for something outside the documented limits, with the place it stands at."""
    return failure(422, str(error), field=error.field)


def body_of(request: HttpRequest) -> Any:
    """The JSON body; raises Rejected. NaN and Infinity are not JSON."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if int(length) > MAX_BODY or len(request.body) > MAX_BODY:
        raise Rejected(413, f"the body is larger than {MAX_BODY // 1024 // 1024} MB; send fewer events at a time.")
    try:
        return json.loads(request.body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Rejected(400, f"the body is not JSON: {error}"[:200]) from error


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _json(code: int, data: dict[str, Any]) -> HttpResponse:
    response = HttpResponse(json.dumps(data, ensure_ascii=False), status=code, content_type="application/json")
    response["Cache-Control"] = "no-store"
    return response
