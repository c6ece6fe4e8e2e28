"""`/v1/identify` and its siblings, as Segment's and RudderStack's libraries call them.

They take nothing but 200 for success, take a redirect for success, and read `code` and `message` of an error.
"""

import asyncio
import json
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from coterie.channels.answers import PATIENCE, TOO_DEEP, UNAVAILABLE, Rejected
from coterie.channels.lookup import find_channel
from coterie.channels.models import Channel
from coterie.channels.raw import keeping
from coterie.channels.refusals import refused
from coterie.channels.segment.admit import CALLS, body_of, key_of, raws_of
from coterie.channels.webhooks import delivery_of

_SUCCESS = '{"success":true}'


@csrf_exempt
async def track(request: HttpRequest, call: str) -> HttpResponse:
    """One call, or a batch of them. 200 when everything is on disk."""
    if request.method == "OPTIONS":
        return _open(HttpResponse(status=200))
    channel: Channel | None = None
    try:
        if request.method != "POST":
            raise Rejected(405, "send it with POST.")
        delivery = delivery_of(request)
        data = body_of(delivery)
        channel = await find_channel("segment", key_of(delivery.headers, data))
        if channel is None:
            raise Rejected(401, "this is not a write key of ours; look at it in Channels.")
        if raws := raws_of(CALLS[call], data, delivery):
            await asyncio.wrap_future(keeping.put(channel, raws))
    except Rejected as error:
        return _problem(await refused(error, request.META["REMOTE_ADDR"], "segment", channel))
    except RecursionError:  # It could just be parsed, but not written down again.
        return _problem(Rejected(400, TOO_DEEP))
    except UNAVAILABLE:
        return _problem(Rejected(503, "it could not be stored; send it again."))
    return _open(HttpResponse(_SUCCESS, content_type="application/json"))


@csrf_exempt
async def settings(request: HttpRequest, key: str) -> HttpResponse:
    """What Segment's library for browsers asks its CDN for: where to send to."""
    channel = await find_channel("segment", key)
    if channel is None:
        error = Rejected(404, "this is not a write key of ours; look at it in Channels.")
        return _problem(await refused(error, request.META["REMOTE_ADDR"], "segment", None))
    host = f"{request.get_host()}/v1"
    integration = {"apiKey": key, "apiHost": host, "protocol": request.scheme, "versionSettings": {"version": "4.4.7"}}
    return _open(
        HttpResponse(json.dumps({"integrations": {"Segment.io": integration}}), content_type="application/json")
    )


def _problem(error: Rejected) -> HttpResponse:
    """RFC 9457, with the two members that the libraries read."""
    status = HTTPStatus(error.code)
    problem: dict[str, Any] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": error.code,
        "detail": error.message,
        "code": status.name.lower(),
        "message": error.message,
    }
    response = HttpResponse(json.dumps(problem), status=error.code, content_type="application/problem+json")
    if error.code in (429, 503):
        response["Retry-After"] = "60" if error.code == 429 else PATIENCE
    return _open(response)


def _open(response: HttpResponse) -> HttpResponse:
    """Readable from any page: the key in the request is all that counts, and there is no cookie."""
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Allow-Methods"] = "POST, OPTIONS"
    response["Access-Control-Allow-Headers"] = "Authorization, Content-Type, X-Retry-Count"
    response["Access-Control-Max-Age"] = "86400"
    response["Cache-Control"] = "no-store"
    return response
