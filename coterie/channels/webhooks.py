"""The door of every platform: `/channels/<kind>/<key>`.

Looked at (`Kind.admit`), stored, acknowledged. What it means is found out afterwards (`channels.processing`).
"""

import asyncio

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from coterie.channels.answers import TOO_DEEP, UNAVAILABLE, Rejected, not_now
from coterie.channels.kinds import Admitted, Delivery
from coterie.channels.lookup import find_channel
from coterie.channels.models import Channel
from coterie.channels.raw import keeping
from coterie.channels.refusals import refusing
from coterie.channels.registry import KINDS
from coterie.core.clock import now
from coterie.core.sealing import Unreadable

# Platforms send at most about 1 MB; one that was cut off here would fail its signature, again and again.
MAX_DELIVERY = 4 * 1024 * 1024


@csrf_exempt
async def webhook(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """One delivery of a platform. 200 when it is on disk; 503 when it could not be stored."""
    channel = await find_channel(kind, key)
    try:
        if channel is None:
            raise Rejected(404, "there is no channel at this address; look at the URL in Channels.")
        admitted = await admit(channel, delivery_of(request))
    except Rejected as error:
        return await refusing(error, request.META["REMOTE_ADDR"], kind, channel)
    except UNAVAILABLE:
        return not_now()
    return HttpResponse(admitted.answer, content_type=admitted.content_type)


def delivery_of(request: HttpRequest) -> Delivery:
    """The request as kinds look at it; raises Rejected for a body that is too large."""
    too_large = Rejected(413, f"the body is larger than {MAX_DELIVERY // 1024 // 1024} MB.")
    try:
        body = request.body
    except RequestDataTooBig:
        raise too_large from None
    if len(body) > MAX_DELIVERY:
        raise too_large
    return Delivery(request.method or "", request.headers, request.GET.dict(), body, now(), request.META["REMOTE_ADDR"])


async def admit(channel: Channel, delivery: Delivery) -> Admitted:
    """What the channel's kind says about the delivery, once its events are on disk. Raises Rejected."""
    look = KINDS[channel.kind].admit
    if look is None:
        raise Rejected(404, "this channel has no webhook.")
    try:
        admitted = look(channel, delivery)
    except Unreadable as error:
        raise Rejected(503, f"the secret of this channel cannot be read: {error}") from error
    except RecursionError as error:  # It could just be parsed, but not written down again.
        raise Rejected(400, TOO_DEEP) from error
    if admitted.raws:
        await asyncio.wrap_future(keeping.put(channel, admitted.raws))
    return admitted
