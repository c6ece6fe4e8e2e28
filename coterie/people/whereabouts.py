"""Where somebody is, by their IP address, from files of MaxMind's form that the operator points to.

Nobody is asked over the network. What such a file says is a guess: it fills gaps, follows its own earlier guesses, and
never replaces what somebody told themselves or a system knows.
"""

import datetime as dt
import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import maxminddb
from django.conf import settings

from coterie.core.cldr import country_name
from coterie.core.proxies import address
from coterie.core.text import clean
from coterie.people.attributes import MAX_VALUE, Value
from coterie.people.changes import People
from coterie.people.models import Person

log = logging.getLogger(__name__)
PLACE = ("default_city", "default_region", "default_country", "default_timezone")
# Seconds after which a file is looked at again: operators replace it every week.
_FRESH = 60.0
_NOTHING = frozenset({"", "-", "unknown", "n/a", "null", "zz"})
_DISTRICT = re.compile(r"\s*\(.*\)$")


@dataclass(slots=True)
class _File:
    reader: maxminddb.Reader | None
    stamp: tuple[int, int] | None
    looked: float


_open: dict[str, _File] = {}


def place_of(ip: str) -> dict[str, str]:
    """City, region, country and time zone of an address, as attributes; what nobody knows is left out."""
    found = address(ip)
    if found is None or not found.is_global:
        return {}
    for path in settings.GEOIP_FILES:
        reader = _reader(path)
        if reader is None or (found.version == 6 and reader.metadata().ip_version == 4):
            continue
        try:
            record = reader.get(found)
        except (maxminddb.InvalidDatabaseError, ValueError, UnicodeDecodeError) as error:
            log.warning("the file of places %s cannot be read: %s", path, error)
            continue
        if isinstance(record, Mapping) and (place := _place(record)):
            return place
    return {}


def follow(people: People, person: Person, ip: Value | None, at: dt.datetime) -> dict[str, Value]:
    """What to set about the place of a person who wrote from this address at `at`. An earlier guess that does not hold
    any more, and is not replaced, is removed.
    """
    if not settings.GEOIP_FILES or not isinstance(ip, str):
        return {}
    here, known = place_of(ip), person.attributes
    if person.written_at is not None and at < person.written_at:
        return {key: value for key, value in here.items() if key not in known}
    before = place_of(str(known.get("default_ip", "")))
    guessed = {key for key in PLACE if key in known and known[key] == before.get(key)}
    if here and (gone := guessed - set(here)):
        people.unset(person, gone)
    return {key: value for key, value in here.items() if key not in known or key in guessed}


def _reader(path: str) -> maxminddb.Reader | None:
    kept = _open.get(path)
    now = time.monotonic()
    if kept and now - kept.looked < _FRESH:
        return kept.reader
    try:
        status = Path(path).stat()
        stamp = (status.st_mtime_ns, status.st_size)
        if kept and kept.stamp == stamp:
            kept.looked = now
            return kept.reader
        # The one before is not closed: another thread may be reading it. It goes with its last reader.
        _open[path] = _File(maxminddb.open_database(path), stamp, now)
    except (OSError, maxminddb.InvalidDatabaseError, ValueError) as error:
        log.warning("the file of places %s cannot be opened: %s", path, error)
        _open[path] = _File(kept.reader if kept else None, None, now)
    return _open[path].reader


def _place(record: Mapping[str, Any]) -> dict[str, str]:
    """From MaxMind's nested records and from flat ones."""
    nested = isinstance(record.get("country"), Mapping) or isinstance(record.get("city"), Mapping)
    city, region, country, zone = _nested(record) if nested else _flat(record)
    place = {
        "default_city": _text(city),
        "default_region": _text(region),
        "default_country": country_name(_text(country)),
        "default_timezone": _text(zone) if _text(zone) in _zones() else "",
    }
    return {key: value for key, value in place.items() if value}


def _nested(record: Mapping[str, Any]) -> tuple[Any, Any, Any, Any]:
    regions = record.get("subdivisions")
    region = regions[0] if isinstance(regions, list) and regions else None
    country = record.get("country")
    code = country.get("iso_code") if isinstance(country, Mapping) else None
    location = record.get("location")
    zone = location.get("time_zone") if isinstance(location, Mapping) else None
    return _name(record.get("city")), _name(region), code or _name(country), zone


def _flat(record: Mapping[str, Any]) -> tuple[Any, Any, Any, Any]:
    city = _DISTRICT.sub("", record["city"]) if isinstance(record.get("city"), str) else None
    country = record.get("country_code") or record.get("country")
    return city, record.get("state1") or record.get("region"), country, record.get("timezone")


def _name(part: Any) -> Any:
    names = part.get("names") if isinstance(part, Mapping) else None
    return names.get("en") if isinstance(names, Mapping) else None


def _text(value: Any) -> str:
    text = clean(value) if isinstance(value, str) else ""
    return "" if text.casefold() in _NOTHING or len(text) > MAX_VALUE else text


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
