"""The archives' filters: read from the address, shown as chips, printed as addresses.

A value that cannot be understood is left out, with a notice that says so; everything else of the address is kept.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coterie.accounts.models import Workspace
from coterie.audience.audience import Audience
from coterie.audience.tree import Condition, FilterError, Node, Search
from coterie.channels.models import Channel
from coterie.chats.archive import Cursor, Wanted
from coterie.chats.words import MAX_SOUGHT, Sought, sought
from coterie.core.clock import now
from coterie.core.ids import from_public
from coterie.core.text import clean
from coterie.people.finding import survivor_of
from coterie.people.models import Person
from coterie.web.links import with_query

# In the order in which addresses name them.
FIELDS = ("q", "date", "from", "to", "user", "session", "story", "channel")
MAX_VALUE = 256
# So many people may share a name before somebody has to say more about whom they mean.
MOST_PEOPLE = 1_000
_CURSOR = re.compile(r"(\d{1,19})(?:-(\d{1,19}))?")
# Preset: its words, and from how many days ago to how many days ago.
PRESETS: dict[str, tuple[Any, int, int]] = {
    "today": (gettext_lazy("today"), 0, 0),
    "yesterday": (gettext_lazy("yesterday"), 1, 1),
    "7d": (gettext_lazy("last 7 days"), 6, 0),
    "30d": (gettext_lazy("last 30 days"), 29, 0),
    "90d": (gettext_lazy("last 90 days"), 89, 0),
}


@dataclass(slots=True)
class Asked:
    """What an address asks for. `fields` are its values that were understood, `words` what chips say of them."""

    fields: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    wanted: Wanted = field(default_factory=Wanted)
    after: Cursor | None = None

    def url(self, chat: str = "", **changes: str) -> str:
        """The list, or a chat beside it, with these filters; a change to "" takes one out."""
        given = {**self.fields, **changes}
        path = reverse("archive", args=[chat]) if chat else reverse("archives")
        return with_query(path, urlencode({name: value for name, value in given.items() if value}))


def read(workspace: Workspace, audience: Audience, sent: QueryDict) -> Asked:
    """What an address, or a form with the same fields, asks for."""
    asked = Asked()
    values = {name: clean(sent.get(name, "")) for name in (*FIELDS, "after")}
    text = _text(asked, values["q"])
    since, until = _period(asked, values, ZoneInfo(workspace.time_zone))
    asked.wanted = Wanted(
        text=text,
        since=since,
        until=until,
        people=_people(asked, workspace, audience, values["user"]),
        session=_plain(asked, "session", values["session"], 128),
        story=_plain(asked, "story", values["story"], 128),
        channel_id=_channel(asked, workspace, values["channel"]),
    )
    asked.after = _cursor(asked, values["after"])
    return asked


def printed(cursor: Cursor) -> str:
    """A cursor as addresses have it."""
    return f"{cursor.at}-{cursor.chat_id}" if cursor.chat_id else str(cursor.at)


def _cursor(asked: Asked, value: str) -> Cursor | None:
    if not value:
        return None
    found = _CURSOR.fullmatch(value) if value.isascii() else None
    at, chat_id = (int(found[1]), int(found[2] or 0)) if found else (0, 0)
    # A cursor of a list in time names a chat; one of a search does not.
    if (
        found is None
        or max(at, chat_id) >= 1 << 62
        or (asked.wanted.text is None) != bool(chat_id)
        or _too_late(at, chat_id)
    ):
        asked.notices.append(_("This page is not there any more; these are the newest chats."))
        return None
    asked.fields["after"] = value
    return Cursor(at, chat_id)


def _too_late(at: int, chat_id: int) -> bool:
    """Whether a time in a cursor is beyond what a date can be."""
    return bool(chat_id) and at > 250_000_000_000_000_000


def _text(asked: Asked, value: str) -> Sought | None:
    if not value:
        return None
    if len(value) > MAX_SOUGHT:
        asked.notices.append(
            _("The search is longer than %(n)s characters and was left out.") % {"n": f"{MAX_SOUGHT:,}"}
        )
        return None
    found = sought(value)
    if found is None:
        asked.notices.append(_("There is no word in “%(text)s” to search for.") % {"text": value[:60]})
        return None
    asked.fields["q"] = value
    return found


def _period(asked: Asked, values: Mapping[str, str], zone: ZoneInfo) -> tuple[dt.datetime | None, dt.datetime | None]:
    """[since, until) in the workspace's time zone; a first or last day goes before a preset."""
    days: dict[str, dt.date] = {}
    for name in ("from", "to"):
        if value := values[name]:
            try:
                days[name] = dt.date.fromisoformat(value)
            except ValueError:
                asked.notices.append(
                    _("“%(text)s” is no date such as 2026-11-23; it was left out.") % {"text": value[:60]}
                )
    first, last = days.get("from"), days.get("to")
    if first and last and first > last:
        asked.notices.append(_("The first day is after the last one; both were left out."))
        return None, None
    if first or last:
        asked.fields |= {name: day.isoformat() for name, day in days.items()}
        asked.words["date"] = _days_said(first, last)
        return _midnight(first, zone), _midnight(last, zone, 1)
    preset = PRESETS.get(values["date"])
    if preset is None:
        if values["date"]:
            known = ", ".join(PRESETS)
            words = _("“%(text)s” is no period; there are %(known)s.") % {"text": values["date"][:60], "known": known}
            asked.notices.append(words)
        return None, None
    today = now().astimezone(zone).date()
    asked.fields["date"], asked.words["date"] = values["date"], str(preset[0])
    start, end = (today - dt.timedelta(days=ago) for ago in preset[1:])
    return _midnight(start, zone), _midnight(end, zone, 1)


