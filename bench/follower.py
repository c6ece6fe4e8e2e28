"""`python -m bench.follower`: rules are followed, in a process of their own as beside a server, until it is stopped."""

import threading

import django

django.setup()

from coterie.segments.follow import follow  # noqa: E402

if __name__ == "__main__":
    follow(threading.Event())
