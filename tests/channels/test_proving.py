"""Whether a sender whom nobody can ask was heard."""

import datetime as dt

import pytest

from coterie.channels import traffic
from coterie.channels.kinds import Denied, Raw
from coterie.channels.proving import heard
from coterie.channels.raw import store
from coterie.channels.registry import KINDS
from coterie.channels.setup import make
from coterie.core.clock import now


@pytest.fixture
def channel(workspace):
    return make(workspace, "test", KINDS["rasa"], "Assistant", {})


def test_nothing_arrived_yet(channel, workspace):
    other = make(workspace, "test", KINDS["rasa"], "Other", {})
    store(other, [Raw("1", "{}", now())])
    with pytest.raises(Denied, match="Nothing arrived"):
        heard(channel)


def test_the_last_event_is_told(channel):
    store(channel, [Raw("1", "{}", now() - dt.timedelta(days=400))])
    assert heard(channel).startswith(f"The last event arrived on {now():%Y-%m-%d} at ")


def test_a_wrong_secret_is_told(channel):
    traffic.count(channel, refused=3)
    with pytest.raises(Denied, match="did not show the secret above: 3"):
        heard(channel)


def test_a_wrong_secret_beside_events_that_arrive_is_somebody_else_s(channel):
    store(channel, [Raw("1", "{}", now())])
    traffic.count(channel, events=1, refused=3)
    assert heard(channel).startswith("The last event arrived")
