"""What a process of the program loads at its start, for `tests.forking`; no connection is opened, no thread started."""

import atexit
import gc

import django
import pytest

django.setup()

from coterie import asgi  # noqa: E402
from coterie.cli import main, serve_process, worker_process  # noqa: E402

# Left frozen to the end, as `coterie.asgi` has it, extension modules complain that objects of theirs were not freed.
atexit.register(gc.unfreeze)

__all__ = ["asgi", "main", "pytest", "serve_process", "worker_process"]
