"""Who somebody is on WhatsApp: by their id at this business or, if they show it, by their number."""

import re
from collections.abc import Mapping
from typing import Any

import phonenumbers

from coterie.channels.shaping import inner, known, native, objects
from coterie.people.attributes import Value

# `PL.4401`: the country, then the id.
_BUSINESS_ID = re.compile(r"([A-Z]{2})\.[A-Za-z0-9.]{1,60}")


def contact_of(value: Mapping[str, Any], message: Mapping[str, Any]) -> dict[str, Any]:
    """The contact who wrote a message. Both lists may have another order, so they are joined by the ids."""
    names = {native(message.get(name)) for name in ("from", "from_user_id")} - {""}
    for contact in objects(value.get("contacts")):
        if names & {native(contact.get(name)) for name in ("wa_id", "user_id")}:
            return contact
    return {}


def ids_of(body: Mapping[str, Any]) -> tuple[str, str]:
    """(id at this business, number) of the writer; either may be empty. Some deliveries have the id in `from`."""
    message, contact = inner(body, "message"), inner(body, "contact")
    sender = native(message.get("from"), 60)
    lasting = native(message.get("from_user_id"), 60) or native(contact.get("user_id"), 60)
    if _BUSINESS_ID.fullmatch(sender):
        return lasting or sender, native(contact.get("wa_id"), 60)
    return lasting, sender or native(contact.get("wa_id"), 60)


def native_id(body: Mapping[str, Any], who: str) -> str:
    """`whatsapp:<account>:<id or number>`: ids are unique within a business account only."""
    account = native(body.get("account"), 40) or "-"
    return f"whatsapp:{account}:{who}" if who else ""


def user_id_of(body: Mapping[str, Any]) -> str:
    """The native id of the writer; empty if the message does not tell."""
    lasting, number = ids_of(body)
    return native_id(body, lasting or number)


def attributes_of(body: Mapping[str, Any]) -> dict[str, Value]:
    """`default_*` attributes. The country is that of the id or the number, which is where they signed up."""
    profile = inner(inner(body, "contact"), "profile")
    referral = inner(inner(body, "message"), "referral")
    return known(
        name=profile.get("name"),
        username=profile.get("username"),
        country=country_of(*ids_of(body)),
        referrer=referral.get("source_url") or referral.get("source_id"),
    )


def country_of(lasting: str, number: str) -> str:
    """The two-letter code; empty for what is of no country."""
    if found := _BUSINESS_ID.fullmatch(lasting):
        return found[1]
    if not (number.isascii() and number.isdigit()):
        return ""
    try:
        region = phonenumbers.region_code_for_number(phonenumbers.parse(f"+{number}"))
    except phonenumbers.NumberParseException:
        return ""
    return region if region and region.isalpha() else ""
