"""The API: its addresses, its document, and how it says that something is wrong."""

import logging
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from coterie import __version__
from coterie.api import chats, segments, users
from coterie.api.envelope import Failed, error

log = logging.getLogger(__name__)

_DESCRIPTION = """Everything is about the workspace of the token: `Authorization: Bearer cot_…`, made by
`coterie token create NAME --scopes read,write`. Paths and shapes are those of ChatBot's developer API. Every error is
`{"timestamp", "status": {"code", "type": "error", "message", "details"}}`."""

api = NinjaAPI(
    title="Coterie",
    version=__version__,
    description=_DESCRIPTION,
    urls_namespace="api",
)
# Before `/users/{id}`, which would take "segments" for an id.
api.add_router("", segments.router)
api.add_router("", segments.legacy)
api.add_router("", users.router)
api.add_router("", chats.router)


@api.exception_handler(Failed)
def _failed(_request: HttpRequest, problem: Failed) -> HttpResponse:
    return error(problem.code, problem.message, problem.details)


@api.exception_handler(AuthenticationError)
def _unknown(_request: HttpRequest, _problem: AuthenticationError) -> HttpResponse:
    return error(401, "Send a valid token: “Authorization: Bearer cot_…”. It may be misspelt, removed or have ended.")


@api.exception_handler(ValidationError)
def _invalid(_request: HttpRequest, problem: ValidationError) -> HttpResponse:
    details = [_detail(item) for item in problem.errors]
    first = details[0] if details else {"where": "request", "message": "cannot be understood"}
    return error(422, f"{first['where']}: {first['message']}", details)


@api.exception_handler(HttpError)
def _http(_request: HttpRequest, problem: HttpError) -> HttpResponse:
    if problem.status_code == 400:
        return error(400, "The body is not JSON.")
    return error(problem.status_code, problem.message)


@api.exception_handler(Http404)
def _missing(request: HttpRequest, _problem: Http404) -> HttpResponse:
    return not_found(request)


@api.exception_handler(Exception)
def _broken(request: HttpRequest, problem: Exception) -> HttpResponse:
    log.error("%s %s failed", request.method, request.path, exc_info=problem)
    return error(500, "Something went wrong on our side; it is in the server's log.")


@csrf_exempt
def not_found(request: HttpRequest, **_parts: Any) -> HttpResponse:
    """The answer of every address under /api/ that does not exist."""
    return error(404, f"There is nothing at {request.path[:200]}; see /api/docs.")


def _detail(item: dict[str, Any]) -> dict[str, Any]:
    """Where and what, without the name that the parameter has in our code."""
    where = [str(part) for part in item.get("loc", ())]
    shown = ".".join(where[2:] if where[:1] == ["body"] else where[1:]) or "body"
    return {"where": shown, "message": str(item.get("msg", "cannot be understood")), "allowed": []}
