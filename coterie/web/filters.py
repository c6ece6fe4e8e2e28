"""The filter builder: a page of plain links and a form, and the parts of it that the page with JavaScript fetches.

With JavaScript the builder shows at once; numbers, suggestions and the histogram follow. Without it they are there from
the beginning.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import quote

import duckdb
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from coterie.accounts.permissions import Verb
from coterie.audience import query
from coterie.audience.audience import Audience, audience_of
from coterie.audience.columns import Column, Group, Type
from coterie.audience.compiler import Predicate
from coterie.audience.histogram import Histogram, histogram, mark_of
from coterie.audience.moments import UNITS
from coterie.audience.recent import remember
from coterie.audience.sentence import sentence
from coterie.audience.tree import Condition, FilterError
from coterie.audience.turns import Superseded, take_turn
from coterie.core.clock import UTC
from coterie.web.draft import PRESETS, Draft
from coterie.web.histogram import picture
from coterie.web.links import filter_url, go_to, users_url, whole
from coterie.web.members import MemberRequest, member
from coterie.web.stale import explained
from coterie.web.suggesting import awaited, suggestions

# Times before that cannot be told in every time zone, and need not.
_LONG_AGO = 1000
_NOBODY = Predicate("false", ())


@require_safe
@member(Verb.VIEW)
def builder(request: MemberRequest) -> HttpResponseBase:
    """Choose an attribute, a rule of its type and values."""
    audience = audience_of(request.workspace)
    if elsewhere := explained(request, audience, request.GET.get("view", "")):
        return elsewhere
    return _builder(request, audience, Draft.read(request.GET, audience))


@require_safe
@member(Verb.VIEW)
def apply(request: MemberRequest) -> HttpResponseBase:
    """The finished condition leads to the list; one that is not finished, back to the builder."""
    audience = audience_of(request.workspace)
    if elsewhere := explained(request, audience, request.GET.get("view", "")):
        return elsewhere
    draft = Draft.read(request.GET, audience)
    try:
        view = draft.applied(draft.check(audience))
        audience.predicate(view.node)
    except FilterError as error:
        return _builder(request, audience, draft, error.message, status=422)
    remember(request.member, view)
    return go_to(view)


@require_safe
@member(Verb.VIEW)
def values(request: MemberRequest) -> HttpResponseBase:
    """The suggestions for what was typed so far."""

    def answer(audience: Audience, draft: Draft) -> HttpResponse:
        context = {"draft": draft, "suggestions": suggestions(draft, audience)}
        return render(request, "web/parts/suggestions.html", context)

    return _newest(request, answer)


@require_safe
@member(Verb.VIEW)
def count(request: MemberRequest) -> HttpResponseBase:
    """What the filter means so far: how many people the list would show, the words, the histogram."""

    def answer(audience: Audience, draft: Draft) -> HttpResponse:
        context = {"draft": draft, "zone": request.workspace.time_zone, "fresh": True} | _meaning(audience, draft)
        return render(request, "web/parts/filter_meaning.html", context)

    return _newest(request, answer)


def _newest(request: MemberRequest, answer: Callable[[Audience, Draft], HttpResponse]) -> HttpResponse:
    """The answer; 204 when the same builder has meanwhile asked something newer. Its script counts its questions."""
    audience = audience_of(request.workspace)
    draft = Draft.read(request.GET, audience)
    editor = request.GET.get("editor", "")[:40]
    if not editor:
        return answer(audience, draft)
    try:
        with take_turn((request.member.pk, request.path, editor), whole(request.GET.get("turn")) or 0) as turn:
            return answer(audience.within(turn), draft)
    except Superseded:
        return HttpResponse(status=204)


@dataclass(frozen=True, slots=True)
class _Numbers:
    """Of the preview: how many people the list would show, of how many. None while the filter is not finished."""

    matching: int | None
    of: int
    seen: Histogram | None


def _meaning(audience: Audience, draft: Draft) -> dict[str, Any]:
    """The numbers of the preview, the condition in words, and the histogram of a time."""
    condition = _finished(audience, draft)
    numbers = _numbers(audience, draft, condition)
    column = draft.column
    found: dict[str, Any] = {"matching": numbers.matching, "of": numbers.of}
    if condition is not None and column is not None:
        found["sentence"] = sentence(condition, audience.catalogue)
        if draft.takes == "amount":
            since = audience.moments.ago(condition.values[0])
            found["since"] = since.replace(tzinfo=UTC) if since.year > _LONG_AGO else None
    if numbers.seen is not None and column is not None:
        found["picture"] = picture(numbers.seen, column)
    return found


def _finished(audience: Audience, draft: Draft) -> Condition | None:
    """The condition, if it can be applied."""
    try:
        condition = draft.check(audience)
        audience.predicate(draft.applied(condition).node)
    except FilterError:
        return None
    return condition


def _numbers(audience: Audience, draft: Draft, condition: Condition | None) -> _Numbers:
    base, moments = audience.predicate(draft.rest), audience.moments
    whole_filter = None if condition is None else audience.predicate(draft.applied(condition).node)
    chosen = _NOBODY if condition is None else audience.predicate(condition)
    mark = mark_of(condition, moments) if condition is not None and draft.pictured else None

    def question(reader: duckdb.DuckDBPyConnection) -> _Numbers:
        matching = None if whole_filter is None else query.count(reader, whole_filter)
        of, seen = query.count(reader, base), None
        if draft.pictured and draft.column is not None:
            seen = histogram(reader, base, chosen, draft.column, moments, mark)
        return _Numbers(matching, of, seen)

    return audience.ask(question)


def _builder(
    request: MemberRequest, audience: Audience, draft: Draft, error: str = "", status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {
        "draft": draft,
        "error": error,
        "groups": _groups(audience, draft),
        "view_query": draft.view.first_page().query,
        "again": filter_url(draft.view, **draft.place),
        "back": users_url(draft.view.first_page()),
        "presets": PRESETS,
        "units": UNITS,
        "zone": request.workspace.time_zone,
        "waiting": bool(request.htmx),
    }
    if request.htmx:
        context["suggestions"] = awaited(draft, audience)
    else:
        context |= {"suggestions": suggestions(draft, audience)} | _meaning(audience, draft)
    return render(request, "web/filter.html", context, status=status)


def _groups(audience: Audience, draft: Draft) -> list[tuple[str, list[dict[str, Any]]]]:
    """The attributes by group, each with the link that chooses it."""
    # Printed once: there may be thousands of attributes.
    address = filter_url(draft.view, **draft.place)
    return [
        (
            group,
            [
                {
                    "column": column,
                    "url": f"{address}&attribute={quote(column.key, safe='')}",
                    "chosen": column == draft.column,
                }
                for column in columns
            ],
        )
        for group, columns in groupby(_ordered(audience), key=lambda column: column.group)
    ]


def _ordered(audience: Audience) -> list[Column]:
    """As listed in the catalogue, but segments last: below the custom attributes, as the design has it."""
    offered = (column for column in audience.catalogue.columns if column.group != Group.COMPUTED)
    return sorted(offered, key=lambda column: column.type == Type.SEGMENT)
