"""The test button: Telegram is asked whose token it is and where the updates go."""

import json

import pytest

from coterie.channels.kinds import Denied, NotNow
from coterie.channels.registry import KINDS
from coterie.channels.setup import make
from coterie.channels.telegram.profile import test as try_out
from coterie.people.attributes import Refused
from tests.channels.telegram.conftest import SECRET
from tests.core.serving import reply, served

# What a platform is asked and answers. How answers are kept is told for all of them by slack/test_profile.py.
pytestmark = pytest.mark.one_database
TOKEN = "123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"


@pytest.fixture
def platform(settings):
    """The Bot API: the token in the path, results and errors in their envelope."""
    with served() as server:
        settings.PRIVATE_HOSTS = [f"127.0.0.1:{server.port}"]
        hook = {"url": "", "has_custom_certificate": False, "pending_update_count": 0}

        def answer(request):
            token, _, method = request.path.removeprefix("/bot").rpartition("/")
            results = {"getMe": {"id": 1, "is_bot": True, "username": "faq_bot"}, "getWebhookInfo": hook}
            if token != TOKEN:
                said = {"ok": False, "error_code": 401, "description": "Unauthorized"}
            elif hook.get("limited"):
                said = {"ok": False, "error_code": 429, "description": "Too Many Requests: retry after 5"}
            else:
                said = {"ok": True, "result": results[method]}
            reply(request, json.dumps(said).encode(), said.get("error_code", 200))

        server.answer = answer
        yield server.url, hook


def channel_of(workspace, platform, token=TOKEN):
    values = {"secret": SECRET, "bot_token": token, "api_url": platform[0]}
    return make(workspace, "test", KINDS["telegram"], "Bot", values)


def test_the_button_tells_whether_updates_come_here(workspace, platform):
    channel, hook = channel_of(workspace, platform), platform[1]
    with pytest.raises(Denied, match="@faq_bot, but its updates go nowhere"):
        try_out(channel)
    hook["url"] = "https://elsewhere.example/"
    with pytest.raises(Denied, match="go elsewhere"):
        try_out(channel)
    hook["url"] = f"https://users.example/channels/telegram/{channel.key}"
    assert try_out(channel) == "The updates of @faq_bot come here."
    hook["last_error_message"] = "Wrong response from the webhook: 401 Unauthorized"
    with pytest.raises(Denied, match="the last one failed: Wrong response"):
        try_out(channel)


def test_the_button_tells_what_is_wrong(workspace, platform):
    with pytest.raises(Denied, match="Unauthorized"):
        try_out(channel_of(workspace, platform, TOKEN[:-1] + "x"))
    platform[1]["limited"] = True
    with pytest.raises(NotNow, match="retry after 5"):
        try_out(channel_of(workspace, platform))
    assert "secret token is checked" in try_out(make(workspace, "test", KINDS["telegram"], "Bare", {}))


def test_a_token_that_is_none_is_refused(workspace):
    with pytest.raises(Refused, match="looks like"):
        make(workspace, "test", KINDS["telegram"], "Bot", {"bot_token": "../getMe"})
