"""Static files under ASGI."""

from contextlib import closing
from typing import Any

from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]
    """WhiteNoise answers with a file that Django would have to read piece by piece in another thread, and warns about.

    Ours are small: they are sent as a whole.
    """

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponse:
        """The answer of a static file."""
        with closing(WhiteNoiseMiddleware.serve(static_file, request)) as answer:
            whole = HttpResponse(b"".join(answer), status=answer.status_code)
            for name, value in answer.items():
                whole[name] = value
            return whole
