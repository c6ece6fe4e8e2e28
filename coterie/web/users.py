"""The Users page: who chatted with the bots, narrowed and ordered by the view in the URL."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import quote, unquote, urlencode
from zlib import crc32

import duckdb
from django.core.cache import cache
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRedirect

from coterie.accounts.permissions import Verb, may
from coterie.audience import query
from coterie.audience.audience import Audience, audience_of
from coterie.audience.compiler import EVERYBODY, Predicate
from coterie.audience.cursor import Cursor
from coterie.audience.recent import remember
from coterie.audience.saved import opens_with
from coterie.audience.sentence import sentence
from coterie.audience.tree import FilterError
from coterie.audience.turns import hurrying
from coterie.audience.view import DEFAULT_SORT, Parsed, View
from coterie.channels.models import Channel
from coterie.core.clock import now
from coterie.core.ids import from_public, to_public
from coterie.segments.models import Kind, Segment
from coterie.web.cells import Sheet, row_html
from coterie.web.chips import HARMLESS, Refused, chips_of
from coterie.web.layout import DENSITIES, SIZES, Layout, layout_of
from coterie.web.links import (
    absolute,
    columns_url,
    filter_url,
    go_to,
    go_to_query,
    is_canonical,
    raw_query,
    users_url,
    views_url,
    with_query,
)
from coterie.web.members import MemberRequest, member
from coterie.web.opening import comes_from_elsewhere, views_button
from coterie.web.sorting import headings, sort_options
from coterie.web.sparks import weeks_of

# Seconds for page and number together. If that takes longer, the page comes first and the number follows.
PATIENCE = 0.4
# How long it is known that counting does.
_SLOW = 600
T = TypeVar("T")


@require_safe
@member(Verb.VIEW)
def users(request: MemberRequest) -> HttpResponseBase:
    """The list in the view of the URL; without one, in the view that the member's list opens with."""
    raw = raw_query(request)
    if not raw and (first := opens_with(request.member)) is not None:
        return go_to_query(first.query)
    audience = audience_of(request.workspace)
    parsed = audience.parse(raw)
    predicate, broken = understood(audience, parsed)
    # What the list alone is asked for by script says its own address in a header, instead of asking twice.
    part = (request.htmx.target or "").endswith("#list")
    if predicate is None and part:  # What is wrong takes the whole page to explain.
        return HttpResponseClientRedirect(request.get_full_path())
    if predicate is None:
        return _refused(request, audience, parsed.view, broken)
    if raw and not part and not parsed.problems and not is_canonical(raw, parsed.view):
        return go_to(parsed.view)
    if comes_from_elsewhere(request):
        remember(request.member, parsed.view)
    layout = layout_of(request.member, parsed.view, audience.catalogue)
    parsed, found, everybody = _found(audience, predicate, parsed, layout.size)
    if not everybody:
        return _nobody_yet(request)
    context = _list_context(request, audience, parsed, found, layout) | {"everybody": everybody}
    context |= views_button(request, parsed.view.first_page().query) | _editing(request, parsed.view)
    response = render(request, "web/users.html", context)
    if part and not parsed.problems:
        response["HX-Replace-Url"] = users_url(parsed.view)
    return response


@require_safe
@member(Verb.VIEW)
def count(request: MemberRequest) -> HttpResponse:
    """How many people a view has, for a page whose count took too long to wait for."""
    audience = audience_of(request.workspace)
    parsed = audience.parse(request.GET.get("view", ""))
    predicate, _broken = understood(audience, parsed)
    total = None if predicate is None else audience.ask(lambda reader: query.count(reader, predicate))
    everybody = audience.replica.everybody()
    context = {"total": total, "back": users_url(parsed.view), "filters": True, "everybody": everybody}
    return render(request, "web/count.html", context, status=200 if total is not None else 422)


def understood(audience: Audience, parsed: Parsed) -> tuple[Predicate | None, list[FilterError]]:
    """The compiled filter; None, and what is wrong, when any part of it is not understood: never a guess."""
    broken = [problem for problem in parsed.problems if problem.where not in HARMLESS]
    if not broken:
        try:
            return audience.predicate(parsed.view.node), []
        except FilterError as error:
            broken.append(error)
    return None, broken


def _found(audience: Audience, predicate: Predicate, parsed: Parsed, size: int) -> tuple[Parsed, query.Page, int]:
    """(what is shown, its page, the number of all people), both of one moment. Past the end it is the first page."""

    def question(reader: duckdb.DuckDBPyConnection, counting: bool = True) -> tuple[int, query.Page]:
        everybody = query.count(reader, EVERYBODY)
        return everybody, query.page(reader, predicate, parsed.view, audience.catalogue, size, counting=counting)

    everybody, page = _in_time(
        audience, question, f"slow:{audience.workspace.pk}:{crc32(repr(parsed.view.node).encode())}"
    )
    if page.rows or parsed.view.after is None:
        return parsed, page, everybody
    gone = FilterError("after", _("nobody comes after this page any more; showing the first page."))
    return _found(audience, predicate, Parsed(parsed.view.first_page(), (*parsed.problems, gone)), size)


