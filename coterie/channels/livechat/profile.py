"""Asking LiveChat: who a customer is, and whether its webhooks lead here."""

import base64
from collections.abc import Mapping
from typing import Any

from coterie.channels.kinds import Denied, NotNow
from coterie.channels.livechat.people import attributes_of
from coterie.channels.models import Channel
from coterie.channels.shaping import inner, objects, text
from coterie.core.outgoing import ask
from coterie.people.attributes import Value

API = "https://api.livechatinc.com/v3.6"
# What is needed of LiveChat's webhooks.
NEEDED = (
    "incoming_chat",
    "incoming_event",
    "event_updated",
    "chat_deactivated",
    "customer_session_fields_updated",
    "user_added_to_chat",
    "incoming_rich_message_postback",
)
_PASSING = frozenset(["too_many_requests", "internal", "service_unavailable", "request_timeout"])


def profile(channel: Channel, native_id: str) -> Mapping[str, Value]:
    """The attributes of `livechat:<organization>:<customer>`."""
    return attributes_of(_call(channel, "agent/action/get_customer", {"id": native_id.rpartition(":")[2]}))


def test(channel: Channel) -> str:
    """Asks LiveChat which webhooks of the app lead to this channel."""
    client_id = channel.settings.get("client_id")
    if not channel.secret("token") or not client_id:
        return (
            "The secret key is checked with every event. With an account ID, a token and the client ID of your app,"
            " this button also looks whether the webhooks lead here."
        )
    hooks = objects(_call(channel, "configuration/action/list_webhooks", {"owner_client_id": client_id}))
    ending = f"/channels/livechat/{channel.key}"
    here = {hook.get("action") for hook in hooks if text(hook.get("url")).endswith(ending)}
    if missing := [action for action in NEEDED if action not in here]:
        raise Denied(f"The token works, but there are no webhooks to this address for: {', '.join(missing)}.")
    state = _call(channel, "configuration/action/get_license_webhooks_state", {"owner_client_id": client_id})
    if inner({"state": state}, "state").get("license_webhooks_enabled") is False:
        raise Denied("The webhooks lead here, but they are switched off: install the app in your LiveChat.")
    return "The token works, and all webhooks lead here."


def _call(channel: Channel, action: str, data: Mapping[str, Any]) -> Any:
    """A method of the Web API; raises as `Kind.profile`."""
    base = str(channel.settings.get("api_url") or API).rstrip("/")
    token, account = channel.secret("token") or "", channel.settings.get("account_id") or ""
    headers = {"Authorization": "Basic " + base64.b64encode(f"{account}:{token}".encode()).decode()}
    # Accounts in Europe have another place, which the token tells.
    region = token.partition(":")[0] if ":" in token else ""
    headers |= {"X-Region": region} if region.isascii() and region.isalpha() else {}
    answer = ask("POST", f"{base}/{action}", headers=headers, data=data)
    if answer.status == 200 and answer.data is not None:
        return answer.data
    error = inner(answer.data, "error")
    kind = text(error.get("type"), 80)
    words = f"LiveChat answered “{kind or answer.status}”: {text(error.get('message'), 200) or 'no reason given'}."
    if answer.status == 429 or answer.status >= 500 or kind in _PASSING or not error:
        raise NotNow(words, answer.retry_after)
    raise Denied(words)
