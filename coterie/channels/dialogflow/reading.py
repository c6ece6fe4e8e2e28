"""What Dialogflow's requests mean: somebody said something, and the bot understood some of it."""

import json
from collections.abc import Mapping
from typing import Any

from coterie.channels.dialogflow.people import parameters_of, session_of
from coterie.channels.events import MAX_MESSAGE, Event
from coterie.channels.kinds import Reading
from coterie.channels.mapping import mapped
from coterie.channels.models import Channel, RawEvent
from coterie.channels.shaping import custom, inner, known, text


def read(channel: Channel, raw: RawEvent) -> Reading:
    """The event of one request."""
    data = json.loads(raw.body)
    words = _words(data)
    if not raw.user_id or not words:
        return Reading(note="Kept; nobody said anything.")
    attributes, rest = mapped(channel, parameters_of(data), told=True)
    language = data.get("languageCode") or inner(data, "queryResult").get("languageCode")
    said = Event(
        message_id=raw.native_id,
        user_id=raw.user_id,
        at=raw.at,
        message=words,
        session_id=session_of(data)[1] or None,
        attributes=known(language=language) | attributes,
        session_attributes=custom(rest)[0],
    )
    return Reading((said,))


def _words(data: Mapping[str, Any]) -> str:
    """What was said. An event that a program triggered is no word of anybody's."""
    spoken = text(data.get("text"), MAX_MESSAGE) or text(data.get("transcript"), MAX_MESSAGE)
    return spoken or text(inner(data, "queryResult").get("queryText"), MAX_MESSAGE)
