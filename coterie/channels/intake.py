"""Group commit: requests that arrive together share one transaction, and so one wait for the disk.

One thread per process takes everything that is waiting, stores it through `inbox.receive`, and wakes each request only
then: acknowledged means durable. SQLite has a single writer anyway; on PostgreSQL other processes have their own.
"""

import asyncio
import logging
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django.db import InterfaceError, OperationalError, connection

from coterie.channels.events import MAX_EVENTS, Event
from coterie.channels.inbox import Receipt, receive
from coterie.channels.models import Channel

log = logging.getLogger(__name__)
T = TypeVar("T")
R = TypeVar("R")
# Events that may wait in one process: some seconds of what a busy disk takes in.
MOST_WAITING = 50_000


class Full(OperationalError):
    """Too much is waiting. As with a database that is away, nothing was stored and the sender may try again."""


@dataclass(frozen=True, slots=True)
class _Delivery:
    channel: Channel
    events: Sequence[Any]
    done: "Future[Any]" = field(default_factory=Future)


class Intake(Generic[T, R]):
    """The queue and its thread, which starts with the first delivery, and again with the next one should it have died.

    `store` puts what waits on the disk.
    """

    def __init__(self, store: Callable[[Channel, Sequence[T]], R]) -> None:
        self._store = store
        self._waiting: queue.SimpleQueue[_Delivery] = queue.SimpleQueue()
        self._events = 0
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def put(self, channel: Channel, events: Sequence[T]) -> "Future[R]":
        """Hands the events over; the future is done when they are on disk, or failed. Raises Full."""
        delivery = _Delivery(channel, events)
        with self._lock:
            if self._events and self._events + len(events) > MOST_WAITING:
                raise Full(f"{self._events:,} events are waiting to be stored")
            self._events += len(events)
            self._waiting.put(delivery)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="intake", daemon=True)
                self._thread.start()
        return delivery.done

    def _run(self) -> None:
        while True:
            deliveries = self._take()
            try:
                self._deliver_all(deliveries)
            except BaseException as error:
                # Nobody may wait for ever for an answer that does not come.
                for delivery in deliveries:
                    if not delivery.done.done():
                        delivery.done.set_exception(error)
                if not isinstance(error, Exception):
                    raise
                log.exception("deliveries could not be stored")

    def _take(self) -> list[_Delivery]:
        """Everything that waits, as far as it fits into one transaction; waits for the first."""
        deliveries = [self._waiting.get()]
        total = len(deliveries[0].events)
        while total < MAX_EVENTS and not self._waiting.empty():
            deliveries.append(self._waiting.get())
            total += len(deliveries[-1].events)
        with self._lock:
            self._events -= total
        return deliveries

    def _deliver_all(self, deliveries: Sequence[_Delivery]) -> None:
        by_channel: dict[int, list[_Delivery]] = {}
        for delivery in deliveries:
            # A sender who hung up has cancelled; from here on nobody can, or the result would have no taker.
            if delivery.done.set_running_or_notify_cancel():
                by_channel.setdefault(delivery.channel.id, []).append(delivery)
        for group in by_channel.values():
            self._deliver(group)

    def _deliver(self, group: list[_Delivery]) -> None:
        events = [event for delivery in group for event in delivery.events]
        try:
            try:
                receipt = self._store(group[0].channel, events)
            except (OperationalError, InterfaceError):
                connection.close()  # The database may have been restarted: once more, over a new connection.
                receipt = self._store(group[0].channel, events)
        except (OperationalError, InterfaceError) as error:
            for delivery in group:  # Nobody's fault; trying each of them would only make the others wait.
                delivery.done.set_exception(error)
        except Exception as error:
            if len(group) == 1:
                group[0].done.set_exception(error)
                return
            for delivery in group:  # One of them is to blame; the others must not suffer for it.
                self._deliver([delivery])
        else:
            for delivery in group:
                delivery.done.set_result(receipt)


_intake: Intake[Event, Receipt] = Intake(receive)


async def deliver(channel: Channel, events: Sequence[Event]) -> Receipt:
    """Stores the events together with whatever else is waiting; returns when they are on disk.

    The receipt may cover more than these events. Raises Refused, and Full.
    """
    return await asyncio.wrap_future(_intake.put(channel, events))
