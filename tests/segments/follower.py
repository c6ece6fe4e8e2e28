"""A follower in a process of its own, to be killed."""

import datetime as dt
import threading

from coterie.segments import settle as settling
from coterie.segments import state
from coterie.segments.follow import follow


def run() -> None:
    """Follows until it is killed."""
    settling.CHUNK = 40  # Many transactions, so that a kill falls between two of them.
    state.HELD_FOR = dt.timedelta(seconds=1)  # So long do others wait for what one that was killed held.
    follow(threading.Event())
