"""The event broker that docs/channels.md offers delivers what Rasa publishes."""

import asyncio
import re
import sys
import time
import types
from pathlib import Path

import pytest

from coterie.channels.models import RawEvent
from tests.channels.rasa.conftest import SECRET, event, user

# What a library sends and understands; the database has no part in it.
pytestmark = pytest.mark.one_database
DOCS = Path(__file__).parents[3] / "docs" / "channels.md"


@pytest.fixture
def broker_class(monkeypatch):
    """The class of the page. Rasa itself does not run on this Python; of it only the base class is needed."""
    base = types.ModuleType("rasa.core.brokers.broker")
    base.EventBroker = object
    for name in ("rasa", "rasa.core", "rasa.core.brokers"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, base.__name__, base)
    code = re.search(r"```python\n(.*?)```", DOCS.read_text(), re.S)[1]
    found = {}
    exec(compile(code, "channels.md", "exec"), found)
    return found["Coterie"]


def test_events_arrive_in_their_order(live_server_url, channel, broker_class):
    config = types.SimpleNamespace(url=f"{live_server_url}/channels/rasa/{channel.key}", kwargs={"secret": SECRET})
    broker = asyncio.run(broker_class.from_endpoint_config(config))
    for one in (event("session_started"), user(), event("bot", text="hi")):
        broker.publish(one)
    for _ in range(100):
        rows = list(RawEvent.objects.filter(workspace_id=channel.workspace_id).order_by("id"))
        if len(rows) == 3:
            break
        time.sleep(0.05)
    assert ["session_started" in row.body for row in rows] == [True, False, False]
    assert len(rows) == 3
