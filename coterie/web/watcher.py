"""Who waits for changes, and the one watcher that sees them for everybody.

One task per process asks the database for the revisions of the workspaces that somebody waits for: one small query a
second, however many wait, and none while nobody does. So a change is seen whoever wrote it, in whichever process.

Everything here belongs to the event loop of the server; only `full` may be called from other threads.
"""

import asyncio
import logging
import signal
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from django.db import Error, connections

from coterie.accounts.models import Workspace

log = logging.getLogger(__name__)
# Seconds between two looks at the database.
EVERY = 1.0
# Open pages of one member in this process. Pages in the background do not count: they let go of their connection.
MOST_PER_MEMBER = 12


class Listener:
    """One open page: what it waits for, and the newest revision that was seen."""

    def __init__(self, workspace_id: int, revision: int) -> None:
        self.workspace_id = workspace_id
        self.revision = revision
        self._moved = asyncio.Event()
        self._ended = asyncio.Event()

    @property
    def ended(self) -> bool:
        """Whether the server is about to stop."""
        return self._ended.is_set()

    def hear(self, revision: int) -> None:
        """The workspace is at `revision`."""
        if revision != self.revision:
            self.revision = revision
            self._moved.set()

    def end(self) -> None:
        """Nothing more will come."""
        self._ended.set()
        self._moved.set()

    async def other_than(self, told: int, seconds: float) -> int | None:
        """The revision, as soon as it is another one; None after `seconds`, or at the end."""
        if self.revision == told and not self.ended:
            self._moved.clear()
            await _at_most(seconds, self._moved.wait())
        return self.revision if self.revision != told else None

    async def rest(self, seconds: float) -> None:
        """Waits, whatever is heard; not longer than to the end."""
        await _at_most(seconds, self._ended.wait())


async def _at_most(seconds: float, event: Awaitable[object]) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event


class Watcher:
    """The listeners of this process, and the task that tells them."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()
        self._open: Counter[int] = Counter()
        self._task: asyncio.Task[None] | None = None
        self._ended = False
        self._heeds_signals = False

    def full(self, member_id: int) -> bool:
        """Whether this member has as many pages open as one member may."""
        return self._open[member_id] >= MOST_PER_MEMBER

    @contextmanager
    def listening(self, workspace_id: int, member_id: int, revision: int) -> Iterator[Listener]:
        """A listener, as long as the block runs. `revision` is the newest one known so far."""
        listener = Listener(workspace_id, revision)
        if self._ended:
            listener.end()
        self._listeners.add(listener)
        self._open[member_id] += 1
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._watch())
        self._heed_signals()
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
            self._open[member_id] -= 1
            if not self._open[member_id]:
                del self._open[member_id]

    def end(self) -> None:
        """Ends every open page's stream, and those to come: the server is stopping."""
        self._ended = True
        for listener in self._listeners:
            listener.end()

    async def _watch(self) -> None:
        """Until nobody listens any more; the next listener begins anew."""
        failing = False
        while True:
            await asyncio.sleep(EVERY)
            wanted = {listener.workspace_id for listener in self._listeners}
            if not wanted:
                return
            try:
                found = await asyncio.to_thread(_revisions, wanted)
            except Error:  # The database may be restarting. Pages stay open, and hear what they missed.
                if not failing:
                    log.warning("the database does not say whether something changed; asking again", exc_info=True)
                failing = True
                continue
            failing = False
            for listener in self._listeners:
                if listener.workspace_id in found:
                    listener.hear(found[listener.workspace_id])

    def _heed_signals(self) -> None:
        """Has streams end when the server is asked to stop. It waits for open answers, and these would last minutes.

        A server tells its application of the stop only after that wait, so the signal itself is listened to. What was
        to happen at the signal happens as before.
        """
        if self._heeds_signals or threading.current_thread() is not threading.main_thread():
            return
        self._heeds_signals = True
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            before = signal.getsignal(number)
            if callable(before):
                signal.signal(number, _also(lambda: loop.call_soon_threadsafe(self.end), before))


def _also(
    first: Callable[[], object], then: Callable[[int, FrameType | None], object]
) -> Callable[[int, FrameType | None], None]:
    def handle(number: int, frame: FrameType | None) -> None:
        first()
        then(number, frame)

    return handle


def _revisions(workspace_ids: Collection[int]) -> dict[int, int]:
    """The revision of each workspace. Gives its connection back: the next question may come from another thread."""
    try:
        return dict(Workspace.objects.filter(pk__in=workspace_ids).values_list("pk", "revision"))
    finally:
        connections.close_all()


watcher = Watcher()
