"""The Chat Widget's files, and the demo shop. Its doors are in `widget.doors`."""

from functools import cache
from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from coterie.channels.models import Channel
from coterie.channels.widget.config import Config
from coterie.channels.widget.script import shortened

_SCRIPT = Path(__file__).parent / "static" / "widget" / "widget.js"


@cache
def _script() -> bytes:
    return shortened(_SCRIPT.read_text(encoding="utf-8")).encode()


@require_safe
def script(_request: HttpRequest) -> HttpResponse:
    """`/widget.js`, for any page."""
    response = HttpResponse(_script(), content_type="text/javascript; charset=utf-8")
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["Cache-Control"] = "public, max-age=300"
    return response


@require_safe
def demo(request: HttpRequest) -> HttpResponse:
    """The demo shop, when the demo was loaded."""
    channel = Channel.objects.filter(kind="widget", settings__demo=True).order_by("created_at").first()
    if channel is None:
        raise Http404
    return render(
        request,
        "widget/demo.html",
        {"channel_key": channel.key, "shop_name": Config.of(channel.settings).title.to("en")},
    )
