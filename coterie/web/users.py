"""The Users page: who chatted with the bots, narrowed and ordered by the view in the URL."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

import duckdb
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from coterie.accounts.permissions import Verb, may
from coterie.audience import query
from coterie.audience.audience import Audience, audience_of
from coterie.audience.compiler import EVERYBODY, Predicate
from coterie.audience.cursor import Cursor
from coterie.audience.tree import FilterError
from coterie.audience.view import DEFAULT_SORT, Parsed, View
from coterie.channels.models import Channel
from coterie.core.clock import now
from coterie.segments.catalogue import names
from coterie.web.chips import HARMLESS, Refused, chips_of
from coterie.web.links import filter_url, go_to, is_canonical, raw_query, users_url
from coterie.web.members import MemberRequest, member
from coterie.web.people import listed
from coterie.web.sorting import headings, sort_options

PAGE_SIZE = 50


@require_safe
@member(Verb.VIEW)
def users(request: MemberRequest) -> HttpResponseBase:
    """The list in the view of the URL."""
    audience = audience_of(request.workspace)
    raw = raw_query(request)
    parsed = audience.parse(raw)
    predicate, broken = understood(audience, parsed)
    if predicate is None:
        return _refused(request, audience, parsed.view, broken)
    if not parsed.problems and not is_canonical(raw, parsed.view):
        return go_to(parsed.view)
    found, everybody = audience.ask(lambda reader: _answer(reader, predicate, audience, parsed.view))
    if not everybody:
        return _nobody_yet(request)
    context = _list_context(request, audience, parsed, found)
    return render(request, "web/users.html", context | {"everybody": everybody})


def understood(audience: Audience, parsed: Parsed) -> tuple[Predicate | None, list[FilterError]]:
    """The compiled filter; None, and what is wrong, when any part of it is not understood: never a guess."""
    broken = [problem for problem in parsed.problems if problem.where not in HARMLESS]
    if not broken:
        try:
            return audience.predicate(parsed.view.node), []
        except FilterError as error:
            broken.append(error)
    return None, broken


def _answer(
    reader: duckdb.DuckDBPyConnection, predicate: Predicate, audience: Audience, view: View
) -> tuple[query.Page, int]:
    """The page and the number of all people, of one moment."""
    page = query.page(reader, predicate, view, audience.catalogue, PAGE_SIZE)
    return page, page.total if predicate is EVERYBODY else query.count(reader, EVERYBODY)


@dataclass(frozen=True, slots=True)
class Paging:
    """ "Showing 51–100 of 1,234" and where to go from there."""

    first: int
    last: int
    total: int
    previous: str
    next: str


def _paging(view: View, page: query.Page) -> Paging:
    start = view.first_page()
    return Paging(
        first=page.first,
        last=page.first + len(page.rows) - 1 if page.rows else 0,
        total=page.total,
        previous=users_url(_at(start, before=page.previous)) if page.previous else "",
        next=users_url(_at(start, after=page.next)) if page.next else "",
    )


def _list_context(request: MemberRequest, audience: Audience, parsed: Parsed, page: query.Page) -> dict[str, Any]:
    view, moment = parsed.view, now()
    segments = names(request.workspace)
    return {
        "view": view,
        "chips": chips_of(view, audience.catalogue, segments),
        "filters": len(view.children),
        "matches": {match: users_url(view.matching(match)) for match in ("all", "any")},
        "clear": users_url(View(sort=view.sort)),
        "add": filter_url(view),
        "hidden": _hidden(view),
        "headings": headings(view),
        "sort_options": sort_options(view, audience.catalogue),
        "people": [listed(row, segments, moment) for row in page.rows],
        "paging": _paging(view, page),
        "notices": [problem.message for problem in parsed.problems],
        "total": page.total,
        "revision": request.workspace.revision,
        "segment_count": len(segments),
        "share": request.build_absolute_uri(users_url(view.first_page())),
    }


def _hidden(view: View) -> list[tuple[str, str]]:
    """The filter as fields of the sort form."""
    pairs = (
        part.partition("=") for part in replace(view.first_page(), sort=DEFAULT_SORT, match="all").query.split("&")
    )
    return [(name, unquote(value) if name == "q" else value) for name, _equals, value in pairs if name in ("f", "q")]


def _at(view: View, after: Cursor | None = None, before: Cursor | None = None) -> View:
    return replace(view, after=after, before=before)


def _refused(request: MemberRequest, audience: Audience, view: View, broken: list[FilterError]) -> HttpResponse:
    """A full page that lists nobody: a filter that is not understood must never mean everybody."""
    refused = Refused(raw_query(request), view, broken, audience.catalogue)
    segments = names(request.workspace)
    context = {"chips": refused.chips(segments), "problems": refused.problems(), "view": view, "match": view.match}
    return render(request, "web/users_refused.html", context, status=422)


def _nobody_yet(request: MemberRequest) -> HttpResponse:
    """Nobody has chatted yet: how to begin. The address of an API channel is its credential, so few see it."""
    channels = {channel.kind: channel for channel in Channel.objects.filter(workspace=request.workspace)}
    widget, api = channels.get("widget"), channels.get("api")
    origin = request.build_absolute_uri("/").rstrip("/")
    context: dict[str, Any] = {
        "everybody": 0,
        "widget": widget,
        "demo": any(one.settings.get("demo") for one in channels.values()),
    }
    if widget is not None:
        context["widget_text"] = f'<script src="{origin}/widget.js"\n  data-channel="{widget.key}" async></script>'
    if api is not None and may(request.member, Verb.SEE_SECRETS):
        context["api_text"] = (
            f"curl {origin}/channels/api/{api.key} \\\n  --json '"
            '{"userId": "u-1", "message": "hello",\n  "attributes": {"default_name": "Ada"}}'
            "'"
        )
    return render(request, "web/users_empty.html", context)
