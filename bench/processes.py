"""The memory of processes, in MB (10⁶ bytes)."""

import resource

import psutil  # type: ignore[import-untyped]


def resident_mb(pid: int) -> float:
    """What a process holds in memory now."""
    return float(psutil.Process(pid).memory_info().rss) / 1e6


def peak_mb() -> float:
    """The most that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def total_memory_mb() -> float:
    """The machine's."""
    return float(psutil.virtual_memory().total) / 1e6
