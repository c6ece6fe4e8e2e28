"""Customers whose chat began before the channel was there, asked of LiveChat."""

import base64
import json
from urllib.parse import urlsplit

import pytest

from coterie.channels.kinds import Denied, NotNow
from coterie.channels.livechat.profile import NEEDED
from coterie.channels.livechat.profile import test as try_out
from coterie.channels.models import RawEvent, State, What
from coterie.channels.registry import KINDS
from coterie.channels.setup import make
from coterie.core.clock import now
from coterie.people.models import Person
from tests.channels.livechat.conftest import AGENT, MAYA, SECRET, chat, customer, event, incoming
from tests.channels.livechat.test_reading import KNOWN
from tests.core.serving import reply, served

# What a platform is asked and answers. How answers are kept is told for all of them by slack/test_profile.py.
pytestmark = pytest.mark.one_database
TOKEN = "fra:pat-1"


class LiveChat:
    """LiveChat's Web API: Basic authorization, the region of the account, errors in their envelope."""

    def __init__(self, server):
        self.url = f"{server.url}/v3.6"
        self.customers = {MAYA: customer()}
        self.hooks = []
        self.enabled = True
        self.down = False
        self.calls = []
        server.answer = lambda request: self._answer(request, server.requests[-1][2])

    def _answer(self, request, body):
        path = urlsplit(request.path).path
        self.calls.append(path)
        if self.down:
            return reply(request, b"", 503)
        status, said = self._said(path, request.headers, json.loads(body))
        return reply(request, json.dumps(said).encode(), status, Content_Type="application/json")

    def _said(self, path, headers, data):
        expected = "Basic " + base64.b64encode(f"acc-1:{TOKEN}".encode()).decode()
        if headers.get("Authorization") != expected:
            return 401, {"error": {"type": "authentication", "message": "Invalid access token"}}
        if headers.get("X-Region") != "fra":
            return 421, {"error": {"type": "misdirected_request", "message": "Wrong region"}}
        if path == "/v3.6/agent/action/get_customer":
            found = self.customers.get(data["id"])
            return (200, found) if found else (404, {"error": {"type": "not_found", "message": "Customer not found"}})
        if data.get("owner_client_id") != "client-1":
            return 400, {"error": {"type": "validation", "message": "`owner_client_id` is required"}}
        if path == "/v3.6/configuration/action/list_webhooks":
            return 200, self.hooks
        if path == "/v3.6/configuration/action/get_license_webhooks_state":
            return 200, {"license_webhooks_enabled": self.enabled}
        return 404, {"error": {"type": "not_found", "message": "Unknown method"}}


@pytest.fixture
def platform(settings):
    with served() as server:
        settings.PRIVATE_HOSTS = [f"127.0.0.1:{server.port}"]
        yield LiveChat(server)


def channel_of(workspace, platform, **values):
    own = {"secret": SECRET, "account_id": "acc-1", "token": TOKEN, "client_id": "client-1", "api_url": platform.url}
    return make(workspace, "test", KINDS["livechat"], "Shop", own | values)


@pytest.fixture
def channel(workspace, platform):
    return channel_of(workspace, platform)


def person_of(channel):
    return Person.objects.get(workspace_id=channel.workspace_id)


def look_up_of(channel):
    return RawEvent.objects.get(workspace_id=channel.workspace_id, what=What.PROFILE)


def test_who_writes_in_an_older_chat_is_looked_up_once_a_day(livechat, channel, platform, work_off):
    for number in range(3):
        livechat(channel, incoming(event(number)))
        work_off()
    assert person_of(channel).attributes == KNOWN
    assert platform.calls == ["/v3.6/agent/action/get_customer"]


def test_neither_agents_nor_whole_chats_are_looked_up(livechat, channel, platform, work_off):
    livechat(channel, chat(event()))
    livechat(channel, incoming(event(2, AGENT), (MAYA,)))
    work_off()
    assert platform.calls == []


def test_what_livechat_refuses_is_said(livechat, channel, platform, work_off):
    platform.customers = {}
    livechat(channel, incoming(event()))
    work_off()
    assert person_of(channel).chats == 1
    assert look_up_of(channel).state == State.FAILED
    assert look_up_of(channel).note == "LiveChat answered “not_found”: Customer not found."


def test_while_livechat_is_down_people_arrive_all_the_same(livechat, channel, platform, work_off):
    platform.down = True
    livechat(channel, incoming(event()))
    work_off()
    assert (person_of(channel).chats, look_up_of(channel).state) == (1, State.WAITING)
    platform.down = False
    RawEvent.objects.filter(workspace_id=channel.workspace_id, state=State.WAITING).update(next_at=now())
    work_off()
    assert person_of(channel).attributes == KNOWN


def hooks_of(channel, actions=NEEDED):
    return [{"id": action, "action": action, "url": f"https://x/channels/livechat/{channel.key}"} for action in actions]


def test_the_button_tells_whether_all_webhooks_lead_here(channel, platform):
    platform.hooks = hooks_of(channel)
    assert try_out(channel) == "The token works, and all webhooks lead here."
    platform.enabled = False
    with pytest.raises(Denied, match="switched off"):
        try_out(channel)
    platform.hooks = hooks_of(channel, NEEDED[1:])
    with pytest.raises(Denied, match="no webhooks to this address for: incoming_chat"):
        try_out(channel)


def test_the_button_tells_what_is_wrong(workspace, platform):
    for values, words in (
        ({"token": "fra:wrong"}, "Invalid access token"),
        ({"token": "pat-1"}, "Invalid access token"),
        ({"client_id": "x"}, "owner_client_id"),
    ):
        with pytest.raises(Denied, match=words):
            try_out(channel_of(workspace, platform, **values))
    platform.down = True
    with pytest.raises(NotNow, match="503"):
        try_out(channel_of(workspace, platform))
    assert "secret key is checked" in try_out(make(workspace, "test", KINDS["livechat"], "Bare", {}))
