"""Downloads that are read from the system of record while they are sent."""

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from itertools import chain, islice

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import connection
from django.http import HttpRequest, StreamingHttpResponse


def download(request: HttpRequest, pieces: Iterator[bytes], file_name: str, content_type: str) -> StreamingHttpResponse:
    """A file that is produced while it is sent; what goes wrong on the way breaks it off, so that nobody keeps half.

    The first pieces are produced now: an error in them still becomes an error page. `file_name` is plain ASCII.
    """
    ready = list(islice(pieces, 2))
    stream = _in_threads(ready, pieces) if isinstance(request, ASGIRequest) else chain(ready, pieces)
    headers = {
        "Content-Disposition": f'attachment; filename="{file_name}"',
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
        # Keeps Django's GZipMiddleware away, which compresses each piece of an asynchronous stream by itself.
        "Content-Encoding": "identity",
    }
    return StreamingHttpResponse(stream, content_type=content_type, headers=headers)


async def _in_threads(ready: list[bytes], pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    following = sync_to_async(lambda: _next(pieces), thread_sensitive=False)
    try:
        for first in ready:
            yield first
        while (piece := await following()) is not None:
            yield piece
    finally:
        with suppress(ValueError, AttributeError):
            pieces.close()  # type: ignore[attr-defined]


def _next(pieces: Iterator[bytes]) -> bytes | None:
    """The next piece, some of which are gathered: each costs a change of threads and a connection to the database."""
    try:
        return b"".join(islice(pieces, 100)) or None
    finally:
        connection.close()
