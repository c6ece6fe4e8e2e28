"""Static files under ASGI."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile


class StaticFiles(WhiteNoiseMiddleware):
    """WhiteNoise answers with a file that Django would have to read piece by piece in another thread, and warns about.

    Ours are small: they are sent as a whole.
    """

    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponseBase:
        """The answer of a static file."""
        answer = WhiteNoiseMiddleware.serve(static_file, request)
        if not answer.streaming:
            return answer
        with answer:
            content = b"".join(answer)
        whole = HttpResponse(content, status=answer.status_code)
        for name, value in answer.items():
            whole[name] = value
        return whole
