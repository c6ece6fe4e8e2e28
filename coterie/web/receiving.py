"""Taking in the files that are sent to be imported: straight to the disk, and only from those who may import.

Django would write any body to the disk before it asks who sent it, and so `asgi` lets small ones through only. Here the
sender is looked up first.
"""

import asyncio
import tempfile
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import IO, Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.core.exceptions import RequestAborted
from django.db import connection
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse

from coterie.accounts.models import User
from coterie.accounts.permissions import Verb
from coterie.core.handlers import PageHandler
from coterie.web.links import with_query
from coterie.web.members import allowed

# What the form sends beside the file.
_BESIDE = 100_000
_BLOCK = 1 << 20


class FileHandler(PageHandler):
    """The pages for requests with a file. One that will not be taken leads back to the form, which says why."""

    async def handle(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """See Django's ASGIHandler."""
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        problem = "" if await sync_to_async(_may_import)(headers.get(b"cookie", "")) else "refused"
        body = _Body(problem)
        try:
            await body.take(receive)
        except RequestAborted:
            body.close()
            return
        if not body.problem:
            await super().handle(scope, _Again(body), send)
            return
        body.close()
        query = "" if problem else f"problem={body.problem}"
        response = HttpResponseRedirect(with_query(reverse("import"), query), status=303)
        await self.send_response(response, send)

    async def read_body(self, receive: Any) -> Any:
        """The body is there already."""
        return receive.body.file


class _Again:
    """In place of `receive`, once the body was taken from it."""

    def __init__(self, body: "_Body") -> None:
        self.body = body

    async def __call__(self) -> dict[str, Any]:
        # Nobody looks whether the sender is still there: the file is kept for them.
        await asyncio.Event().wait()
        return {}


class _Body:
    """What was sent so far.

    After a `problem` the rest is read and forgotten: browsers show no answer before the end.
    """

    def __init__(self, problem: str) -> None:
        self.problem = problem
        self.file: IO[bytes] = tempfile.SpooledTemporaryFile(  # noqa: SIM115
            _BLOCK, dir=str(settings.FILE_UPLOAD_TEMP_DIR)
        )
        self._size = 0

    def close(self) -> None:
        self.file.close()

    async def take(self, receive: Any) -> None:
        """All of it, in blocks that another thread writes. Raises RequestAborted when the sender is gone."""
        block = bytearray()
        more = True
        while more:
            part = await receive()
            if part["type"] == "http.disconnect":
                raise RequestAborted
            block += part.get("body", b"")
            more = part.get("more_body", False)
            if len(block) >= _BLOCK or not more:
                await self._write(bytes(block))
                block.clear()
        self.file.seek(0)

    async def _write(self, block: bytes) -> None:
        self._size += len(block)
        if self._size > settings.IMPORT_MAX + _BESIDE and not self.problem:
            self.problem = "size"
        if not self.problem:
            try:
                await asyncio.to_thread(self.file.write, block)
            except OSError:
                self.problem = "disk"
        if self.problem:
            self.file.truncate(0)
            self.file.seek(0)


def _may_import(cookies: str) -> bool:
    """Whether the session is one of somebody who may change people in the workspace that is open there."""
    try:
        morsel = SimpleCookie(cookies).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return False
    if morsel is None:
        return False
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(morsel.value)
    try:
        user = get_user(request)
        return isinstance(user, User) and allowed(request, user, Verb.EDIT_PEOPLE)
    finally:
        # For a request that is refused nobody else would give it back.
        connection.close()
