"""What a process of the program loads at its start, for `tests.forking`; no connection is opened, no thread started."""

import django
import pytest

django.setup()

from coterie import asgi  # noqa: E402
from coterie.cli import main, serving, working  # noqa: E402

__all__ = ["asgi", "main", "pytest", "serving", "working"]
