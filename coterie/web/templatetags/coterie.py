"""Small words of the templates: icons, numbers and times."""

import datetime as dt
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from django import template
from django.utils import timezone
from django.utils.dates import MONTHS_3, WEEKDAYS_ABBR
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from coterie.accounts.models import User
from coterie.audience.columns import Column, Group
from coterie.channels.models import Channel
from coterie.chats.models import Chat, Message
from coterie.core.clock import iso
from coterie.core.ids import to_public
from coterie.profile.models import Note
from coterie.web.links import archive_url
from coterie.web.people import glyph, hue, icon_markup, initials
from coterie.web.small import ago, day
from coterie.web.spot import Spot
from coterie.web.unseen import seen

register = template.Library()
register.filter("hue", hue)
register.filter("seen", seen)
register.simple_tag(ago)
register.simple_tag(day)


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """An icon of the sprite."""
    return mark_safe(icon_markup(name, extra))  # noqa: S308


@register.simple_tag
def chat_time(moment: dt.datetime) -> SafeString:
    """When a chat began, as the list of chats has it: the day, and under it the time of day."""
    local = timezone.localtime(moment)
    day_of = _("Today") if local.date() == timezone.localdate() else f"{WEEKDAYS_ABBR[local.weekday()]} {_short(local)}"
    return format_html('<time datetime="{}"><b>{}</b>{}</time>', iso(moment), day_of, f"{local:%H:%M}")


@register.simple_tag
def clock(moment: dt.datetime) -> SafeString:
    """The time of day."""
    local = timezone.localtime(moment)
    return format_html('<time datetime="{}">{}</time>', iso(moment), f"{local:%H:%M}")


def _short(local: dt.datetime) -> str:
    year = "" if local.year == timezone.localdate().year else f" {local.year}"
    return f"{local.day} {MONTHS_3[local.month].title()}{year}"


@register.simple_tag
def channel_icon(source: str) -> SafeString:
    """The glyph of a channel's kind."""
    return icon(glyph(source) or "channels")


@register.simple_tag
def channel_name(chat: Chat, channels: Mapping[int, Channel]) -> str:
    """The name of the channel of a chat, or its kind when the channel is gone."""
    channel = channels.get(chat.channel_id)
    return channel.name if channel else chat.source


@register.simple_tag
def note_url(spot: Spot, note: Note) -> str:
    """The page that edits a note."""
    return spot.url("user-note", note=note.public_id)


register.simple_tag(archive_url)


@register.simple_tag
def archive_message(message: Message) -> str:
    """A message in its transcript, of which a page may show only a part."""
    return f"{archive_url(to_public(message.chat_id or 0))}?message={message.public_id}#m-{message.public_id}"


@register.simple_tag
def column_label(column: Column) -> str:
    """A column's name: the workspace's own attributes are called what they are called, the program's are translated."""
    return seen(column.label) if column.group == Group.CUSTOM else _(column.label)


@register.filter
def number(value: int) -> str:
    """1503594 → 1,503,594."""
    return f"{value:,}"


@register.filter
def rounded(value: int) -> str:
    """4812206 → 4.8 million, for where the exact number would be noise."""
    if value < 1_000_000:
        return f"{value:,}"
    return _("%(n).1f million") % {"n": value / 1_000_000}


@register.filter
def name_initials(user: User) -> str:
    """The letters on a team member's face."""
    return initials(user.get_full_name()) or initials(user.email.partition("@")[0].replace(".", " "))


@register.filter
def undo(target: str) -> dict[str, Any]:
    """The form that takes a change back, from the address and the fields that a message carries."""
    url, _, query = target.partition("?")
    return {"url": url, "fields": parse_qsl(query, keep_blank_values=True)}


@register.filter
def place_of_zone(zone: str) -> str:
    """America/Los_Angeles → Los Angeles."""
    return zone.rpartition("/")[2].replace("_", " ")


@register.simple_tag
def list_parts() -> str:
    """What of the page says something about the shown list, beside the list itself: htmx replaces these with it."""
    return "#views,#people-count,#news,#head-actions,#editing,#filters,#search-fields,#people-total"


@register.filter
def whole_number(value: float) -> str:
    """12345.6 → 12,346."""
    return f"{round(value):,}"


@register.simple_tag
def duration(seconds: float) -> str:
    """How long something takes, in few letters: 40 s, 3 min, 2 h."""
    if seconds < 60:
        return _("%(n)d s") % {"n": max(1, round(seconds))}
    if seconds < 3_600:
        return _("%(n)d min") % {"n": round(seconds / 60)}
    return _("%(n)d h") % {"n": round(seconds / 3_600)}
