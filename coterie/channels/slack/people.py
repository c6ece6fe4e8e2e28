"""Who somebody is on Slack."""

import re
from collections.abc import Mapping
from typing import Any

from coterie.channels.shaping import known, native
from coterie.people.attributes import Value

_IMAGE = re.compile(r"image_(\d{2,4})")
# The platform's own voice.
_SLACKBOT = "USLACKBOT"


def native_id(team: Any, user: Any) -> str:
    """`slack:<team>:<user>`: Slack's ids are unique within a team only. Empty without a team or a human."""
    team, user = native(team, 60), native(user, 60)
    return f"slack:{team}:{user}" if team and user and user != _SLACKBOT else ""


def user_id_of(data: Mapping[str, Any], event: Mapping[str, Any]) -> str:
    """The native id of whom an event is about. Somebody of another company (Slack Connect) belongs to their team."""
    user = event.get("user")
    if isinstance(user, dict):
        return native_id(user.get("team_id") or data.get("team_id"), user.get("id"))
    return native_id(event.get("user_team") or data.get("team_id"), user)


def attributes_of(user: Mapping[str, Any]) -> dict[str, Value]:
    """`default_*` attributes of Slack's `user` object. Only its pictures are always there."""
    profile = user.get("profile")
    profile = profile if isinstance(profile, dict) else {}
    return known(
        email=profile.get("email"),
        name=profile.get("real_name") or user.get("real_name") or profile.get("display_name"),
        username=user.get("name"),
        avatar=_picture(profile),
        language=user.get("locale"),
        timezone=user.get("tz"),
    )


def _picture(profile: Mapping[str, Any]) -> str:
    sizes = {int(found[1]): str(url) for name, url in profile.items() if url and (found := _IMAGE.fullmatch(name))}
    best = sizes[max(sizes)] if sizes else ""
    return best if best.startswith(("https://", "http://")) else ""
