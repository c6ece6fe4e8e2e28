"""One person: who they are, how often they talk, what is known, their segments, chats and history."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from coterie.accounts.permissions import Verb
from coterie.audience import query
from coterie.audience.columns import Column
from coterie.audience.models import Attribute, Scope
from coterie.audience.segments import ListedSegment
from coterie.audience.view import View
from coterie.channels.models import Channel
from coterie.chats.models import Chat
from coterie.chats.queries import chats_before, latest_sessions, refused_since
from coterie.core.clock import now
from coterie.core.ids import from_public, new_id, to_public
from coterie.profile.habits import habit
from coterie.profile.history import Origin, banned_by, recent_origins
from coterie.profile.timeline import Mark, Show, timeline
from coterie.web.actors import called
from coterie.web.links import absolute, users_url
from coterie.web.members import MemberRequest, member
from coterie.web.people import face, glyph, name_of
from coterie.web.person_data import main_data, missing_data, more_data, session_columns, session_data, told
from coterie.web.person_history import by_day, by_week, day_words, lines
from coterie.web.spot import Page, Spot, page_of
from coterie.web.strip import how_often, strip

# Chats on a page.
SIZE = 25


@require_safe
@member(Verb.VIEW)
def user(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """The profile, as it is now."""
    page = page_of(request, public_id)
    if isinstance(page, HttpResponse):
        return page
    sessions = latest_sessions(request.workspace, page.row.id, 2)
    channels = {channel.id: channel for channel in Channel.objects.filter(workspace=request.workspace)}
    columns = _session_columns(request, sessions)
    context = head(request, page) | _data(request, page, sessions, columns) | {"channels": channels}
    if page.spot.tab == "timeline":
        context |= _timeline(request, page, sessions, columns)
    else:
        context |= _chats(request, page)
    return render(request, "web/user.html", context)


@require_safe
@member(Verb.VIEW)
def place(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Where the person stands in the list one came from, and who is beside them: asked for when the page is there."""
    page = page_of(request, public_id)
    if isinstance(page, HttpResponse):
        return page
    found = _place(page)
    context = {
        "spot": page.spot,
        "total": found.total if found else 0,
        "position": found.before + 1 if found else None,
        "previous": page.spot.of(found.previous).url() if found and found.previous else "",
        "next": page.spot.of(found.next).url() if found and found.next else "",
    }
    return render(request, "web/parts/person_place.html", context)


