"""Deliveries that are turned away: said in the log, counted for the channel's page, and slowed down.

Whoever tries out keys or signatures is told "too many" after a while, and the log is not filled by them.
"""

import logging

from asgiref.sync import sync_to_async
from django.db import DatabaseError, connection
from django.http import HttpResponse

from coterie.channels import traffic
from coterie.channels.answers import Rejected, failure
from coterie.channels.limits import Limit, network_of
from coterie.channels.models import Channel

log = logging.getLogger(__name__)
# So many a minute from one address.
MOST = 30
LIMIT = Limit(MOST, 60)
# What says that the sender is not who they claim to be; anything else is merely wrong.
FORGED = frozenset([401, 403, 404])


async def refused(error: Rejected, sender: str, kind: str, channel: Channel | None) -> Rejected:
    """What to answer: the error itself or, after many from this address, 429. `channel` is None for an unknown key."""
    if error.code not in FORGED:
        return error
    if LIMIT.wait(network_of(sender)):
        return Rejected(429, "too many refused deliveries from this address; look at the secret, then try again.")
    where = f"{kind} channel {channel.public_id}" if channel else f"no {kind} channel"
    log.warning("refused a delivery for %s from %s: %s %s", where, sender, error.code, error.message)
    if channel is not None:
        await sync_to_async(_count, thread_sensitive=False)(channel)
    return error


async def refusing(error: Rejected, sender: str, kind: str, channel: Channel | None) -> HttpResponse:
    """The same as an answer."""
    answer = await refused(error, sender, kind, channel)
    response = failure(answer.code, answer.message)
    if answer.code == 429:
        response["Retry-After"] = "60"
    return response


def _count(channel: Channel) -> None:
    """In a thread that nobody looks after, so it leaves no connection open."""
    try:
        traffic.count(channel, refused=1)
    except DatabaseError:
        log.warning("it was not counted", exc_info=True)
    finally:
        connection.close()
