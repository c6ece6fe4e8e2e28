"""What LiveChat's webhooks mean. A chat brings its customer along; a single event says only who wrote it."""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from coterie.channels.events import MAX_MESSAGE, Event
from coterie.channels.kinds import NotNow, Reading
from coterie.channels.livechat.people import (
    attributes_of,
    chat_native_id,
    customer_of,
    form_answers,
    native_id,
    session_fields,
    user_id_of,
)
from coterie.channels.models import Channel, RawEvent
from coterie.channels.shaping import inner, moment, native, objects, text
from coterie.chats.models import Chat, Sender
from coterie.people.models import Identity

# What somebody says; forms that are shown and the system's own words are nobody's.
_SAID = frozenset(["message", "file", "rich_message"])
# An event may arrive before its chat; LiveChat has sent both within a minute or not at all.
_EARLY = 4
# LiveChat sends again within a minute what was not acknowledged.
_RETRIES = dt.timedelta(seconds=90)
_MANY = 50


def read(channel: Channel, raw: RawEvent) -> Reading:
    """The events of one delivery."""
    data = json.loads(raw.body)
    match data.get("action"):
        case "incoming_chat":
            return _chat(data, raw)
        case "incoming_event":
            return _single(channel, data, raw)
        case "incoming_rich_message_postback" if raw.user_id:
            return Reading((Event(raw.native_id, raw.user_id, raw.at, acted=True),))
        case "event_updated" if raw.user_id:
            return _corrected(data, raw)
        case "customer_session_fields_updated" if raw.user_id:
            payload = inner(data, "payload")
            if _repeated(channel, data, raw):
                return Reading(note="Kept; it came twice.")
            told = Event(raw.native_id, raw.user_id, raw.at, attributes=session_fields(payload))
            # Somebody who is in a chat is about to become known; anybody else only visits the site.
            return Reading((told,), known_only=not inner(payload, "active_chat"))
        case "user_added_to_chat" if customer := customer_of(data):
            return Reading((_about(data, customer, {}, raw),))
        case action:
            return Reading(note=f"Kept; nothing is done with “{text(action, 60)}”.")


def _chat(data: Mapping[str, Any], raw: RawEvent) -> Reading:
    chat, customer = inner(inner(data, "payload"), "chat"), customer_of(data)
    if not customer:
        return Reading(note="Kept; there is no customer in this chat.")
    thread = inner(chat, "thread")
    events = [_about(data, customer, thread, raw)]
    for one in objects(thread.get("events")):
        by_customer = one.get("author_id") == customer.get("id")
        said = _event(one, chat.get("id"), thread.get("id"), events[0].user_id, raw.at, by_customer=by_customer)
        events += [said] if said else []
    last = _last(customer)
    if last is not None and all(event.at < last for event in events if event.by_person):
        events.append(Event(native(f"{raw.native_id}:last"), events[0].user_id, last, acted=True))
    return Reading(tuple(events))


def _about(data: Mapping[str, Any], customer: Mapping[str, Any], thread: Mapping[str, Any], raw: RawEvent) -> Event:
    """What is known of the customer; they did nothing by that."""
    return Event(
        message_id=raw.native_id,
        user_id=native_id(data, customer.get("id")),
        at=raw.at,
        attributes=attributes_of(customer, thread),
        since=min(raw.at, moment(customer.get("created_at"), raw.at)),
    )


def _last(customer: Mapping[str, Any]) -> dt.datetime | None:
    never = dt.datetime.max.replace(tzinfo=dt.UTC)
    found = moment(customer.get("customer_last_event_created_at"), never)
    return None if found == never else found


