"""The activity strip: a circle for each day of the last 26 weeks, by how many chats there were; and it in words."""

import datetime as dt
from dataclasses import dataclass
from html import escape

from django.utils import timezone
from django.utils.dates import MONTHS_3, WEEKDAYS, WEEKDAYS_ABBR
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coterie.profile.habits import WEEKS, Habit

_LEFT, _TOP, _STEP = 34, 20, 12
# More chats than this on a day are of the next level.
_LEVELS = (0, 1, 2, 4)
_OFTEN = 0.75
_WEEKS_A_MONTH = 52 / 12


@dataclass(frozen=True, slots=True)
class Strip:
    """The picture, and what it says for those who do not see it."""

    svg: SafeString
    words: str


def strip(habit: Habit, moment: dt.datetime) -> Strip:
    """The strip that ends today."""
    today = timezone.localtime(moment).date()
    monday = today - dt.timedelta(days=today.weekday())
    first = monday - dt.timedelta(weeks=WEEKS - 1)
    days = [first + dt.timedelta(days=n) for n in range((today - first).days + 1)]
    paths = [""] * (len(_LEVELS) + 1)
    for n, day in enumerate(days):
        x, y = _LEFT + _STEP * (n // 7), _TOP + _STEP * (n % 7)
        paths[_level(habit.days.get(day, 0))] += f"M{x} {y}h0"
    drawn = "".join(f'<path class="h{level}" d="{path}"/>' for level, path in enumerate(paths) if path)
    words = _words(habit, days)
    markup = (
        f'<svg viewBox="0 0 342 98" role="img" aria-label="{escape(words)}">{_months(first)}{_weekdays()}{drawn}</svg>'
    )
    active = sum(1 for day in days if habit.days.get(day))
    caption = ngettext("26 weeks, %(n)d active day", "26 weeks, %(n)d active days", active) % {"n": active}
    return Strip(mark_safe(markup), caption)  # noqa: S308


def how_often(habit: Habit, chats: int) -> str:
    """ "3 chats a week", or less often by the month; empty where there is nothing to tell."""
    if habit.a_week >= _OFTEN:
        n = max(1, round(habit.a_week))
        return ngettext("%(n)s chat a week", "%(n)s chats a week", n) % {"n": f"{n:,}"}
    if not habit.days or chats < 2:
        return ""
    n = round(habit.a_week * _WEEKS_A_MONTH)
    if n < 1:
        return _("less than a chat a month")
    return ngettext("%(n)s chat a month", "%(n)s chats a month", n) % {"n": n}


def _level(chats: int) -> int:
    return sum(1 for least in _LEVELS if chats > least)


def _words(habit: Habit, days: list[dt.date]) -> str:
    active = [day for day in days if habit.days.get(day)]
    if not active:
        return _("No chats in the last 26 weeks.")
    best = max(active, key=lambda day: (habit.days[day], day))
    said = {
        "active": len(active),
        "all": len(days),
        "day": f"{WEEKDAYS[best.weekday()]} {best.day} {capfirst(str(MONTHS_3[best.month]))}",
        "n": habit.days[best],
    }
    words = ngettext(
        "Chats per day over the last 26 weeks. Most on %(day)s with %(n)d chat. Active on %(active)d of %(all)d days.",
        "Chats per day over the last 26 weeks. Most on %(day)s with %(n)d chats. Active on %(active)d of %(all)d days.",
        habit.days[best],
    )
    return words % said


def _months(first: dt.date) -> str:
    """A name over the week in which a month begins."""
    found = ""
    for week in range(WEEKS - 1):
        day = first + dt.timedelta(weeks=week)
        if day.day <= 7:
            name = escape(capfirst(str(MONTHS_3[day.month])))
            found += f'<text x="{_LEFT - 6 + _STEP * week}" y="8">{name}</text>'
    return found


def _weekdays() -> str:
    names = [escape(str(WEEKDAYS_ABBR[day])) for day in (0, 2, 4)]
    return "".join(f'<text x="0" y="{23 + 24 * n}">{name}</text>' for n, name in enumerate(names))
