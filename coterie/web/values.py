"""A value as a member typed it, checked by the attribute's type and by what its name promises."""

import ipaddress
from collections.abc import Callable, Mapping
from functools import cache
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from coterie.audience.columns import Column
from coterie.core.text import clean
from coterie.people.attributes import Refused, Value, validated
from coterie.people.places import country_name, language_name
from coterie.web.choices import value_of


def value_from(column: Column, text: str) -> Value | None:
    """The value, cleaned; None when nothing was typed. Raises Refused with what is wrong, and what would be right."""
    text = clean(text)
    if not text:
        return None
    check = _CHECKS.get(column.key)
    typed = value_of(column, check(text) if check else text)
    return validated({column.key: typed}, "value").get(column.key)


def _email(text: str) -> str:
    try:
        validate_email(text)
    except ValidationError as error:
        raise _wrong(_("“%(text)s” is not an e-mail address such as ada@example.com."), text) from error
    return text


def _zone(text: str) -> str:
    zones = _zones()
    if text in zones:
        return text
    found = {zone.casefold(): zone for zone in zones}.get(text.casefold().replace(" ", "_"))
    if found is None:
        raise _wrong(_("“%(text)s” is not a time zone such as Europe/Warsaw."), text)
    return found


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        ours = parts.scheme in ("http", "https") and bool(parts.hostname) and not any(map(str.isspace, text))
    except ValueError:
        ours = False
    if not ours:
        raise _wrong(_("“%(text)s” is not a web address such as https://example.com/page."), text)
    return text


def _ip(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError as error:
        raise _wrong(_("“%(text)s” is not an IP address such as 192.0.2.7."), text) from error


def _wrong(words: str, text: str) -> Refused:
    return Refused("value", words % {"text": text[:60]})


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


_CHECKS: Mapping[str, Callable[[str], str]] = {
    "default_email": _email,
    "default_timezone": _zone,
    "default_url": _url,
    "default_avatar": _url,
    "default_referrer": _url,
    "default_ip": _ip,
    "default_language": language_name,
    "default_country": country_name,
}
