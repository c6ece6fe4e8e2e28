"""What Slack's events mean. A person chatted when they wrote a message; most other events are about something else."""

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from coterie.channels.events import MAX_MESSAGE, Event
from coterie.channels.kinds import Reading
from coterie.channels.models import Channel, RawEvent
from coterie.channels.shaping import digest, moment, native, text
from coterie.channels.slack.people import attributes_of, user_id_of
from coterie.chats.models import Sender

# A message of one of these subtypes was written by its user just now; others tell of something that happened.
_SAID = frozenset(["", "file_share", "thread_broadcast", "me_message"])
_PROFILES = frozenset(["user_change", "user_profile_changed", "team_join"])


def read(channel: Channel, raw: RawEvent) -> Reading:
    """The events of one delivery."""
    data = json.loads(raw.body)
    event = data.get("event")
    if data.get("type") == "app_rate_limited":
        return Reading(note="Slack held back events of this minute: there were more than 30,000 in an hour.")
    if data.get("type") != "event_callback" or not isinstance(event, dict):
        return Reading(note=f"Kept; nothing is done with “{text(data.get('type'), 60)}”.")
    kind = text(event.get("type"), 60)
    if kind in ("message", "app_mention"):
        # Without a token nobody can be asked.
        return _message(data, event, raw.at, look_up="bot_token" in channel.secrets)
    if kind in _PROFILES:
        return _profile(raw, data, event)
    return Reading(note=f"Kept; nothing is done with “{kind}”.")


def _message(data: Mapping[str, Any], event: Mapping[str, Any], at: dt.datetime, *, look_up: bool) -> Reading:
    who = user_id_of(data, event)
    if (why := _not_said(data, event)) or not who:
        return Reading(note=why or "Kept; no human wrote it.")
    words = text(event.get("text"), MAX_MESSAGE) or ", ".join(_files(event))
    return Reading(
        events=(
            Event(
                message_id=_message_id(data, event),
                user_id=who,
                at=moment(event.get("ts"), at),
                sender=Sender.USER,
                message=words,
                session_id=native(event.get("channel")) or None,
            ),
        ),
        look_up=(who,) if look_up else (),
    )


def _not_said(data: Mapping[str, Any], event: Mapping[str, Any]) -> str:
    """Why the message is nobody's chat; empty when a human wrote it."""
    sort = event.get("subtype") or ""
    if not isinstance(sort, str) or sort not in _SAID or event.get("hidden"):
        return f"Kept; a message of the sort “{text(sort, 60) or 'hidden'}” is nobody's chat."
    # Today's bots post without a subtype.
    if event.get("bot_id") or event.get("bot_profile") or event.get("user") in _bots(data):
        return "Kept; a bot wrote it."
    return ""


def _bots(data: Mapping[str, Any]) -> list[Any]:
    authorizations = data.get("authorizations")
    if not isinstance(authorizations, list):
        return []
    return [one.get("user_id") for one in authorizations if isinstance(one, dict) and one.get("is_bot") is True]


def _message_id(data: Mapping[str, Any], event: Mapping[str, Any]) -> str:
    """A mention in a channel arrives twice, as two events of one message: the message is known by where and when."""
    where = [native(part, 60) for part in (data.get("team_id"), event.get("channel"), event.get("ts"))]
    # `ts` is an id with a dot in it; as a number it would lose digits.
    return native(":".join(where)) if all(where) else digest(data)


def _files(event: Mapping[str, Any]) -> list[str]:
    files = event.get("files")
    files = files if isinstance(files, list) else []
    names = [text(file.get("title") or file.get("name"), 200) for file in files if isinstance(file, dict)]
    return [name for name in names if name]


def _profile(raw: RawEvent, data: Mapping[str, Any], event: Mapping[str, Any]) -> Reading:
    user, who = event.get("user"), user_id_of(data, event)
    if not isinstance(user, dict) or not who or user.get("is_bot"):
        return Reading(note="Kept; it is about no human.")
    event_of = Event(
        message_id=raw.native_id, user_id=who, at=raw.at, sender=Sender.USER, attributes=attributes_of(user)
    )
    return Reading(events=(event_of,), known_only=True)
