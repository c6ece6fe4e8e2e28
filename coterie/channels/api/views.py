"""The HTTP API of a custom integration: events in, at `POST /channels/api/<key>`. The key is the credential."""

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from coterie.channels.answers import Rejected, body_of, failure, refusal, success
from coterie.channels.events import parse_events
from coterie.channels.intake import deliver
from coterie.channels.lookup import find_channel
from coterie.people.attributes import Refused


@csrf_exempt
async def events(request: HttpRequest, key: str) -> HttpResponse:
    """One event or a list of them (see `channels.events`); answers when all are on disk, or none is stored."""
    channel = await find_channel("api", key)
    if channel is None:
        return failure(404, "there is no channel at this address; look at the URL in Channels.")
    if request.method != "POST":
        response = failure(405, "send events with POST.")
        response["Allow"] = "POST"
        return response
    try:
        parsed = parse_events(body_of(request))
        receipt = await deliver(channel, parsed)
    except Rejected as error:
        return failure(error.code, error.message)
    except RequestDataTooBig:
        return failure(413, "the body is too large; send fewer events at a time.")
    except Refused as error:
        return refusal(error)
    ids = {event.message_id for event in parsed}
    accepted = len(ids & receipt.fresh)
    return success(accepted=accepted, duplicates=len(parsed) - accepted)
