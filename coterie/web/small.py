"""Small pieces of pages: times, and how many."""

import datetime as dt
from html import escape

from django.utils import timezone
from django.utils.dates import MONTHS_3
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coterie.core.clock import UTC, iso
from coterie.core.clock import now as present

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_WEEK = 7


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
        words = written_day(moment)
    return _time(moment, words)


def day(moment: dt.datetime) -> SafeString:
    """The day in the workspace's time zone; the exact time is in the tooltip."""
    today = timezone.localtime(present()).date()
    return _time(moment, _("today") if timezone.localtime(moment).date() == today else written_day(moment))


def written_day(moment: dt.datetime) -> str:
    """13 Oct 2026. (Django's date_format takes ten times as long, and a page has a hundred dates.)"""
    local = timezone.localtime(moment)
    return f"{local.day} {capfirst(str(MONTHS_3[local.month]))} {local.year}"


def _time(moment: dt.datetime, words: str) -> SafeString:
    local = timezone.localtime(moment)
    exact = f"{written_day(moment)}, {local:%H:%M:%S} {local.tzname() if local.tzinfo != UTC else 'UTC'}"
    return mark_safe(f'<time datetime="{iso(moment)}" title="{escape(exact)}">{escape(words)}</time>')  # noqa: S308
