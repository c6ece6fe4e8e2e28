"""Asking Meta: who somebody is, and whether the token works."""

from collections.abc import Mapping
from urllib.parse import quote

from coterie.channels.graph import GraphError, call
from coterie.channels.kinds import Denied
from coterie.channels.messenger.people import attributes_of
from coterie.channels.models import Channel
from coterie.channels.shaping import objects, text
from coterie.people.attributes import Value

# An app may not read all of them, and asking for one too many fails the whole call: then for the second list.
_FIELDS = {
    "facebook": (
        "id,name,first_name,last_name,profile_pic,locale,timezone,gender",
        "id,name,first_name,last_name,profile_pic",
    ),
    "instagram": ("name,username,profile_pic", "name,username"),
}
_NO_PROFILE = 2018218
_TOKEN = 190


def profile(channel: Channel, native_id: str) -> Mapping[str, Value]:
    """The attributes of `facebook:<page>:<person>`; none for somebody without a profile."""
    platform, _, user_id = native_id.split(":", 2)
    token = channel.secret("page_token") or ""
    wide, narrow = _FIELDS[platform]
    user_id = quote(user_id, safe="")
    try:
        return attributes_of(call(channel, user_id, token, fields=wide))
    except GraphError as error:
        if error.subcode == _NO_PROFILE:
            return {}
        if error.code == _TOKEN:
            raise
    return _narrow(channel, user_id, token, narrow)


def _narrow(channel: Channel, user_id: str, token: str, fields: str) -> Mapping[str, Value]:
    try:
        return attributes_of(call(channel, user_id, token, fields=fields))
    except GraphError as error:
        if error.subcode == _NO_PROFILE:
            return {}
        raise


def test(channel: Channel) -> str:
    """Asks Meta which page the token is of, and whether that page is subscribed: most often it is not."""
    token = channel.secret("page_token")
    if not token:
        return "Signatures are checked. Without a page token, names and pictures are not looked up."
    page = text(call(channel, "me", token, fields="id,name").get("name"), 80)
    if not objects(call(channel, "me/subscribed_apps", token).get("data")):
        raise Denied(f"The token works, but the page “{page}” is not subscribed to your app: nothing will arrive.")
    return f"The token works: it is that of the page “{page}”, which is subscribed."
