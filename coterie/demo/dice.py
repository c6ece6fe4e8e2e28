"""Drawing from tables with the numbers of a `random.Random`, faster than `random.choices`."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from typing import Generic, TypeVar

T = TypeVar("T")
Roll = Callable[[], float]


def pick(roll: Roll, items: Sequence[T]) -> T:
    """One of `items`, each as likely as the others."""
    return items[int(roll() * len(items))]


class Weighted(Generic[T]):
    """A table whose items come up as often as their weights say."""

    __slots__ = ("_limits", "items")

    def __init__(self, pairs: Iterable[tuple[T, float]]) -> None:
        table = list(pairs)
        total = sum(weight for _, weight in table)
        self.items = [item for item, _ in table]
        # The last limit is left out: rounding must never lead past the end of the table.
        self._limits = list(accumulate(weight / total for _, weight in table))[:-1]

    def pick(self, roll: Roll) -> T:
        """One of the items."""
        return self.items[bisect_right(self._limits, roll())]
