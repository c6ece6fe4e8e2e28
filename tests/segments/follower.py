"""A follower in a process of its own, to be killed."""

import threading

from coterie.segments import settle as settling
from coterie.segments.follow import follow


def run() -> None:
    """Follows until it is killed."""
    settling.CHUNK = 40  # Many transactions, so that a kill falls between two of them.
    follow(threading.Event())
