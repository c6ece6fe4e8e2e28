"""People as the list shows them: a face, a name, when they last talked, where they are, their segments."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from zlib import crc32

from django.utils.translation import gettext as _

from coterie.audience.query import Row
from coterie.core.ids import to_public

HUES = 10
_GLYPHS = ("widget", "livechat", "messenger", "slack", "api")
_CHATTING = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Pill:
    """A segment on a person's row."""

    public_id: str
    name: str
    hue: int


@dataclass(frozen=True, slots=True)
class Listed:
    """One row of the list."""

    public_id: str
    name: str
    initials: str
    hue: int
    glyph: str
    here: bool
    email: str
    last_seen: dt.datetime | None
    first_seen: dt.datetime
    place: str
    chats: int
    pill: Pill | None
    more: tuple[Pill, ...]

    @property
    def more_names(self) -> str:
        """The segments that did not find room."""
        return ", ".join(pill.name for pill in self.more)


def hue(public_id: str) -> int:
    """The colour of a person or segment: a hash of its id, so that it never changes."""
    return crc32(public_id.encode()) % HUES


def listed(row: Row, segments: Mapping[str, str], now: dt.datetime) -> Listed:
    """The row as it is shown. `segments` maps public ids to names."""
    text = {key: str(value) for key, value in row.attributes.items()}
    city, region, country = (text.get(f"default_{part}", "") for part in ("city", "region", "country"))
    name = text.get("default_name", "")
    pills = _pills(row, segments)
    return Listed(
        public_id=row.public_id,
        name=name or _nameless(city or region or country),
        initials=initials(name),
        hue=hue(row.public_id),
        glyph=glyph(text.get("default_source", "")),
        here=row.last_seen is not None and now - row.last_seen < _CHATTING,
        email=text.get("default_email", ""),
        last_seen=row.last_seen,
        first_seen=row.created_at,
        place=", ".join(part for part in (city, region or country) if part),
        chats=row.chats,
        pill=pills[0] if pills else None,
        more=tuple(pills[1:]),
    )


def initials(name: str) -> str:
    """One or two letters of a name: the first ones of its first and last word."""
    letters = [next((sign for sign in word if sign.isalnum()), "") for word in name.split()]
    letters = [letter for letter in letters if letter]
    return "".join(dict.fromkeys((letters[0], letters[-1]))).upper() if letters else ""


def glyph(source: str) -> str:
    """The icon of the channel somebody came through; empty when the channel has none of its own."""
    lowered = source.lower().replace(" ", "")
    return next((name for name in _GLYPHS if name in lowered), "")


def _nameless(place: str) -> str:
    return _("Someone in %(place)s") % {"place": place} if place else _("Someone")


def _pills(row: Row, segments: Mapping[str, str]) -> list[Pill]:
    ids = (to_public(segment_id) for segment_id in row.segments)
    return [Pill(public_id, segments[public_id], hue(public_id)) for public_id in ids if public_id in segments]
