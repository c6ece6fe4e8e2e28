"""Who somebody is on LiveChat."""

import re
from collections.abc import Mapping
from typing import Any

from coterie.channels.shaping import address, custom, inner, known, native, objects, text, when, zone
from coterie.people.attributes import Value

# Customers have a UUID; agents are called by an e-mail address, bots by 32 digits.
_CUSTOMER = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def native_id(data: Mapping[str, Any], customer: Any) -> str:
    """`livechat:<organization>:<customer>`; empty for what is no customer's id."""
    organization, customer = native(data.get("organization_id"), 60) or "-", native(customer, 60)
    return f"livechat:{organization}:{customer}" if customer else ""


def chat_native_id(chat_id: str, thread_id: str) -> str:
    """The id by which the beginning of a chat is stored."""
    return native(f"incoming_chat:{chat_id}:{thread_id}")


def is_customer(author: Any) -> bool:
    """Whether an id is that of a customer rather than of an agent or bot."""
    return isinstance(author, str) and _CUSTOMER.fullmatch(author) is not None


def customer_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """The customer whom a delivery describes; empty when it describes none."""
    payload = inner(data, "payload")
    users = [inner(payload, "user"), *objects(inner(payload, "chat").get("users"))]
    return next((user for user in users if user.get("type") == "customer" and native(user.get("id"))), {})


def user_id_of(data: Mapping[str, Any]) -> str:
    """The native id of whom a delivery is about, as far as it says so itself."""
    payload = inner(data, "payload")
    match data.get("action"):
        case "incoming_event" | "event_updated":
            author = inner(payload, "event").get("author_id")
            return native_id(data, author if is_customer(author) else _present(data))
        case "incoming_rich_message_postback":
            author = payload.get("user_id")
            return native_id(data, author) if is_customer(author) else ""
        case "customer_session_fields_updated":
            return native_id(data, payload.get("id"))
        case _:
            return native_id(data, customer_of(data).get("id"))


def _present(data: Mapping[str, Any]) -> Any:
    """The customer among those who are in the chat, which a webhook tells if it was registered so."""
    present = inner(data, "additional_data").get("chat_presence_user_ids")
    return next((who for who in present if is_customer(who)), "") if isinstance(present, list) else ""


def attributes_of(customer: Mapping[str, Any], thread: Mapping[str, Any] | None = None) -> dict[str, Value]:
    """Attributes of LiveChat's `customer` object, in the form of versions 3.5 to 3.7. Every field may be missing."""
    visit = inner(customer, "visit") or inner(customer, "last_visit") or inner(thread, "customer_visit")
    place = inner(visit, "geolocation")
    elsewhere = next(iter(objects(inner(customer, "omnichannel").get("fb_messenger"))), {})
    avatar = text(customer.get("avatar")) or text(elsewhere.get("ProfilePicURL"))
    return session_fields(customer) | known(
        email=customer.get("email"),
        name=customer.get("name"),
        avatar=avatar if avatar.startswith(("https://", "http://")) else "",
        language=elsewhere.get("Locale"),
        gender=elsewhere.get("Gender"),
        city=place.get("city"),
        region=place.get("region"),
        country=place.get("country_code") or place.get("country"),
        timezone=zone(place.get("timezone")),
        referrer=visit.get("referrer"),
        url=_page(visit),
        ip=address(visit.get("ip")),
    )


def _page(visit: Mapping[str, Any]) -> Any:
    """The page that was opened last; of two at the same time the later in the list."""
    newest, found = None, ""
    for page in objects(visit.get("last_pages")):
        opened = when(page.get("opened_at"))
        if text(page.get("url")) and (newest is None or opened is None or opened >= newest):
            newest, found = opened or newest, page["url"]
    return found


def session_fields(values: Mapping[str, Any]) -> dict[str, Value]:
    """The custom variables: a list of objects with one name each, of which the last one counts."""
    merged: dict[str, Any] = {}
    for one in objects(values.get("session_fields")):
        merged |= one
    return custom(merged)[0]


def form_answers(event: Mapping[str, Any]) -> tuple[dict[str, Value], dict[str, Value]]:
    """(attributes, session attributes) of a filled form. Often the only place with an e-mail address; often empty."""
    named: dict[str, str] = {}
    asked: dict[str, str] = {}
    for field in objects(event.get("fields")):
        kind, answer = field.get("type"), _answer(field)
        if kind in ("name", "email"):
            named[kind] = answer or named.get(kind, "")
        elif answer:
            asked[text(field.get("label"), 100).rstrip(" :") or text(kind, 40)] = answer
    return known(**named), custom(asked)[0]


def _answer(field: Mapping[str, Any]) -> str:
    answers = field.get("answers")
    chosen = answers if isinstance(answers, list) else [field.get("answer")]
    words = [text(one.get("label") if isinstance(one, dict) else one) for one in chosen]
    return ", ".join(word for word in words if word)
