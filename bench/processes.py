"""The memory of processes, in MB (10⁶ bytes)."""

import resource
from pathlib import Path

import psutil  # type: ignore[import-untyped]


def resident_mb(pid: int) -> float:
    """What a process holds in memory now."""
    return float(psutil.Process(pid).memory_info().rss) / 1e6


def peak_mb(pid: int | None = None) -> float:
    """The most that this process, or another one on Linux, ever held."""
    status = Path(f"/proc/{pid or 'self'}/status")
    if pid is None and not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    # Not from getrusage, whose figure begins with what the parent held.
    return int(status.read_text(encoding="ascii").partition("VmHWM:")[2].split()[0]) * 1024 / 1e6


def total_memory_mb() -> float:
    """The machine's."""
    return float(psutil.virtual_memory().total) / 1e6
