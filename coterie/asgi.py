"""The ASGI application."""

import os
from collections.abc import Awaitable, Callable
from typing import Any

from django.core.asgi import get_asgi_application
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.exception import convert_exception_to_response

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coterie.settings")

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class MachineHandler(ASGIHandler):
    """Django without middleware, for senders of chats: they have no session, no cookie and no page to protect.

    The middleware of the pages hands a request from thread to thread several times, which costs more than storing it.
    """

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: ARG002
        """None, so that an asynchronous view runs right here."""
        self._view_middleware = []
        self._template_response_middleware = []
        self._exception_middleware = []
        self._middleware_chain = convert_exception_to_response(self._get_response_async)


_pages = get_asgi_application()
_machines = MachineHandler()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Chats in by the short way, everything else through the pages' middleware."""
    machine = scope["type"] == "http" and scope["path"].startswith("/channels/")
    await (_machines if machine else _pages)(scope, receive, send)
