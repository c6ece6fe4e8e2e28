"""For whoever watches over the server: is the process up, can it work, what does it use."""

import os
import resource
import time
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from coterie import __version__
from coterie.accounts.models import Workspace

_STARTED = time.time()


@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """The process answers. Touches nothing else."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(_request: HttpRequest) -> HttpResponse:
    """200 when the database answers and the replica folder can be written; otherwise 503 with the reason."""
    problems = [problem for problem in (_database(), _replica_folder()) if problem]
    if problems:
        return JsonResponse({"status": "not ready", "problems": problems}, status=503)
    return JsonResponse({"status": "ok"})


@require_safe
def metrics(_request: HttpRequest) -> HttpResponse:
    """Prometheus text about this process. Nothing about people: this address needs no login."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    lines = [
        "# TYPE coterie_info gauge",
        f'coterie_info{{version="{__version__}"}} 1',
        "# TYPE coterie_ready gauge",
        f"coterie_ready {int(not (_database() or _replica_folder()))}",
        "# TYPE process_start_time_seconds gauge",
        f"process_start_time_seconds {_STARTED:.3f}",
        "# TYPE process_cpu_seconds_total counter",
        f"process_cpu_seconds_total {used.ru_utime + used.ru_stime:.3f}",
    ]
    memory = Path("/proc/self/statm")
    if memory.exists():
        resident = int(memory.read_text(encoding="ascii").split()[1]) * resource.getpagesize()
        lines += ["# TYPE process_resident_memory_bytes gauge", f"process_resident_memory_bytes {resident}"]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8")


def _database() -> str | None:
    """What is wrong with the database. Only the kind of the error: its text may name hosts and logins."""
    try:
        connection.ensure_connection()
        Workspace.objects.exists()
    except DatabaseError as error:
        return f"database: {type(error).__name__}; see the server's log or run `coterie doctor`"
    return None


def _replica_folder() -> str | None:
    folder = Path(settings.DATA) / "replica"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return f"replica folder: {error.strerror}"
    if not os.access(folder, os.W_OK | os.X_OK):
        return "replica folder: this process may not write in it"
    return None
