"""Asking Telegram whether its updates come here. There is nothing to look up: every message says who wrote it."""

from typing import Any

from coterie.channels.kinds import Denied, NotNow
from coterie.channels.models import Channel
from coterie.channels.shaping import inner, text
from coterie.core.outgoing import ask

API = "https://api.telegram.org"


def test(channel: Channel) -> str:
    """Asks Telegram whose token it is and where the updates go."""
    if not channel.secret("bot_token"):
        return "The secret token is checked with every update. With the bot's token, this button asks Telegram, too."
    bot = text(_call(channel, "getMe").get("username"), 80)
    hook = _call(channel, "getWebhookInfo")
    if not text(hook.get("url")).endswith(f"/channels/telegram/{channel.key}"):
        where = "elsewhere" if hook.get("url") else "nowhere"
        raise Denied(f"The token is that of @{bot}, but its updates go {where}: call setWebhook as described.")
    if hook.get("last_error_message"):
        raise Denied(f"Updates of @{bot} come here, but the last one failed: {text(hook['last_error_message'], 200)}")
    return f"The updates of @{bot} come here."


def _call(channel: Channel, method: str) -> dict[str, Any]:
    """A method of the Bot API; raises as `Kind.test`."""
    base = str(channel.settings.get("api_url") or API).rstrip("/")
    answer = ask("GET", f"{base}/bot{channel.secret('bot_token')}/{method}")
    if answer.status == 200 and inner(answer.data, "result"):
        return inner(answer.data, "result")
    words = text(inner({"data": answer.data}, "data").get("description"), 200) or f"status {answer.status}"
    if answer.status == 429 or answer.status >= 500 or answer.data is None:
        raise NotNow(f"Telegram answered “{words}”.", answer.retry_after)
    raise Denied(f"Telegram answered “{words}”.")