def _single(channel: Channel, data: Mapping[str, Any], raw: RawEvent) -> Reading:
    payload = inner(data, "payload")
    one, chat, thread = inner(payload, "event"), payload.get("chat_id"), payload.get("thread_id")
    by_customer = native_id(data, one.get("author_id")) == user_id_of(data) != ""
    who = raw.user_id or _whose(channel, native(chat), native(thread))
    if not who and one.get("author_id") and raw.tries < _EARLY:
        raise NotNow("It arrived before its chat; it is read again soon.")
    if not who:
        return Reading(note="Kept; nobody knows whose chat this is.")
    said = _event(one, chat, thread, who, raw.at, by_customer=by_customer)
    if said is None:
        return Reading(note=f"Kept; “{text(one.get('type'), 60)}” is nobody's chat.")
    return Reading((said,), look_up=(who,) if by_customer and "token" in channel.secrets else ())


def _corrected(data: Mapping[str, Any], raw: RawEvent) -> Reading:
    """A form that the customer filled in anew. What was said stays as it was said."""
    payload = inner(data, "payload")
    one = inner(payload, "event")
    if one.get("type") != "filled_form" or native_id(data, one.get("author_id")) != raw.user_id:
        return Reading(note="Kept; what was said before stays as it was.")
    said = _event(one, payload.get("chat_id"), payload.get("thread_id"), raw.user_id, raw.at, by_customer=True)
    if said is None:
        return Reading(note="Kept; nobody knows which form this was.")
    about_them = replace(said, message_id=raw.native_id, at=raw.at, session_attributes={})
    # That stays in the chat in which it was filled in first.
    about_chat = replace(said, message_id=native(f"{raw.native_id}:chat"), attributes={})
    return Reading((about_them, about_chat))


def _repeated(channel: Channel, data: Mapping[str, Any], raw: RawEvent) -> bool:
    """Whether the last thing of this sort that came about them is the same: then LiveChat only sent it again."""
    rows = RawEvent.objects.filter(
        workspace_id=channel.workspace_id,
        channel_id=channel.id,
        user_id=raw.user_id,
        at__range=(raw.at - _RETRIES, raw.at),
    )
    for row in rows.order_by("-at", "-id")[:_MANY]:
        before = json.loads(row.body or "{}")
        if (row.at, row.id) < (raw.at, raw.id) and before.get("action") == data.get("action"):
            return bool(before.get("payload") == data.get("payload"))
    return False


def _whose(channel: Channel, chat_id: str, thread_id: str) -> str:
    """The native id of the customer of a chat that was delivered, or that is in the books."""
    place = {"workspace_id": channel.workspace_id, "channel_id": channel.id}
    if not chat_id or not thread_id:
        return ""
    delivered = RawEvent.objects.filter(**place, native_id=chat_native_id(chat_id, thread_id)).first()
    if delivered is not None and delivered.user_id:
        return delivered.user_id
    chat = Chat.objects.filter(**place, session_id=thread_id).first()
    found = Identity.objects.filter(**place, person_id=chat.person_id).first() if chat else None
    return found.native_id if found else ""


def _event(
    one: Mapping[str, Any], chat: Any, thread: Any, who: str, otherwise: dt.datetime, *, by_customer: bool
) -> Event | None:
    """An event of a chat; None for what the customer neither said nor was told."""
    kind = text(one.get("type"), 60)
    parts = [native(part) for part in (chat, thread, one.get("id"))]
    # Notes among agents are not for the customer.
    if "agents" in (one.get("visibility"), one.get("recipients")) or not all(parts) or not one.get("author_id"):
        return None
    fields: dict[str, Any] = {
        "message_id": native(":".join(parts)),
        "user_id": who,
        "at": moment(one.get("created_at"), otherwise),
        "session_id": parts[1],
    }
    if kind == "filled_form" and by_customer:
        attributes, asked = form_answers(one)
        return Event(**fields, acted=True, attributes=attributes, session_attributes=asked)
    if kind not in _SAID:
        return None
    return Event(**fields, sender=Sender.USER if by_customer else Sender.BOT, message=_words(one))


def _words(one: Mapping[str, Any]) -> str:
    titles = [text(element.get("title"), 500) for element in objects(one.get("elements"))]
    return text(one.get("text"), MAX_MESSAGE) or text(one.get("name"), 500) or ", ".join(filter(None, titles))
