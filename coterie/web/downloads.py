"""Files on their way to a browser: piece by piece, whatever makes the pieces."""

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from itertools import chain, islice

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import connection
from django.http import HttpRequest, StreamingHttpResponse


def download(
    request: HttpRequest, pieces: Iterator[bytes], file_name: str, media_type: str, size: int | None = None
) -> StreamingHttpResponse:
    """A download that is produced while it is sent; `size` in bytes, where it is known.

    The head and the first people are produced now: an error still becomes an error page then, and whatever asks the
    database does so in this request's thread, which closes its connection. An error after that breaks the download off.
    """
    ready = list(islice(pieces, 2))
    stream = _in_threads(ready, pieces) if isinstance(request, ASGIRequest) else chain(ready, pieces)
    headers = {
        "Content-Disposition": f'attachment; filename="{file_name}"',
        "Cache-Control": "private, no-store",
        # Keeps Django's GZipMiddleware away: of an asynchronous stream it compresses each piece by itself, and a
        # browser reads the first one only.
        "Content-Encoding": "identity",
    }
    length = {} if size is None else {"Content-Length": str(size)}
    return StreamingHttpResponse(stream, content_type=media_type, headers=headers | length)


async def _in_threads(ready: list[bytes], pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Piece by piece from a thread; handed over as it is, Django would collect a plain iterator in memory first."""
    following = sync_to_async(lambda: _next(pieces), thread_sensitive=False)
    try:
        for piece in ready:
            yield piece
        while (more := await following()) is not None:
            yield more
    finally:
        # A reader who left in the middle: let go of the snapshot, unless the thread still works on the next piece.
        # In a thread, for what is noted then in the database.
        await sync_to_async(lambda: _close(pieces), thread_sensitive=False)()


def _next(pieces: Iterator[bytes]) -> bytes | None:
    """The next piece; what asks the database for it leaves no connection behind in this thread."""
    try:
        return next(pieces, None)
    finally:
        connection.close()


def _close(pieces: Iterator[bytes]) -> None:
    try:
        with suppress(ValueError, AttributeError):
            pieces.close()  # type: ignore[attr-defined]
    finally:
        connection.close()
