"""The ASGI application."""

import gc
import os
from contextlib import closing
from importlib import import_module
from typing import Any

import django
from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.module_loading import import_string

from coterie.core.proxies import seen_through

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coterie.settings")


# A little more than the largest body that any address takes, so that those near the limit get an answer in words.
MOST_BYTES = 12 * 1024 * 1024
# The same of what the visitor of some web page sends.
MOST_BYTES_OF_A_VISITOR = 1024 * 1024


class PageHandler(ASGIHandler):
    """Django with all middleware and the view of a page in one visit to the thread of the request.

    All of them are synchronous. Django would go there and back for each piece of middleware, 4 of the 24 ms of a page.
    """

    def load_middleware(self, is_async: bool = False) -> None:
        """The chain of a synchronous server."""
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        """The answer of that chain."""
        return await sync_to_async(self.get_response)(request)


class MachineHandler(ASGIHandler):
    """Django without middleware, for senders of chats: they have no session, no cookie and no page to protect.

    The middleware of the pages hands a request from thread to thread several times, which costs more than storing it.
    """

    def load_middleware(self, is_async: bool = False) -> None:
        """None, so that an asynchronous view runs right here. (The stubs do not know these attributes.)"""
        handler: Any = self
        handler._view_middleware = []
        handler._template_response_middleware = []
        handler._exception_middleware = []
        handler._middleware_chain = convert_exception_to_response(handler._get_response_async)


class HookHandler(MachineHandler):
    """The same without a thread per request, for what platforms deliver, which only stores and answers.

    Django starts threads to say that a request begins and ends, so that connections of the database are looked after.
    The views behind this handler leave none open: they store in a thread of their own and close what they ask with.
    """

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request, from its body to its answer."""
        handler: Any = self
        try:
            body = await handler.read_body(receive)
        except RequestAborted:
            return
        with closing(body):
            request, error = handler.create_request(scope, body)
            response = error if request is None else await handler.run_get_response(request)
            await handler.send_response(response, send)


django.setup(set_prefix=False)
_pages: Any = PageHandler()
_machines: Any = MachineHandler()
_hooks: Any = HookHandler()
# The kinds that answer at once what is said to them; all others are hooks.
_ANSWERING = ("/channels/api/", "/channels/widget/")
# By name, because what it knows of members can be loaded only now.
_files: Any = import_string("coterie.web.receiving.FileHandler")()
# What is loaded by now stays for as long as the server runs. Python would walk through all of it whenever it looks for
# garbage, 60 to 110 ms in which every page waits.
import_module(settings.ROOT_URLCONF)
gc.collect()
gc.freeze()


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Chats in by the short way, everything else through the pages' middleware; files may be larger than the rest."""
    if scope["type"] == "http":
        scope = seen_through(scope, settings.TRUSTED_PROXIES)
    if scope["type"] == "http" and scope["path"] == "/import" and scope["method"] == "POST":
        await _files(scope, receive, send)
        return
    machine = scope["type"] == "http" and _is_machine(scope["path"])
    visitor = machine and scope["path"].startswith("/channels/widget/")
    most = MOST_BYTES_OF_A_VISITOR if visitor else MOST_BYTES
    if machine and _announced(scope) > most:
        await _refuse(send)
        return
    handler = _pages if not machine else _machines if scope["path"].startswith(_ANSWERING) else _hooks
    await handler(scope, _limited(receive, most), send)


def _is_machine(path: str) -> bool:
    """Whether it is an address that chats are sent to. Under `/channels/` there are pages, too: those of an id."""
    if path.startswith("/v1/"):
        return True
    kind, slash, _ = path.removeprefix("/channels/").partition("/")
    return path.startswith("/channels/") and slash == "/" and len(kind) < 24


def _announced(scope: dict[str, Any]) -> int:
    """How many bytes a request says it has."""
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(length) if length.isdigit() else 0


async def _refuse(send: Any) -> None:
    """413, before anything of the body is read."""
    body = b'{"code": "payload_too_large", "message": "the body is too large"}'
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 413, "headers": [*headers, (b"connection", b"close")]})
    await send({"type": "http.response.body", "body": body})


def _limited(receive: Any, most: int) -> Any:
    """Hangs up on a body that is too large: Django would write it to the disk before anybody looks at it."""
    taken = 0

    async def next_part() -> dict[str, Any]:
        nonlocal taken
        part: dict[str, Any] = await receive()
        taken += len(part.get("body", b""))
        return part if taken <= most else {"type": "http.disconnect"}

    return next_part
