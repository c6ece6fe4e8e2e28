"""Asking Slack: who somebody is, and whether the token works."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from coterie.channels.kinds import Denied, NotNow
from coterie.channels.models import Channel
from coterie.channels.shaping import text
from coterie.channels.slack.people import attributes_of
from coterie.core.outgoing import Answer, ask
from coterie.people.attributes import Value

API = "https://slack.com/api"
# Slack's errors that are over by themselves.
_PASSING = frozenset(["internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited"])


def profile(channel: Channel, native_id: str) -> Mapping[str, Value]:
    """The attributes of `slack:<team>:<user>`; none for a bot."""
    _, _, user_id = native_id.rpartition(":")
    answer = _call(channel, "users.info", {"user": user_id, "include_locale": "true"})
    user = answer.get("user")
    if not isinstance(user, dict) or user.get("is_bot"):
        return {}
    return attributes_of(user)


def test(channel: Channel) -> str:
    """Asks Slack who the token belongs to."""
    if not channel.secret("bot_token"):
        return "Signatures are checked. Without a bot token, names and e-mail addresses are not looked up."
    answer = _call(channel, "auth.test", {})
    return f"The token works: it belongs to “{text(answer.get('user'), 80)}” of “{text(answer.get('team'), 80)}”."


def _call(channel: Channel, method: str, fields: Mapping[str, str]) -> dict[str, Any]:
    """A method of Slack's Web API; raises as `Kind.profile`. Its errors come with status 200."""
    base = str(channel.settings.get("api_url") or API).rstrip("/")
    query = f"?{urlencode(fields)}" if fields else ""
    headers = {"Authorization": f"Bearer {channel.secret('bot_token')}"}
    answer = ask("GET", f"{base}/{method}{query}", headers=headers)
    if answer.status == 429:
        raise NotNow("Slack asks us to wait.", answer.retry_after)
    data = answer.data
    if answer.status >= 500 or not isinstance(data, dict):
        raise NotNow(f"Slack answered {answer.status}.")
    if data.get("ok") is True:
        return data
    raise _error(data, answer)


def _error(data: Mapping[str, Any], answer: Answer) -> Exception:
    error = text(data.get("error"), 80) or f"status {answer.status}"
    if error in _PASSING:
        return NotNow(f"Slack answered “{error}”.", answer.retry_after)
    needed = f"; the token lacks the scope {text(data.get('needed'), 80)}" if data.get("needed") else ""
    return Denied(f"Slack answered “{error}”{needed}.")
