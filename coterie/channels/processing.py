"""Raw events become people: the part of the worker that empties the inbox.

A raw event is read, put right if it is late, received, and marked as done. Each of these may happen again: what was
received is known by its message id. So a worker may be killed anywhere, and several may run.
"""

import logging
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, connection

from coterie.channels import raw, traffic
from coterie.channels.inbox import receive
from coterie.channels.kinds import Kind, NotNow, Raw, Reading
from coterie.channels.late import Arrived, settled
from coterie.channels.linking import Pair, link
from coterie.channels.models import Channel, RawEvent, What
from coterie.channels.registry import KINDS
from coterie.channels.shaping import native
from coterie.core.clock import now
from coterie.journal.commit import Collision
from coterie.people import tombstones
from coterie.people.attributes import Refused
from coterie.people.models import Identity

log = logging.getLogger(__name__)
# Seconds between looking for events, after the database failed, and between two sweeps.
IDLE, TROUBLE, SWEEP = 0.15, 5.0, 3600.0
# Events of one transaction. On SQLite every sender waits meanwhile, so there are fewer, with a pause (in seconds).
MOST, MOST_ON_SQLITE, BREATH = 500, 200, 0.02
# Seconds until something is read again that arrived before what it is about.
PATIENCE = 20.0
# What is over by itself, and how often it may happen to one event before that is taken for a mistake in it: one event
# that the database never takes must not hold up all others for ever.
_PASSING = (OperationalError, InterfaceError, IntegrityError, Collision)
_MOST_TRIES = 10
BROKEN = "Something went wrong that should not have; the log of the server has more."


@dataclass(frozen=True, slots=True)
class _Read:
    row: RawEvent
    reading: Reading


def work(stop: threading.Event) -> None:
    """Empties the inbox until `stop` is set."""
    due = 0.0
    while not stop.is_set():
        try:
            if time.monotonic() >= due:
                due = time.monotonic() + SWEEP
                raw.forget()
                traffic.forget()
            if not step():
                stop.wait(IDLE)
            elif connection.vendor == "sqlite":
                stop.wait(BREATH)
        except (DatabaseError, InterfaceError):
            log.exception("the inbox cannot be emptied now; trying again in %.0f s", TROUBLE)
            connection.close()
            stop.wait(TROUBLE)
    connection.close()


def step() -> int:
    """Does what waits longest; returns how many raw events it took."""
    rows = raw.take(What.EVENT, MOST_ON_SQLITE if connection.vendor == "sqlite" else MOST)
    by_channel: dict[tuple[int, int], list[RawEvent]] = {}
    for row in rows:
        by_channel.setdefault((row.workspace_id, row.channel_id), []).append(row)
    for (workspace_id, channel_id), group in by_channel.items():
        channel = Channel.objects.filter(workspace_id=workspace_id, id=channel_id).first()
        if channel is None or channel.kind not in KINDS:
            for row in group:
                raw.fail(row, "The channel was removed.")
        else:
            process(channel, KINDS[channel.kind], group)
    return len(rows)


def process(channel: Channel, kind: Kind, rows: Sequence[RawEvent]) -> None:
    """Reads and receives raw events of one channel. One that cannot be spoils no other."""
    read = [one for row in rows if (one := _read(channel, kind, row)) is not None]
    try:
        _receive(channel, kind, read)
    except Exception as error:
        if len(read) == 1:
            _failed(read[0].row, error)
            return
        for one in read:
            process(channel, kind, [one.row])
        return
    for one in read:
        if one.reading.events and not one.row.user_id:
            # It turned out only now whom it is about: it goes with them when they are to be forgotten.
            raw.is_about(one.row, one.reading.events[0].user_id)
    raw.finish([one.row for one in read], {one.row.id: one.reading.note for one in read if one.reading.note})


