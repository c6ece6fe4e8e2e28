"""Whether a channel that keeps no raw events was heard of."""

import json

import pytest

from coterie.channels.kinds import Denied
from coterie.channels.last_heard import last_heard
from coterie.channels.models import Traffic
from coterie.core.clock import now


def test_nothing_arrived_yet(api_channel):
    with pytest.raises(Denied, match="Nothing arrived yet"):
        last_heard(api_channel)


@pytest.mark.parametrize("counted", [True, False])
def test_the_last_message_is_told_also_when_it_came_before_it_was_counted(client, api_channel, counted):
    event = {"messageId": "m-1", "userId": "u-1", "sessionId": "s", "message": "hello"}
    client.post(f"/channels/api/{api_channel.key}", json.dumps(event), "application/json")
    if not counted:
        Traffic.objects.filter(workspace=api_channel.workspace).delete()
    assert last_heard(api_channel).startswith(f"The last message arrived on {now():%Y-%m-%d}")
