"""The test button: Meta is asked, with the app's own secret, whether messages come here."""

import pytest

from coterie.channels.kinds import Denied, NotNow
from coterie.channels.registry import KINDS
from coterie.channels.setup import make
from coterie.channels.whatsapp.profile import test as try_out
from coterie.people.attributes import Refused
from tests.channels.meta import SECRET, Graph, failure
from tests.core.serving import served

# What a platform is asked and answers. How answers are kept is told for all of them by slack/test_profile.py.
pytestmark = pytest.mark.one_database


@pytest.fixture
def platform(settings):
    with served() as server:
        settings.PRIVATE_HOSTS = [f"127.0.0.1:{server.port}"]
        rows: list[dict[str, object]] = []
        known = {"4242/subscriptions": (200, {"data": rows})}
        graph = Graph(server, lambda path, _: known.get(path, failure("Unsupported get request.", 100, 33)))
        graph.tokens = {f"4242|{SECRET}"}
        yield graph, rows


def channel_of(workspace, platform, **values):
    own = {"app_secret": SECRET, "app_id": "4242", "api_url": platform[0].url}
    return make(workspace, "test", KINDS["whatsapp"], "Number", own | values)


def row(channel, *fields, platform="whatsapp_business_account"):
    url = f"https://users.example/channels/whatsapp/{channel.key}"
    listed = [{"name": field, "version": "v25.0"} for field in fields]
    return {"object": platform, "callback_url": url, "active": True, "fields": listed}


def test_the_button_tells_whether_messages_come_here(workspace, platform):
    channel, rows = channel_of(workspace, platform), platform[1]
    with pytest.raises(Denied, match="do not come to this address"):
        try_out(channel)
    rows[:] = [row(channel, "messages", platform="page")]
    with pytest.raises(Denied, match="do not come to this address"):
        try_out(channel)
    rows[:] = [row(channel, "account_update")]
    with pytest.raises(Denied, match="not subscribed to the field “messages”"):
        try_out(channel)
    rows[:] = [row(channel, "account_update", "messages")]
    assert try_out(channel) == "The app secret is right, and messages come here."


def test_the_button_tells_what_is_wrong(workspace, platform):
    with pytest.raises(Denied, match="Invalid OAuth"):
        try_out(channel_of(workspace, platform, app_secret="another"))
    platform[0].down = True
    with pytest.raises(NotNow, match="503"):
        try_out(channel_of(workspace, platform))
    bare = make(workspace, "test", KINDS["whatsapp"], "Bare", {"app_secret": SECRET})
    assert "Signatures are checked" in try_out(bare)
    with pytest.raises(Refused, match="is a number"):
        channel_of(workspace, platform, app_id="../me")
