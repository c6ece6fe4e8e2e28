"""The filter builder: a page of plain links and a form, and the parts of it that the page with JavaScript fetches."""

from itertools import groupby
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from coterie.accounts.permissions import Verb
from coterie.audience import query
from coterie.audience.audience import Audience, audience_of
from coterie.audience.columns import Group, Type
from coterie.audience.moments import UNITS
from coterie.audience.recent import remember
from coterie.audience.tree import FilterError
from coterie.core.ids import to_public
from coterie.segments.catalogue import names
from coterie.web.draft import PRESETS, Draft
from coterie.web.links import filter_url, go_to, users_url
from coterie.web.members import MemberRequest, member
from coterie.web.stale import explained
from coterie.web.suggesting import segment_choices, suggestions


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
    audience = audience_of(request.workspace)
    draft = Draft.read(request.GET, audience)
    context = {"draft": draft, "suggestions": suggestions(draft, audience) if draft.suggests else []}
    return render(request, "web/parts/suggestions.html", context)


@require_safe
@member(Verb.VIEW)
def count(request: MemberRequest) -> HttpResponseBase:
    """How many people the list would show with this filter."""
    audience = audience_of(request.workspace)
    return render(request, "web/parts/filter_count.html", _count(audience, Draft.read(request.GET, audience)))


def _count(audience: Audience, draft: Draft) -> dict[str, Any]:
    """The numbers of the preview: with the filter, and of whom. Without a finished filter only the latter."""
    base = audience.predicate(draft.rest)
    try:
        predicate = audience.predicate(draft.applied(draft.check(audience)).node)
    except FilterError:
        return {"of": audience.ask(lambda reader: query.count(reader, base))}
    matching, of = audience.ask(lambda reader: (query.count(reader, predicate), query.count(reader, base)))
    return {"matching": matching, "of": of}


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
    }
    if draft.suggests:
        context["suggestions"] = suggestions(draft, audience)
    elif draft.column is not None and draft.column.type == Type.SEGMENT:
        sizes = {to_public(row_id): people for row_id, people in audience.segment_sizes().items()}
        context["suggestions"] = segment_choices(draft, names(request.workspace), sizes)
    return render(request, "web/filter.html", context | _count(audience, draft), status=status)


def _groups(audience: Audience, draft: Draft) -> list[tuple[str, list[dict[str, Any]]]]:
    """The attributes by group, each with the link that chooses it."""
    return [
        (
            group,
            [
                {
                    "column": column,
                    "url": filter_url(draft.view, attribute=column.key, **draft.place),
                    "chosen": column == draft.column,
                }
                for column in columns
            ],
        )
        for group, columns in groupby(_ordered(audience), key=lambda column: column.group)
    ]


def _ordered(audience: Audience) -> list[Any]:
    """As listed in the catalogue, but segments last: below the custom attributes, as the design has it."""
    offered = (column for column in audience.catalogue.columns if column.group != Group.COMPUTED)
    return sorted(offered, key=lambda column: column.type == Type.SEGMENT)
