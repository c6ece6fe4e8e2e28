"""The histogram of the filter builder: when people were seen, and which of them the filter chooses."""

import datetime as dt
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coterie.audience.columns import Column
from coterie.audience.histogram import BARS, Histogram

_STEP, _LEFT, _BASE, _TALLEST, _LEAST = 13.5, 5.0, 64.0, 60.0, 1.2
# After so many bars there is a caption.
_CAPTIONS = (0, 8, 16)


@dataclass(frozen=True, slots=True)
class Picture:
    """SVG paths of the chosen people and of the others, what stands below, and what both say, in a sentence."""

    chosen: str
    others: str
    captions: tuple[str, ...]
    label: str


def picture(found: Histogram, column: Column) -> Picture:
    """How `found` is drawn."""
    most = max(*(people for people, _some in found.bars), 1)
    chosen, others = "", ""
    for at, (people, some) in enumerate(found.bars):
        x = f"{_LEFT + at * _STEP:g}"
        whole, part = _height(people, most), _height(some, most)
        if some:
            chosen += f"M{x} {_BASE:g}V{_BASE - part:g}"
        if people > some:
            others += f"M{x} {_BASE - part:g}V{_BASE - max(whole, part + _LEAST):g}"
    last = _("today") if found.current else _when(found, BARS - 1)
    return Picture(chosen, others, (*(_when(found, at) for at in _CAPTIONS), last), _label(found, column))


def _height(people: int, most: int) -> float:
    return max(_LEAST, round(_TALLEST * people / most, 1)) if people else 0


def _when(found: Histogram, bar: int) -> str:
    begins = found.start + bar * found.length
    if found.length < dt.timedelta(days=1):
        return date_format(begins, "j M, H:i")
    if found.length < dt.timedelta(days=7):
        return date_format(begins, "j M")
    return date_format(begins, "M" if found.length < dt.timedelta(days=28) else "M Y")


def _label(found: Histogram, column: Column) -> str:
    seen = sum(people for people, _some in found.bars)
    since = date_format(found.start, "j M Y")
    words = _("%(attribute)s since %(since)s in steps of %(step)s: %(seen)s people; the filter chooses %(chosen)s.")
    return words % {
        "attribute": _(column.label),
        "since": since,
        "seen": f"{seen:,}",
        "step": _step(found.length),
        "chosen": f"{found.chosen:,}",
    }


def _step(length: dt.timedelta) -> str:
    hours, weeks = int(length / dt.timedelta(hours=1)), length.days // 7
    if hours < 24:
        return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
    if not weeks:
        return ngettext("%(n)d day", "%(n)d days", length.days) % {"n": length.days}
    return ngettext("%(n)d week", "%(n)d weeks", weeks) % {"n": weeks}
