"""Segment's HTTP Tracking API, while the sender waits: whose key it is, the limits, what to store.

A batch is taken apart here: the good events wait to be read, the bad ones are kept as failed, and both are answered
with 200, as Segment does.
"""

import base64
import binascii
import datetime as dt
import zlib
from collections.abc import Mapping
from typing import Any

from coterie.channels.answers import Rejected
from coterie.channels.events import MAX_USER_ID
from coterie.channels.kinds import Delivery, Raw
from coterie.channels.linking import ANONYMOUS
from coterie.channels.shaping import digest, native, parsed, stored, unnamed, when
from coterie.core.clock import EARLIEST, not_in_future

MAX_EVENT = 32 * 1024
MAX_BATCH = 500 * 1024
MAX_EVENTS = 2_500
TYPES = ("identify", "track", "page", "screen", "group", "alias")
# What the browser library's short addresses mean; `import` is an older name.
CALLS = {name: name for name in (*TYPES, "batch")} | {name[0]: name for name in (*TYPES, "batch")} | {"import": "batch"}
# About the delivery, not the event.
_LEFT = ("integrations", "writeKey", "sentAt", "channel")


def body_of(delivery: Delivery) -> dict[str, Any]:
    """The object in the body, whatever its Content-Type says; raises Rejected 400."""
    content = delivery.body
    if delivery.headers.get("Content-Encoding", "").strip().lower() in ("gzip", "x-gzip"):
        content = _unpacked(content)
    if len(content) > MAX_BATCH:
        raise Rejected(400, f"the body is larger than {MAX_BATCH // 1024} KB; send fewer events at a time.")
    data = parsed(content)
    if not isinstance(data, dict):
        raise Rejected(400, "expected an object.")
    return data


def _unpacked(content: bytes) -> bytes:
    """Decompressed as far as the limit: a small body can hide an endless one."""
    unpacking = zlib.decompressobj(31)
    try:
        found = unpacking.decompress(content, MAX_BATCH + 1)
    except zlib.error as error:
        raise Rejected(400, "the body is not gzip, though its Content-Encoding says so.") from error
    if len(found) <= MAX_BATCH and not unpacking.eof:
        raise Rejected(400, "the gzip body was cut off.")
    return found


def key_of(headers: Mapping[str, str], data: Mapping[str, Any]) -> str:
    """The write key, from the header, the body, or both; raises Rejected 401."""
    scheme, _, value = headers.get("Authorization", "").partition(" ")
    given = native(data.get("writeKey"))
    if scheme.lower() == "basic":
        try:
            # The password is empty, and some leave out the colon before it.
            named = base64.b64decode(value.strip(), validate=True).decode().partition(":")[0]
        except (binascii.Error, ValueError):
            raise Rejected(401, "the Authorization header cannot be read; it is Basic with the write key.") from None
        if given and given != named:
            raise Rejected(401, "the write keys of the header and of the body differ.")
        given = named
    if not given:
        raise Rejected(401, "there is no write key; send it as the user name of Basic authentication.")
    return given


def raws_of(call: str, data: Mapping[str, Any], delivery: Delivery) -> tuple[Raw, ...]:
    """What to store of a call (a value of CALLS); raises Rejected 400 for a batch that is none."""
    sent_at = data.get("sentAt")
    if call != "batch":
        return (_raw({**data, "type": call}, {}, sent_at, delivery),)
    items, context = data.get("batch"), data.get("context")
    if not isinstance(items, list):
        raise Rejected(400, "a batch has a list of events in “batch”.")
    if len(items) > MAX_EVENTS:
        raise Rejected(400, f"{len(items):,} events; at most {MAX_EVENTS:,} at a time.")
    shared = context if isinstance(context, dict) else {}
    return tuple(_raw(item, shared, sent_at, delivery) for item in items)


def who(item: Mapping[str, Any]) -> str:
    """The native id of whom a call is about: the user, or else the visitor; empty without either."""
    return native(item.get("userId"), MAX_USER_ID) or visitor(item.get("anonymousId"))


def visitor(anonymous_id: Any) -> str:
    """The native id of a visitor; empty without one."""
    found = native(anonymous_id, MAX_USER_ID - len(ANONYMOUS))
    return f"{ANONYMOUS}{found}" if found else ""


def _raw(item: Any, shared: Mapping[str, Any], sent_at: Any, delivery: Delivery) -> Raw:
    if not isinstance(item, dict):
        return Raw(digest(item), "", delivery.received_at, refusal="This is not an object.")
    happened = item.get("timestamp") or item.get("originalTimestamp")
    native_id = native(item.get("messageId")) or unnamed(item, happened or sent_at, delivery.received_at)
    at = _time(happened, sent_at, delivery.received_at)
    user_id = who(item)
    kept = {name: value for name, value in item.items() if name not in _LEFT}
    kept["context"] = _context(item.get("context"), shared, delivery)
    body = stored(kept)
    if len(body) > MAX_EVENT and len(stored(item)) > MAX_EVENT:
        return Raw(native_id, "", at, user_id, f"It is larger than {MAX_EVENT // 1024} KB.")
    if not user_id:
        # Without what it told: nobody could find it again when whoever it was about asks to be forgotten.
        return Raw(native_id, "", at, "", "It has neither a userId nor an anonymousId.")
    return Raw(native_id, body, at, user_id)


def _context(own: Any, shared: Mapping[str, Any], delivery: Delivery) -> dict[str, Any]:
    context = {**shared, **own} if isinstance(own, dict) else dict(shared)
    # Only a library that runs where the person is may have its own address taken for theirs.
    if context.get("direct") is True and not context.get("ip"):
        context["ip"] = delivery.sender
    return context


def _time(timestamp: Any, sent_at: Any, received_at: dt.datetime) -> dt.datetime:
    """When it happened by our clock: the sender's may be wrong, but it knows how long ago it was when it sent."""
    happened, sent = when(timestamp), when(sent_at)
    if happened is None:
        return received_at
    try:
        found = happened if sent is None else received_at - (sent - happened)
    except OverflowError:
        return received_at
    found = found.replace(microsecond=found.microsecond // 1000 * 1000)
    return not_in_future(found) if found >= EARLIEST else received_at
