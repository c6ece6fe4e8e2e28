"""`python -m tests.segments.follower`: a follower in a process of its own, to be killed."""

import threading

import django

django.setup()

from coterie.segments import settle as settling  # noqa: E402
from coterie.segments.follow import follow  # noqa: E402

if __name__ == "__main__":
    settling.CHUNK = 40  # Many transactions, so that a kill falls between two of them.
    follow(threading.Event())
