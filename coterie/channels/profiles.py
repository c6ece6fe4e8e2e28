"""Asking platforms who people are: the part of the worker that waits for others, beside the one that must not."""

import logging
import threading
from collections.abc import Mapping

from django.db import DatabaseError, InterfaceError, OperationalError, connection

from coterie.channels import raw
from coterie.channels.events import Event
from coterie.channels.inbox import receive
from coterie.channels.kinds import Denied, NotNow
from coterie.channels.models import Channel, RawEvent, State, What
from coterie.channels.processing import BROKEN, TROUBLE
from coterie.channels.registry import KINDS
from coterie.channels.shaping import stored
from coterie.core.clock import now
from coterie.core.outgoing import OutgoingError
from coterie.core.sealing import Unreadable
from coterie.journal.commit import Collision
from coterie.people.attributes import Refused, Value
from coterie.people.models import Identity

log = logging.getLogger(__name__)
IDLE = 0.5
# A platform that is down is asked again after 4 s, 16 s, 1 min, 4 min, 17 min and 68 min.
MOST_TRIES = 6
_FEW = 20


def work(stop: threading.Event) -> None:
    """Looks people up until `stop` is set."""
    while not stop.is_set():
        try:
            if not step(stop):
                stop.wait(IDLE)
        except (DatabaseError, InterfaceError):
            log.exception("profiles cannot be looked up now; trying again in %.0f s", TROUBLE)
            connection.close()
            stop.wait(TROUBLE)
    connection.close()


def step(stop: threading.Event | None = None) -> int:
    """Looks up those who wait longest; returns how many."""
    rows = raw.take(What.PROFILE, _FEW)
    # A platform that does not answer is not asked twenty times in a row.
    tired: dict[int, str] = {}
    for row in rows:
        if stop is not None and stop.is_set():
            raw.postpone(row, 0, row.note, tried=False)
        elif row.channel_id in tired:
            raw.postpone(row, 4, tired[row.channel_id], tried=False)
        elif reason := look_up(row):
            tired[row.channel_id] = reason
    return len(rows)


def look_up(row: RawEvent) -> str:
    """Asks about one person and keeps what is said; returns why the platform cannot be asked now, if so."""
    channel = Channel.objects.filter(workspace_id=row.workspace_id, id=row.channel_id).first()
    ask = KINDS[channel.kind].profile if channel is not None and channel.kind in KINDS else None
    if channel is None or ask is None:
        raw.fail(row, "The channel was removed.")
        return ""
    if not Identity.objects.filter(
        workspace_id=row.workspace_id, channel_id=row.channel_id, native_id=row.user_id
    ).exists():
        raw.drop([row])  # They were deleted meanwhile, and come back when they write and not before.
        return ""
    try:
        _keep(row, channel, ask(channel, row.user_id))
    except NotNow as error:
        return _again(row, str(error), error.seconds)
    except OutgoingError as error:
        return _again(row, str(error), None)
    except (Denied, Unreadable, Refused) as error:
        raw.fail(row, str(error))
    except (OperationalError, InterfaceError, Collision):
        # If it is the database that is away, this fails as well, and everything waits.
        _again(row, "The database did not take it; it is asked again soon.", None)
    except Exception:
        log.exception("the profile of raw event %s", row.public_id)
        raw.fail(row, BROKEN)
    return ""


def _keep(row: RawEvent, channel: Channel, attributes: Mapping[str, Value]) -> None:
    moment = now()
    if attributes:
        event = Event(
            message_id=f"{row.native_id[:100]}:{row.id}", user_id=row.user_id, at=moment, attributes=attributes
        )
        if receive(channel, [event]).erased:
            raw.drop([row])
            return
    # Kept with the row, so that an event that comes late is known to be older (`channels.late`).
    mine = RawEvent.objects.filter(workspace_id=row.workspace_id, id=row.id, state=State.WAITING)
    mine.update(body=stored(attributes), at=moment)
    raw.finish([row])


def _again(row: RawEvent, reason: str, seconds: float | None) -> str:
    if row.tries + 1 >= MOST_TRIES:
        raw.fail(row, reason)
    else:
        raw.postpone(row, seconds if seconds is not None else 4.0 ** (row.tries + 1), reason)
    return reason
