"""The list of the archives: one line per chat, with the words that were found or the first ones that were said."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from django.utils import timezone
from django.utils.dates import MONTHS_3, WEEKDAYS_ABBR
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import ngettext

from coterie.accounts.models import Workspace
from coterie.audience.audience import Audience
from coterie.audience.rows import rows
from coterie.chats.archive import Found, first_words
from coterie.chats.words import Sought, marks
from coterie.core.clock import now
from coterie.core.ids import to_public
from coterie.web.archive_query import Asked
from coterie.web.people import face, name_of
from coterie.web.unseen import seen

# How much of a message a line shows, and how much of that may stand before the first hit. In characters.
_SHOWN, _LEAD = 160, 24


@dataclass(frozen=True, slots=True)
class Line:
    """One chat of the list."""

    public_id: str
    url: str
    face: SafeString
    name: str
    at: dt.datetime
    when: str
    text: SafeString
    about: str


def lines(workspace: Workspace, audience: Audience, asked: Asked, found: Sequence[Found]) -> list[Line]:
    """The chats with their people: a few queries, however many there are."""
    ids = list({each.chat.person_id for each in found})
    people = {row.id: row for row in rows(audience.catalogue, ids, with_segments=False)}
    first = first_words(workspace, [each.chat.id for each in found if each.hit is None])
    listed = []
    for each in found:
        row, chat = people.get(each.chat.person_id), each.chat
        if row is None:  # Deleted since the page was put together.
            continue
        at = each.hit.at if each.hit else chat.started_at
        message = to_public(each.hit.message_id) if each.hit else ""
        said = each.hit.text if each.hit else first.get(chat.id, "")
        listed.append(
            Line(
                chat.public_id,
                asked.url(chat.public_id, message=message) + (f"#m-{message}" if message else ""),
                face(row),
                name_of(row),
                at,
                when(at),
                snippet(said, asked.wanted.text),
                _about(chat.story, chat.messages),
            )
        )
    return listed


def _about(story: str | None, messages: int) -> str:
    amount = ngettext("%(n)s message", "%(n)s messages", messages) % {"n": f"{messages:,}"}
    return f"{story}, {amount}" if story else amount


def when(moment: dt.datetime) -> str:
    """The time of a chat today, the day of one this week, and the date of an older one."""
    local, today = timezone.localtime(moment), timezone.localtime(now()).date()
    if local.date() == today:
        return f"{local:%H:%M}"
    if today - local.date() < dt.timedelta(days=7):
        return f"{WEEKDAYS_ABBR[local.weekday()]} {local.day}"
    year = "" if local.year == today.year else f" {local.year}"
    return f"{local.day} {MONTHS_3[local.month].capitalize()}{year}"


def snippet(text: str, wanted: Sought | None) -> SafeString:
    """The part of a text around the first hit, on one line, with all hits marked."""
    found = marks(text, wanted) if wanted else []
    start = max(0, found[0][0] - _LEAD) if found else 0
    if start:
        start = text.rfind(" ", max(0, start - _LEAD), start) + 1 or start
    end = start + _SHOWN
    inside = [(max(at, start) - start, min(to, end) - start) for at, to in found if to > start and at < end]
    shown = marked(text[start:end], inside)
    return mark_safe(f"{'…' if start else ''}{shown}{'…' if end < len(text) else ''}")  # noqa: S308


def marked(text: str, places: Sequence[tuple[int, int]]) -> SafeString:
    """A text as HTML, escaped piece by piece, the places marked."""
    parts, after = [], 0
    for start, end in places:
        parts.append(f"{visible(text[after:start])}<mark>{visible(text[start:end])}</mark>")
        after = end
    return mark_safe("".join([*parts, visible(text[after:])]))  # noqa: S308


def visible(text: str) -> str:
    """Escaped, with signs that show nothing or turn the direction of what follows made visible."""
    return escape(seen(text))
