"""The same human twice: who that may be and why, the two side by side, merging them and taking them apart again."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from coterie.accounts.permissions import Verb
from coterie.audience.columns import Column
from coterie.audience.rows import Row, rows
from coterie.audience.tree import Condition, FilterError
from coterie.core.ids import from_public
from coterie.core.text import clean
from coterie.merging import merge as merging
from coterie.merging.merge import NotPossible
from coterie.merging.split import merged_into
from coterie.merging.split import split as take_apart
from coterie.merging.suggesting import Evidence, Sort, count_suggestions, suggestions
from coterie.people.finding import find_person
from coterie.people.many import same
from coterie.people.models import Person
from coterie.web.actors import called
from coterie.web.cells import value_html
from coterie.web.members import MemberRequest, member
from coterie.web.people import face, name_of, name_of_share
from coterie.web.person import basics
from coterie.web.spot import Page, page_of, post_only

# In front of an attribute's key: whose value is to be kept.
_CHOICE = "keep."
OTHER = "other"
_TWO = 2


@dataclass(frozen=True, slots=True)
class Side:
    """One attribute of the two: a choice only where both have a value and the values differ."""

    column: Column
    mine: SafeString | str
    theirs: SafeString | str
    is_choice: bool
    takes_theirs: bool


@require_http_methods(["GET", "HEAD", "POST"])
@member(Verb.EDIT_PEOPLE)
def merge(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Who may be the same, or (`with`) the two side by side; as a post, they become one: the person of the address."""
    page = page_of(request, public_id, "user-merge")
    if isinstance(page, HttpResponse):
        return page
    if request.method == "POST":
        return _merge(request, page)
    wanted = clean(request.GET.get("with", ""))
    if not wanted:
        return _suggest(request, page)
    other = _other(request, page, wanted)
    if other is None:
        return _suggest(request, page, wanted, _("Nobody else has this id, user id or e-mail address."))
    return _side_by_side(request, page, other)


@require_safe
@member(Verb.EDIT_PEOPLE)
def twins(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """How many may be the same human: for the menu, which asks when it opens."""
    page = page_of(request, public_id, "user-twins")
    if isinstance(page, HttpResponse):
        return page
    return render(request, "web/parts/twins.html", {"twins": count_suggestions(request.workspace, page.row.id)})


@member(Verb.EDIT_PEOPLE)
@post_only
def split(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Takes somebody (`person`) out of this person again."""
    page = page_of(request, public_id)
    if isinstance(page, HttpResponse):
        return page
    try:
        take_apart(request.workspace, request.actor, page.row.id, from_public(request.POST.get("person", "")) or 0)
    except NotPossible as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("They are two people again; each has what is theirs."))
    return redirect(page.spot.url("user-merge"))


def _merge(request: MemberRequest, page: Page) -> HttpResponse:
    other = _other(request, page, request.POST.get("with", ""))
    if other is None:
        return _suggest(request, page, error=_("The other person is not there any more. Look again."))
    taken = {
        name.removeprefix(_CHOICE)
        for name, value in request.POST.items()
        if name.startswith(_CHOICE) and value == OTHER
    }
    try:
        merging.merge(request.workspace, request.actor, page.row.id, other.id, taken)
    except NotPossible as problem:
        return _side_by_side(request, page, other, str(problem))
    undo = page.spot.url("user-split", person=other.public_id)
    messages.success(request, _("Merged. The former address of the other leads here."), extra_tags=undo)
    return redirect(page.spot.url())


def _other(request: MemberRequest, page: Page, wanted: str) -> Row | None:
    """Somebody else, by id, user id or e-mail address; None when there is nobody, or several have the address."""
    wanted = clean(wanted)
    person_id = find_person(request.workspace.pk, wanted)
    if person_id is None:
        people = Person.objects.filter(workspace=request.workspace, user_id=wanted)
        person_id = people.values_list("id", flat=True).first()
    if person_id is None and "@" in wanted:
        ids = [one for one in _with_email(page, wanted) if one != page.row.id]
        person_id = ids[0] if len(ids) == 1 else None
    if person_id is None or person_id == page.row.id:
        return None
    return next(iter(rows(page.audience.catalogue, [person_id])), None)


def _with_email(page: Page, email: str) -> list[int]:
    node = Condition("default_email", "is", (email,))
    try:
        # Whoever has it themselves, and one other: more would not say who is meant.
        return page.audience.matching_ids(node) if page.audience.count(node) <= _TWO else []
    except FilterError:
        return []


def _head(page: Page) -> dict[str, Any]:
    return {**basics(page), "face": face(page.row), "merge_url": page.spot.url("user-merge")}


def _suggest(request: MemberRequest, page: Page, wanted: str = "", error: str = "") -> HttpResponse:
    suggested = suggestions(request.workspace, page.row.id)
    people = {row.id: row for row in rows(page.audience.catalogue, [one.person_id for one in suggested])}
    actors = called(
        request,
        [who for one in suggested for proof in one.evidence for who in (proof.told, proof.told_of_other) if who],
    )
    context = {
        **_head(page),
        "suggested": [
            (
                page.spot.url("user-merge", **{"with": people[one.person_id].public_id}),
                name_of(people[one.person_id]),
                face(people[one.person_id]),
                [_words(proof, actors) for proof in one.evidence],
            )
            for one in suggested
            if one.person_id in people
        ],
        "merged": [(share, name_of_share(share)) for share in merged_into(request.workspace, page.row.id)],
        "wanted": wanted,
        "error": error,
    }
    return render(request, "web/user_merge.html", context, status=422 if error and request.method == "POST" else 200)


def _words(proof: Evidence, actors: dict[str, str]) -> str:
    match proof.sort:
        case Sort.EMAIL:
            words = _("Both have the e-mail address %(value)s")
        case Sort.USERNAME:
            words = _("Both have the username %(value)s")
        case Sort.ADDRESS:
            words = _("Both are known by the id %(value)s, on different channels or to your own systems")
    said = words % {"value": proof.value}
    if not proof.told or not proof.told_of_other:
        return f"{said}."
    who = {"one": _source(proof.told, actors), "other": _source(proof.told_of_other, actors)}
    return _("%(said)s: here it was set by %(one)s, there by %(other)s.") % {"said": said, **who}


def _source(actor: str, actors: dict[str, str]) -> str:
    return _("a channel") if actor.startswith("channel:") else actors.get(actor, actor)


def _side_by_side(request: MemberRequest, page: Page, other: Row, error: str = "") -> HttpResponse:
    context = {
        **_head(page),
        "other": other,
        "other_name": name_of(other),
        "other_face": face(other),
        "sides": _sides(request, page, other),
        "keep": _CHOICE,
        "other_way": page.spot.of(other.id).url("user-merge", **{"with": page.row.public_id}),
        "error": error,
    }
    return render(request, "web/user_merge_with.html", context, status=422 if error else 200)


def _sides(request: MemberRequest, page: Page, other: Row) -> list[Side]:
    sides = []
    for column in page.audience.catalogue.columns:
        mine, theirs = page.row.attributes.get(column.key), other.attributes.get(column.key)
        if mine is None and theirs is None:
            continue
        choice = mine is not None and theirs is not None and not same(mine, theirs)
        taken = mine is None or (choice and request.POST.get(f"{_CHOICE}{column.key}") == OTHER)
        shown_mine = value_html(page.row, column) if mine is not None else ""
        shown_theirs = value_html(other, column) if theirs is not None else ""
        sides.append(Side(column, shown_mine, shown_theirs, choice, taken))
    return sorted(sides, key=lambda side: not side.is_choice)
