"""How often somebody may knock."""

import pytest

from coterie.channels import limits
from coterie.channels.limits import Limit, network_of


class Clock:
    """Stands still until it is moved."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def test_the_limit_is_refilled_evenly():
    clock = Clock()
    limit = Limit(2, 10, clock)
    assert [limit.wait("a") for _ in range(3)] == [0, 0, 5]
    clock.now += 5
    assert [limit.wait("a"), limit.wait("a")] == [0, 5]


def test_a_long_pause_earns_no_more_than_the_limit():
    clock = Clock()
    limit = Limit(2, 10, clock)
    limit.wait("a")
    clock.now += 3600
    assert [limit.wait("a") for _ in range(3)] == [0, 0, 5]


def test_one_who_knocks_too_often_does_not_lock_out_others():
    limit = Limit(1, 60, Clock())
    limit.wait("a")
    assert limit.wait("a")
    assert limit.wait("b") == 0


def test_a_flood_of_addresses_takes_no_more_than_its_share_of_memory(monkeypatch):
    monkeypatch.setattr(limits, "MAX_KEYS", 10)
    limit = Limit(1, 60, Clock())
    for number in range(100):
        limit.wait(str(number))
    assert len(limit._left) == 10


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("unix:", "unix:"),
    ],
)
def test_a_household_of_ipv6_is_one_address(address, network):
    assert network_of(address) == network
