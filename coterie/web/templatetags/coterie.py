"""Small words of the templates: icons, numbers and times."""

from typing import Any
from urllib.parse import parse_qsl

from django import template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from coterie.accounts.models import User
from coterie.audience.columns import Column, Group
from coterie.web.people import hue, icon_markup, initials
from coterie.web.small import ago, day

register = template.Library()
register.filter("hue", hue)
register.simple_tag(ago)
register.simple_tag(day)


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """An icon of the sprite."""
    return mark_safe(icon_markup(name, extra))  # noqa: S308


@register.simple_tag
def column_label(column: Column) -> str:
    """A column's name: the workspace's own attributes are called what they are called, the program's are translated."""
    return column.label if column.group == Group.CUSTOM else _(column.label)


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
