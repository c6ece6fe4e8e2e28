"""Asking Meta whether WhatsApp's events come here. There is nothing to look up: every message says who wrote it."""

from coterie.channels.graph import call
from coterie.channels.kinds import Denied
from coterie.channels.models import Channel
from coterie.channels.shaping import objects, text

_OBJECT = "whatsapp_business_account"


def test(channel: Channel) -> str:
    """Asks with the app's own secret, so a wrong one is found here before it makes every signature wrong."""
    app_id = str(channel.settings.get("app_id") or "")
    if not app_id:
        return "Signatures are checked. With the app ID, this button asks Meta whether the events come here."
    token = f"{app_id}|{channel.secret('app_secret')}"
    rows = objects(call(channel, f"{app_id}/subscriptions", token).get("data"))
    ours = [row for row in rows if row.get("object") == _OBJECT and row.get("active") is not False]
    here = [row for row in ours if text(row.get("callback_url")).endswith(f"/channels/whatsapp/{channel.key}")]
    if not here:
        raise Denied("The app secret is right, but WhatsApp's events of this app do not come to this address.")
    if "messages" not in [field.get("name") for row in here for field in objects(row.get("fields"))]:
        raise Denied("The events come here, but the app is not subscribed to the field “messages”.")
    return "The app secret is right, and messages come here."