def _in_time(audience: Audience, question: Callable[..., T], slow: str) -> T:
    """The answer, uncounted if counting takes too long. Whoever goes on in such a view is not kept waiting again."""
    if cache.get(slow) is None:
        try:
            return audience.ask(hurrying(question, PATIENCE))
        except duckdb.InterruptException:
            begun = monotonic()
            answer = audience.ask(partial(question, counting=False))
            # A page that takes nearly as long alone is worth another try: what is read for the first time takes longer.
            if not PATIENCE / 2 < monotonic() - begun < PATIENCE:
                cache.set(slow, True, _SLOW)
            return answer
    return audience.ask(partial(question, counting=False))


@dataclass(frozen=True, slots=True)
class Paging:
    """ "Showing 51–100 of 1,234" and where to go from there."""

    first: int
    last: int
    total: int | None
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


def _list_context(
    request: MemberRequest, audience: Audience, parsed: Parsed, page: query.Page, layout: Layout
) -> dict[str, Any]:
    view, catalogue = parsed.view, audience.catalogue
    start = view.first_page()
    return {
        "view": view,
        "chips": chips_of(view, catalogue),
        "filters": len(view.children),
        "narrowed": view.node is not None,
        "said": sentence(view.filter, catalogue) if len(view.children) > 1 else "",
        "matches": {match: users_url(view.matching(match)) for match in ("all", "any")},
        "clear": users_url(replace(start, match="all", children=())),
        "all_of_them": users_url(View(sort=view.sort, columns=view.columns, editing=view.editing)),
        "add": filter_url(view),
        "add_group": filter_url(view, into="all" if view.match == "any" else "any"),
        "choose_columns": columns_url(view),
        "save_as_segment": views_url("save-as-segment", start.query),
        "export_url": with_query(reverse("export-confirm"), f"view={quote(start.query, safe='')}"),
        "list_query": replace(start, sort=DEFAULT_SORT, columns=None).query,
        "hidden": _hidden(view),
        "headings": headings(view, layout.columns, catalogue),
        "sort_options": sort_options(view, layout.columns, catalogue),
        "layout": layout,
        "sizes": SIZES,
        "densities": DENSITIES,
        "rows": _rows(request, audience, page, layout, start),
        "shown": len(page.rows),
        "paging": _paging(view, page),
        "notices": [problem.message for problem in parsed.problems],
        "total": page.total,
        "count_url": with_query(reverse("count"), f"view={quote(start.query, safe='')}"),
        "revision": request.workspace.revision,
        "segment_count": len(catalogue.segment_names),
        "share": absolute(request, users_url(replace(start.showing(layout.keys), editing=""))),
    }


def _editing(request: MemberRequest, view: View) -> dict[str, Any]:
    """The live segment whose rule is being edited, with where its rule becomes the filter of the list."""
    if not view.editing or not may(request.member, Verb.EDIT_SEGMENTS):
        return {}
    segment = Segment.objects.filter(
        workspace=request.workspace, id=from_public(view.editing) or 0, kind=Kind.RULE
    ).first()
    if segment is None:
        return {}
    return {
        "editing": segment,
        "update_url": with_query(
            reverse("segment-rule", args=[segment.public_id]), f"view={quote(view.first_page().query, safe='')}"
        ),
        "stop_editing": users_url(replace(view, editing="")),
    }


def _rows(
    request: MemberRequest,
    audience: Audience,
    page: query.Page,
    layout: Layout,
    listed: View,
) -> list[str]:
    moment = now()
    live = {to_public(row_id) for row_id, one in (audience.catalogue.segments or {}).items() if one.rule is not None}
    charted = any(column.key == "chats" for column in layout.columns)
    weeks = weeks_of(request.workspace, [row.id for row in page.rows], moment) if charted else {}
    pick, query_of = may(request.member, Verb.EDIT_SEGMENTS), urlencode({"view": listed.query})
    came_from = "" if listed == View() else f"?{query_of}"
    sheet = Sheet(layout.columns, audience.catalogue.segment_names, live, weeks, moment, pick, came_from)
    return [row_html(row, sheet) for row in page.rows]


def _hidden(view: View) -> list[tuple[str, str]]:
    """The view as fields of a form, ready to be encoded: without its page, its order and its search."""
    printed = replace(view.first_page(), sort=DEFAULT_SORT, search="").query
    pairs = (part.partition("=") for part in printed.split("&"))
    return [(name, value if name == "f" else unquote(value)) for name, _equals, value in pairs]


def _at(view: View, after: Cursor | None = None, before: Cursor | None = None) -> View:
    return replace(view, after=after, before=before)


def _refused(request: MemberRequest, audience: Audience, view: View, broken: list[FilterError]) -> HttpResponse:
    """A full page that lists nobody: a filter that is not understood must never mean everybody."""
    raw = raw_query(request)
    refused = Refused(raw, view, broken, audience.catalogue)
    context = {"chips": refused.chips(), "problems": refused.problems(), "view": view, "match": view.match}
    context |= views_button(request, raw)
    return render(request, "web/users_refused.html", context, status=422)


def _nobody_yet(request: MemberRequest) -> HttpResponse:
    """Nobody has chatted yet: how to begin. The address of an API channel is its credential, so few see it."""
    channels = {channel.kind: channel for channel in Channel.objects.filter(workspace=request.workspace, off_at=None)}
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
