"""Measuring: medians of several runs, ours and the raw engine's taken in turns, so that both meet the same machine."""

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured thing: ours, the raw engine's if there is one, and the goal if one was set.

    `runs` are ours in the order in which they were taken; the figure is their median.
    """

    name: str
    unit: str
    runs: list[float]
    raw_runs: list[float] = field(default_factory=list)
    raw_name: str = ""
    goal: float | None = None
    goal_words: str = ""
    more_is_better: bool = False
    note: str = ""

    @property
    def value(self) -> float:
        """The median of ours."""
        return median(self.runs)

    @property
    def raw(self) -> float | None:
        """The median of the raw engine's."""
        return median(self.raw_runs) if self.raw_runs else None

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None when none was set."""
        if self.goal is None:
            return None
        return self.value >= self.goal if self.more_is_better else self.value <= self.goal


def seconds(work: Callable[[], object]) -> float:
    """How long `work` takes by the wall clock."""
    gc.collect()
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_turns(tasks: Mapping[str, Callable[[], float]], rounds: int, warm: int = 1) -> dict[str, list[float]]:
    """The figure of every task, `rounds` times, after `warm` rounds that do not count.

    Every second round goes backwards, so that no task always has the same one before it.
    """
    found: dict[str, list[float]] = {name: [] for name in tasks}
    for number in range(-warm, rounds):
        names = list(tasks) if number % 2 == 0 else list(tasks)[::-1]
        for name in names:
            value = tasks[name]()
            if number >= 0:
                found[name].append(value)
    return found


def percentile(values: list[float], share: float) -> float:
    """The smallest value that `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
