"""Django behind ASGI: for pages, for senders of chats, and for what platforms deliver."""

from contextlib import closing
from typing import Any

from asgiref.sync import sync_to_async
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest
from django.http.response import HttpResponseBase


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

    Their views are asynchronous and stay on the loop: middleware and a visit to a thread cost more than storing it.
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