@require_safe
@member(Verb.VIEW)
def step(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Leads to the next person of the list, or the previous one; at its end to the same one."""
    page = page_of(request, public_id)
    if isinstance(page, HttpResponse):
        return page
    found = _place(page)
    beside = None if found is None else found.previous if request.GET.get("to") == "previous" else found.next
    return redirect((page.spot if beside is None else page.spot.of(beside)).url())


def _place(page: Page) -> query.Place | None:
    audience, view = page.audience, _list(page)
    predicate = audience.predicate(view.node)
    return audience.ask(lambda reader: query.place(reader, predicate, page.row.id, view, audience.catalogue))


def _list(page: Page) -> View:
    """The list one came from. What of it is not understood any more leaves everybody: nothing is done to them here."""
    parsed = page.audience.parse(page.spot.view)
    return View() if parsed.problems else parsed.view.first_page()


def head(request: MemberRequest, page: Page) -> dict[str, Any]:
    """What stands on top of every page about the person."""
    row, moment = page.row, now()
    usual = habit(request.workspace, row.id, row.created_at, moment)
    source = str(row.attributes.get("default_source") or "")
    email = row.attributes.get("default_email")
    return {
        **basics(page),
        **_ways(request, page.spot),
        "face": face(row, "xl"),
        "strip": strip(usual, moment),
        "how_often": how_often(usual, row.chats),
        "email": email,
        "mailto": f"mailto:{quote(str(email), safe='@')}" if email else "",
        "source": source,
        "source_glyph": glyph(source) or "channels",
        "ban": _ban(request, page) if row.banned else None,
    }


def basics(page: Page) -> dict[str, Any]:
    """What every template about the person needs. `hidden` are the fields that its forms send along."""
    return {
        "spot": page.spot,
        "row": page.row,
        "name": name_of(page.row),
        "list_url": users_url(_list(page)) if page.spot.view else users_url(),
        "hidden": page.spot.fields,
    }


def _ways(request: MemberRequest, spot: Spot) -> dict[str, str]:
    """Where the links of the page lead."""
    return {
        "place_url": spot.url("user-place"),
        "previous_url": spot.url("user-step", to="previous"),
        "next_url": spot.url("user-step", to="next"),
        "segments_url": spot.url("user-segments"),
        "add_url": spot.url("user-add"),
        "note_url": spot.url("user-note"),
        "merge_url": spot.url("user-merge"),
        "everything_url": spot.url("user-everything"),
        "erase_url": spot.url("user-erase"),
        "chats_url": spot.on("chats").url(),
        "timeline_url": spot.on("timeline").url(),
        "share": absolute(request, Spot(spot.public_id).url()),
    }


def _ban(request: MemberRequest, page: Page) -> dict[str, Any]:
    """Who banned the person and when, and what was refused since."""
    found = banned_by(request.workspace, page.row.id)
    if found is None:
        return {}
    count, last = refused_since(request.workspace, page.row.id, found.at)
    return {"who": called(request, [found.actor])[found.actor], "at": found.at, "refused": count, "last_refused": last}


def _data(request: MemberRequest, page: Page, sessions: list[Chat], columns: dict[str, Column]) -> dict[str, Any]:
    row, catalogue, spot = page.row, page.audience.catalogue, page.spot
    latest, former = (*sessions, None, None)[:2]
    given, corrected = recent_origins(request.workspace, row.id, latest)
    names = called(request, {origin.actor for origin in (*given.values(), *corrected.values())})
    said = told(given, names)
    return {
        "main": main_data(row, catalogue, said, spot),
        "more": more_data(row, catalogue, said, spot),
        "latest": latest,
        "former": former,
        "add_url_of_session": spot.url("user-add", chat=latest.public_id) if latest else "",
        "no_session": _why_empty(latest, corrected) if latest else "",
        "session": session_data(latest, former, columns, told(corrected, names), spot) if latest else [],
        "missing": missing_data(latest, former, columns) if latest else [],
        "segments": _segments(page),
        "segment_count": len(catalogue.segment_names),
    }


def _segments(page: Page) -> list[tuple[str, ListedSegment]]:
    """The person's segments by name, each with its public id."""
    catalogue = page.audience.catalogue
    mine = {to_public(row_id): one for row_id, one in (catalogue.segments or {}).items() if row_id in page.row.segments}
    return [(public_id, mine[public_id]) for public_id in catalogue.segment_names if public_id in mine]


def _why_empty(chat: Chat, corrected: Mapping[str, Origin]) -> str:
    """Why nothing is shown of what a chat collected, if nothing is."""
    if chat.attributes:
        return _("What the latest chat collected is hidden in Settings.")
    return _("What the latest chat collected was removed.") if corrected else _("The latest chat collected nothing.")


def _session_columns(request: MemberRequest, sessions: list[Chat]) -> dict[str, Column]:
    keys = {key for chat in sessions for key in chat.attributes}
    found = Attribute.objects.filter(workspace=request.workspace, scope=Scope.SESSION, key__in=keys)
    return session_columns(found, sessions)


def _chats(request: MemberRequest, page: Page) -> dict[str, Any]:
    """A page of chats, and what follows them: `chats` in the address is the chat that the page before ended with."""
    mark = from_public(request.GET.get("chats", ""))
    found = chats_before(request.workspace, page.row.id, mark, SIZE + 1)
    older = page.spot.url(chats=found[SIZE - 1].public_id) if len(found) > SIZE else ""
    return {"weeks": by_week(found[:SIZE]), "older": older, "first_page": mark is None}


def _timeline(request: MemberRequest, page: Page, sessions: list[Chat], columns: dict[str, Column]) -> dict[str, Any]:
    """A page of the timeline; `before` in the address is where the page before ended."""
    mark = Mark.read(request.GET.get("before", ""))
    stretch = timeline(request.workspace, page.row.id, page.spot.show, mark)
    told = lines(request, page, stretch.events, columns, sessions)
    return {
        "days": by_day(told, lambda line: line.at),
        "first_day": None
        if stretch.next or page.spot.show != Show.EVERYTHING
        else day_words(_day(page.row.created_at)),
        "older": page.spot.url(before=str(stretch.next)) if stretch.next else "",
        "first_page": mark == Mark(),
        "shows": [(show, page.spot.on("timeline", show).url(), _SHOWN[show]()) for show in Show],
        "new_note": to_public(new_id()),
    }


def _day(moment: dt.datetime) -> dt.date:
    return timezone.localtime(moment).date()


_SHOWN: dict[Show, Callable[[], str]] = {
    Show.EVERYTHING: lambda: _("Everything"),
    Show.CHANGES: lambda: _("Changes only"),
    Show.SEGMENTS: lambda: _("Segments"),
    Show.CHATS: lambda: _("Chats"),
    Show.NOTES: lambda: _("Notes"),
}
