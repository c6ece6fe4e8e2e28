"""Whatever comes to the widget's doors, the answer is in words and never a failure of ours."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.channels.models import Channel
from coterie.channels.widget import doors
from coterie.channels.widget.config import Config
from coterie.people.attributes import Refused
from tests.channels.widget.conftest import Browser
from tests.profiles import examples

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(
    ["visitor", "session", "id", "text", "user", "chat", "context", "lang", "consent", "userId", "hash", "token"]
)
SETTINGS = st.sampled_from(
    [
        *("title", "greeting", "thanks", "consent", "questions", "bot_url", "colour", "side", "mode", "privacy_url"),
        *("page_attributes", "identity_version", "demo"),
    ]
)


@pytest.mark.parametrize("door", ["", "/open", "/identify", "/attributes"])
def test_no_body_makes_a_door_fail(workspace, client, door):
    channel = Channel.objects.create(
        workspace=workspace, kind="widget", name="Shop", settings={"page_attributes": ["plan"]}
    )
    browser = Browser(client, channel)

    @examples(0.6)
    @given(st.dictionaries(NAMES, JSON | st.text(min_size=1, max_size=10), max_size=8))
    def knock(body):
        for limit in (doors.MESSAGES, doors.KNOCKS, doors.STRANGERS, doors.PROOFS):
            limit.forget()
        content = json.dumps({"session": "s", "id": "m", "text": "t"} | body)
        answer = client.post(f"{browser.address}{door}", content, content_type="text/plain")
        assert answer.status_code < 500
        assert answer.json()["status"]["code"] == answer.status_code

    knock()


@given(st.dictionaries(SETTINGS, JSON, max_size=6))
def test_settings_are_understood_or_refused(values):
    try:
        Config.of(values)
    except Refused as refused:
        assert refused.field
