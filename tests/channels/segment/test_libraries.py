"""Segment's and RudderStack's own libraries, unchanged, against the real server."""

import json
import subprocess
import warnings

import pytest

from coterie.channels.models import RawEvent, State
from coterie.people.models import Person
from tools.node import library

# What a library sends and understands; the database has no part in it.
pytestmark = pytest.mark.one_database
TRAITS = {"email": "maya.ortiz@example.com", "firstName": "Maya", "lastName": "Ortiz", "plan": "pro"}
EXPECTED = {"default_email": "maya.ortiz@example.com", "default_name": "Maya Ortiz", "plan": "pro", "group_id": "g-1"}


def check(channel, calls):
    """Every call arrived once, was understood, and made one person."""
    rows = RawEvent.objects.filter(workspace_id=channel.workspace_id)
    assert sorted(json.loads(row.body)["type"] for row in rows) == sorted(calls)
    assert {(row.state, row.note) for row in rows} == {(State.DONE, "")}
    person = Person.objects.get(workspace_id=channel.workspace_id)
    assert person.user_id == "u_1"
    assert person.attributes.items() >= EXPECTED.items()
    assert person.last_seen is not None


@pytest.mark.parametrize("gzip", [False, True])
@pytest.mark.parametrize("sync_mode", [False, True])
def test_segment_for_python(live_server_url, segment_channel, work_off, gzip, sync_mode):
    from segment.analytics.client import Client

    problems = []
    client = Client(
        segment_channel.key,
        host=live_server_url,
        gzip=gzip,
        sync_mode=sync_mode,
        on_error=lambda error, items: problems.append(error),
        max_retries=0,
    )
    client.track(anonymous_id="a-1", event="Came by")
    client.identify("u_1", TRAITS, anonymous_id="a-1")
    client.page("u_1", "Docs", "Pricing", {"url": "https://shop.example/pricing"})
    client.screen("u_1", "App", "Home")
    client.group("u_1", "g-1", {"name": "Fern"})
    client.alias("a-2", "u_1")
    if not sync_mode:
        client.flush()
        client.join()
    work_off()
    assert problems == []
    check(segment_channel, ["track", "identify", "page", "screen", "group", "alias"])


@pytest.mark.parametrize("gzip", [True, False])
def test_rudderstack_for_python(live_server_url, segment_channel, work_off, gzip):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from rudderstack.analytics.client import Client

        problems = []
        client = Client(
            segment_channel.key,
            host=live_server_url,
            gzip=gzip,
            on_error=lambda error, items: problems.append(error),
            max_retries=0,
        )
        client.identify("u_1", TRAITS)
        client.track("u_1", "Order Completed", {"total": 5})
        client.group("u_1", "g-1", {"name": "Fern"})
        client.flush()
        client.join()
    work_off()
    assert problems == []
    check(segment_channel, ["identify", "track", "group"])


def test_a_wrong_key_is_an_error_that_the_libraries_understand(live_server_url, segment_channel):
    from segment.analytics.request import APIError, post

    with pytest.raises(APIError) as raised:
        post("wrong-key", live_server_url, batch=[{"type": "track", "event": "x", "userId": "u"}])
    assert (raised.value.status, raised.value.code) == (401, "unauthorized")


_SEGMENT = """
const { Analytics } = require(process.argv[2]);
const analytics = new Analytics({ writeKey: process.argv[3], host: process.argv[4], maxRetries: 0 });
analytics.on('error', (error) => { console.error(error); process.exitCode = 1; });
analytics.track({ anonymousId: 'a-1', event: 'Came by' });
analytics.identify({ userId: 'u_1', anonymousId: 'a-1', traits: JSON.parse(process.argv[5]) });
analytics.page({ userId: 'u_1', name: 'Pricing', properties: { url: 'https://shop.example/pricing' } });
analytics.screen({ userId: 'u_1', name: 'Home' });
analytics.group({ userId: 'u_1', groupId: 'g-1', traits: { name: 'Fern' } });
analytics.alias({ userId: 'u_1', previousId: 'a-2' });
analytics.closeAndFlush();
"""
_RUDDER = """
const Analytics = require(process.argv[2]);
const analytics = new Analytics(process.argv[3], { dataPlaneUrl: process.argv[4], logLevel: 'error' });
analytics.identify({ userId: 'u_1', traits: JSON.parse(process.argv[5]) });
analytics.track({ userId: 'u_1', event: 'Order Completed' });
analytics.group({ userId: 'u_1', groupId: 'g-1', traits: { name: 'Fern' } });
analytics.flush((error) => { if (error) { console.error(error); process.exitCode = 1; } process.exit(); });
"""


@pytest.mark.parametrize(
    ("package", "program", "calls"),
    [
        ("@segment/analytics-node", _SEGMENT, ["track", "identify", "page", "screen", "group", "alias"]),
        ("@rudderstack/rudder-sdk-node", _RUDDER, ["identify", "track", "group"]),
    ],
)
def test_the_libraries_for_node(live_server_url, segment_channel, work_off, tmp_path, package, program, calls):
    node, place = library(package)
    script = tmp_path / "send.js"
    script.write_text(program, encoding="utf-8")
    arguments = [node, str(script), place, segment_channel.key, live_server_url, json.dumps(TRAITS)]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done
    work_off()
    check(segment_channel, calls)
