"""How often one visitor or one address may knock, counted in this process only: a flood is refused before it costs.

The counts live beside the cache and not in it, so that no flood can wash out what it keeps about logins.
"""

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

# Somebody with more addresses than this pushes out the oldest counts, not the server's memory.
MAX_KEYS = 50_000


class Limit:
    """At most `most` times within `seconds`, evenly refilled, so that a pause earns some of them back."""

    def __init__(self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.most, self._rate, self._clock = most, most / seconds, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def wait(self, key: str) -> int:
        """0, and this time is counted; or in how many seconds the next one is allowed."""
        now = self._clock()
        with self._lock:
            left, at = self._left.pop(key, (float(self.most), now))
            left = min(self.most, left + (now - at) * self._rate)
            allowed = left >= 1
            self._left[key] = (left - 1 if allowed else left, now)
            if len(self._left) > MAX_KEYS:
                self._left.popitem(last=False)
        return 0 if allowed else max(1, math.ceil((1 - left) / self._rate))

    def forget(self) -> None:
        """Begins anew."""
        with self._lock:
            self._left.clear()


def network_of(address: str) -> str:
    """What counts as one address: of IPv6 the network of a household, which has more addresses than anybody could
    count.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))