def _read(channel: Channel, kind: Kind, row: RawEvent) -> _Read | None:
    if kind.read is None:
        raw.fail(row, "Channels of this kind have no inbox.")
        return None
    try:
        return _Read(row, kind.read(channel, row))
    except NotNow as error:
        raw.postpone(row, error.seconds or PATIENCE, str(error))
        return None
    except Exception as error:  # Whatever a stranger sends: the others go on.
        _failed(row, error)
        return None


def _failed(row: RawEvent, error: Exception) -> None:
    if isinstance(error, _PASSING) and row.tries < _MOST_TRIES:
        # If it is the database that is away, this fails as well, and everything waits.
        raw.postpone(row, PATIENCE, "The database did not take it, or others were writing; it is tried again soon.")
        return
    if isinstance(error, Refused):
        raw.fail(row, str(error))
        return
    log.error("raw event %s of channel %s", row.public_id, row.channel_id, exc_info=error)
    raw.fail(row, BROKEN)


def _without_erased(channel: Channel, read: Sequence[_Read]) -> list[_Read]:
    """What is about nobody who was erased. Of the rest nothing is kept, not even as long as what arrived usually is."""
    natives = {one.row.user_id for one in read} | {event.user_id for one in read for event in one.reading.events}
    strangers = natives - _known_of(channel, natives) - {""}
    gone = tombstones.refused(channel.workspace_id, channel.id, strangers, {})
    raw.drop([one.row for one in read if one.row.user_id in gone])
    return [one for one in read if one.row.user_id not in gone]


def _receive(channel: Channel, kind: Kind, read: Sequence[_Read]) -> None:
    read = _without_erased(channel, read)
    # Before anybody is made, so that a visitor who said who they are does not become a second person.
    unknown = link(channel, [pair for one in read for pair in one.reading.links], vouched=kind.vouches)
    names = _lasting(unknown)
    known = _known(channel, read)
    arrived = [
        Arrived(one.row, replace(event, user_id=names.get(event.user_id, event.user_id)))
        for one in read
        for event in one.reading.events
        if not one.reading.known_only or event.user_id in known
    ]
    if arrived:
        # They may have come under another id, with an address of theirs.
        erased = receive(channel, settled(channel, kind, arrived, names)).erased
        gone = [one for one in arrived if one.event.message_id in erased]
        raw.drop([one.row for one in gone])
        read = [one for one in read if one.row.id not in {other.row.id for other in gone}]
    link(channel, names.items(), vouched=kind.vouches)
    if kind.profile is not None:
        _look_up(channel, {who for one in read for who in one.reading.look_up})


def _lasting(pairs: Sequence[Pair]) -> dict[str, str]:
    """The id to call somebody by who comes under several, before anybody is made.

    Of two claims about an id the first counts, and so it does of two that contradict each other (a is b, b is a).
    """
    next_of: dict[str, str] = {}
    for former, lasting in pairs:
        if former not in next_of and _end(next_of, lasting) != former:
            next_of[former] = lasting
    return {former: _end(next_of, former) for former in next_of}


def _end(next_of: Mapping[str, str], name: str) -> str:
    while name in next_of:
        name = next_of[name]
    return name


def _known(channel: Channel, read: Sequence[_Read]) -> set[str]:
    """Of the people whom events only tell about: those whom the channel knows, or gets to know just now."""
    asked = {event.user_id for one in read if one.reading.known_only for event in one.reading.events}
    if not asked:
        return set()
    met = {event.user_id for one in read if not one.reading.known_only for event in one.reading.events}
    return met | _known_of(channel, asked)


def _known_of(channel: Channel, natives: Collection[str]) -> set[str]:
    identities = Identity.objects.filter(
        workspace_id=channel.workspace_id, channel_id=channel.id, native_id__in=natives
    )
    return set(identities.values_list("native_id", flat=True))


def _look_up(channel: Channel, natives: set[str]) -> None:
    """Has each of them looked up at the platform, once a day."""
    moment = now()
    wanted = [Raw(native(f"profile:{moment:%Y-%m-%d}:{who}"), "", moment, who) for who in sorted(natives)]
    if wanted:
        raw.store(channel, wanted, What.PROFILE)
