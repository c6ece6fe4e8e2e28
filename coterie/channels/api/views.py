"""The HTTP API of a custom integration: events in, at `POST /channels/api/<key>`. The key is the credential."""

from typing import Any

from asgiref.sync import sync_to_async
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from coterie.channels.answers import UNAVAILABLE, Rejected, body_of, failure, not_now, refusal, success
from coterie.channels.events import parse_events
from coterie.channels.intake import deliver
from coterie.channels.lookup import find_channel
from coterie.channels.models import Channel
from coterie.channels.refusals import refusing
from coterie.people.attributes import Refused
from coterie.people.policy import refusal_of


@csrf_exempt
async def events(request: HttpRequest, key: str) -> HttpResponse:
    """One event or a list of them (see `channels.events`); answers when all are on disk, or none is stored.

    With what banned people said, and with what comes late for people who were erased, come the words to answer them.
    """
    try:
        channel = await find_channel("api", key)
        if channel is None:
            raise Rejected(404, "there is no channel at this address; look at the URL in Channels.")
        return await _events(request, channel)
    except Rejected as error:
        return await refusing(error, request.META["REMOTE_ADDR"], "api", channel)
    except RequestDataTooBig:
        return failure(413, "the body is too large; send fewer events at a time.")
    except Refused as error:
        return refusal(error)
    except UNAVAILABLE:
        return not_now()


async def _events(request: HttpRequest, channel: Channel) -> HttpResponse:
    if request.method != "POST":
        response = failure(405, "send events with POST.")
        response["Allow"] = "POST"
        return response
    parsed = parse_events(body_of(request))
    receipt = await deliver(channel, parsed)
    ids = {event.message_id for event in parsed}
    refused = [*_refused(ids & receipt.banned, "banned"), *_refused(ids & receipt.erased, "erased")]
    accepted = len(ids & receipt.fresh) - len(ids & receipt.banned)
    answer: dict[str, Any] = {"accepted": accepted, "duplicates": len(parsed) - accepted - len(refused)}
    if refused:
        answer |= {"refused": refused, "message": await sync_to_async(refusal_of)(channel.workspace_id)}
    return success(**answer)


def _refused(ids: set[str], reason: str) -> list[dict[str, str]]:
    return [{"messageId": message_id, "reason": reason} for message_id in sorted(ids)]
