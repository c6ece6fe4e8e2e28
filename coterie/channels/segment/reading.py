"""What Segment's calls mean: traits become attributes, known ones the `default_*` of their name."""

import json
from collections.abc import Mapping
from typing import Any

from coterie.channels.events import MAX_USER_ID, Event
from coterie.channels.kinds import Reading
from coterie.channels.models import Channel, RawEvent
from coterie.channels.segment.admit import TYPES, visitor, who
from coterie.channels.shaping import address, custom, known, moment, native, text, zone
from coterie.people.attributes import Value

# Traits that have an attribute of their own already; `address` as far as it has.
_KNOWN = frozenset(["email", "name", "username", "avatar", "gender", "createdAt", "created_at", "id"])
_PLACE = {"city": "city", "state": "region", "country": "country"}


def read(_channel: Channel, raw: RawEvent) -> Reading:
    """The event of one call."""
    item = json.loads(raw.body)
    kind = item.get("type")
    if kind not in TYPES:
        return Reading(note=f"Kept; nothing is done with “{text(str(kind), 60)}”.")
    user_id = native(item.get("userId"), MAX_USER_ID)
    attributes, left = _attributes(kind, item)
    context = _object(item, "context")
    acted = kind != "alias" and context.get("active") is not False
    event = Event(
        message_id=raw.native_id,
        user_id=who(item),
        at=raw.at,
        attributes=attributes,
        acted=acted,
        since=_since(item, raw),
    )
    return Reading(
        events=(event,),
        links=tuple((former, user_id) for former in _former(kind, item) if former) if user_id else (),
        note=f"Left out, as they do not fit: {', '.join(left)}." if left else "",
    )


def _former(kind: str, item: Mapping[str, Any]) -> tuple[str, ...]:
    """Other ids of the same human. That of an alias may have been a visitor's or a user's."""
    if kind != "alias":
        return (visitor(item.get("anonymousId")),)
    previous = item.get("previousId")
    return visitor(previous), native(previous, MAX_USER_ID)


def _object(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = values.get(name)
    return found if isinstance(found, dict) else {}


def _traits(item: Mapping[str, Any]) -> dict[str, Any]:
    """Of the person. Other calls than identify carry what the library knows of them in the context."""
    own = _object(item, "traits") if item.get("type") == "identify" else {}
    return {**_object(_object(item, "context"), "traits"), **own}


def _since(item: Mapping[str, Any], raw: RawEvent) -> Any:
    """When they were first known: the time of the event, or when the trait says that they signed up."""
    traits = _traits(item)
    return min(raw.at, moment(traits.get("createdAt") or traits.get("created_at"), raw.at))


def _attributes(kind: str, item: Mapping[str, Any]) -> tuple[dict[str, Value], list[str]]:
    """(attributes, names left out)."""
    traits, context = _traits(item), _object(item, "context")
    place = _object(traits, "address")
    first, last = (traits.get(f"{part}Name") or traits.get(f"{part}_name") or "" for part in ("first", "last"))
    page = {**_object(item, "properties"), **_object(context, "page")} if kind == "page" else _object(context, "page")
    found = known(
        **{name: traits.get(name) for name in ("email", "username", "avatar", "gender")},
        **{ours: place.get(theirs) for theirs, ours in _PLACE.items()},
        name=traits.get("name") or f"{text(first)} {text(last)}",
        url=page.get("url"),
        referrer=page.get("referrer") or _object(context, "referrer").get("url"),
        language=context.get("locale"),
        ip=address(context.get("ip")),
        timezone=zone(context.get("timezone")),
    )
    rest = {name: value for name, value in traits.items() if name not in _KNOWN}
    if place:
        rest["address"] = {name: value for name, value in place.items() if name not in _PLACE}
    if kind == "group":
        group = _object(item, "traits")
        rest |= {f"group_{name}": value for name, value in group.items()} | {"group_id": native(item.get("groupId"))}
    own, left = custom(rest)
    return {**own, **found}, left
