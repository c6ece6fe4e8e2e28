"""Small words of the templates: icons, numbers and times."""

import datetime as dt
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.dates import MONTHS_3
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coterie.accounts.models import User
from coterie.core.clock import UTC, iso
from coterie.core.clock import now as present
from coterie.web.people import hue, initials

register = template.Library()
register.filter("hue", hue)
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_WEEK = 7


@register.simple_tag
@cache
def icon(name: str, extra: str = "") -> SafeString:
    """An icon of the sprite, hidden from screen readers: the text beside it or a label says what it means."""
    return format_html(
        '<svg class="icon{}" aria-hidden="true"><use href="{}#i-{}"/></svg>',
        f" {extra}" if extra else "",
        static("web/icons.svg"),
        name,
    )


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


@register.simple_tag
def ago(moment: dt.datetime) -> SafeString:
    """How long ago, in few letters; the exact time is in the tooltip."""
    seconds = max(0, int((present() - moment).total_seconds()))
    if seconds < _MINUTE:
        words = _("now")
    elif seconds < _HOUR:
        words = ngettext("%(n)d min ago", "%(n)d min ago", seconds // _MINUTE) % {"n": seconds // _MINUTE}
    elif seconds < _DAY:
        words = ngettext("%(n)d h ago", "%(n)d h ago", seconds // _HOUR) % {"n": seconds // _HOUR}
    elif seconds < _WEEK * _DAY:
        words = ngettext("%(n)d day ago", "%(n)d days ago", seconds // _DAY) % {"n": seconds // _DAY}
    else:
        words = _day(moment)
    return _time(moment, words)


@register.simple_tag
def day(moment: dt.datetime) -> SafeString:
    """The day in the workspace's time zone; the exact time is in the tooltip."""
    today = timezone.localtime(present()).date()
    return _time(moment, _("today") if timezone.localtime(moment).date() == today else _day(moment))


def _day(moment: dt.datetime) -> str:
    """13 Oct 2026. (Django's date_format takes ten times as long, and a page has a hundred dates.)"""
    local = timezone.localtime(moment)
    return f"{local.day} {capfirst(str(MONTHS_3[local.month]))} {local.year}"


def _time(moment: dt.datetime, words: str) -> SafeString:
    local = timezone.localtime(moment)
    exact = f"{_day(moment)}, {local:%H:%M:%S} {local.tzname() if local.tzinfo != UTC else 'UTC'}"
    return format_html('<time datetime="{}" title="{}">{}</time>', iso(moment), exact, words)


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