def _days_said(first: dt.date | None, last: dt.date | None) -> str:
    if first and last:
        return f"{first}" if first == last else f"{first} – {last}"
    return _("since %(day)s") % {"day": first} if first else _("until %(day)s") % {"day": last}


def _midnight(day: dt.date | None, zone: ZoneInfo, later: int = 0) -> dt.datetime | None:
    """The beginning of a day, or of the next one; None for no day, and where the calendar ends."""
    if day is None:
        return None
    try:
        start = dt.datetime.combine(day + dt.timedelta(days=later), dt.time(), zone)
        return max(start.astimezone(dt.UTC), dt.datetime(2000, 1, 1, tzinfo=dt.UTC))
    except OverflowError:
        return None


def _plain(asked: Asked, name: str, value: str, longest: int) -> str:
    if len(value) > longest:
        words = _("The %(name)s is longer than %(n)s characters; it was left out.")
        asked.notices.append(words % {"name": name, "n": longest})
        return ""
    if value:
        asked.fields[name] = asked.words[name] = value
    return value


def _channel(asked: Asked, workspace: Workspace, value: str) -> int | None:
    if not value:
        return None
    found = Channel.objects.filter(workspace=workspace, id=from_public(value) or 0).first()
    if found is None:
        asked.notices.append(_("There is no integration “%(text)s”; it was left out.") % {"text": value[:60]})
        return None
    asked.fields["channel"], asked.words["channel"] = value, found.name
    return found.id


def _people(asked: Asked, workspace: Workspace, audience: Audience, value: str) -> tuple[int, ...] | None:
    """Ids of those who are meant: by their id, their e-mail address, or whatever the Users page finds for the words."""
    if not value:
        return None
    if len(value) > MAX_VALUE:
        asked.notices.append(_("The user is longer than %(n)s characters; it was left out.") % {"n": MAX_VALUE})
        return None
    asked.fields["user"] = asked.words["user"] = value
    if known := _by_id(workspace, value):
        name = known[0].attributes.get("default_name") if "default_name" in audience.catalogue.by_key else None
        asked.words["user"] = str(name) if name and from_public(value) is not None else value
        return tuple(each.id for each in known)
    questions: list[Callable[[], Node]] = [lambda: Search(value)]
    if "@" in value:
        questions.insert(0, lambda: Condition("default_email", "is", (value,)))
    for question in questions:
        if found := _matching(asked, audience, question(), value):
            return found
    return ()


def _by_id(workspace: Workspace, value: str) -> list[Person]:
    people = Person.objects.filter(workspace=workspace)
    row_id = from_public(value)
    if row_id is not None:
        found = list(people.filter(id=row_id)) or list(people.filter(id=survivor_of(workspace.pk, row_id)))
        if found:
            return found
    return list(people.filter(user_id=value))


def _matching(asked: Asked, audience: Audience, node: Node, value: str) -> tuple[int, ...]:
    try:
        people = audience.count(node)
        if people > MOST_PEOPLE:
            words = _("%(n)s people match “%(text)s”, too many to look through: say more, or use an e-mail address.")
            asked.notices.append(words % {"n": f"{people:,}", "text": value[:60]})
            return ()
        return tuple(audience.matching_ids(node)) if people else ()
    except FilterError:  # A workspace may have hidden its e-mail addresses.
        return ()
