"""Saved views and recent filters in words."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.text import capfirst

from coterie.audience.audience import Audience
from coterie.audience.columns import Catalogue
from coterie.audience.models import SavedView
from coterie.audience.saved import MAX_NAME, digest_of, may_change, opens_with, views_of
from coterie.audience.sentence import sentence
from coterie.audience.view import DEFAULT_SORT, View
from coterie.web.links import views_url, with_query
from coterie.web.members import MemberRequest
from coterie.web.sorting import sort_options
from coterie.web.users import understood


@dataclass(frozen=True, slots=True)
class Said:
    """A query string in words: who is listed, in which order. `doubt` says what of it is no longer there."""

    view: View
    words: str
    order: str
    doubt: str
    is_understood: bool

    @property
    def has_own_order(self) -> bool:
        """Whether the order is not the usual one."""
        return self.view.sort != DEFAULT_SORT


@dataclass(frozen=True, slots=True)
class Listed:
    """One row. `edit` leads to its form; empty when the member may not change it."""

    saved: SavedView
    said: Said
    url: str
    edit: str
    is_shown: bool
    opens: bool


class Words:
    """Puts query strings of one workspace into words."""

    def __init__(self, audience: Audience) -> None:
        self._audience = audience

    def say(self, query: str) -> Said:
        """Of a view that is not understood, only what is wrong with it."""
        parsed = self._audience.parse(query)
        predicate, broken = understood(self._audience, parsed)
        problems = broken or parsed.problems
        if predicate is None:
            return Said(parsed.view, "", "", problems[0].message, False)
        view, catalogue = parsed.view, self._audience.catalogue
        doubt = problems[0].message if problems else ""
        words = capfirst(sentence(view.node, catalogue))
        return Said(view, words, _order(view, catalogue), doubt, True)


def listed(request: MemberRequest, words: Words, query: str) -> list[Listed]:
    """All views that the member sees, their own ones first. `query` is the list's, which one of them may be."""
    first, shown = opens_with(request.member), digest_of(query) if query else ""
    return [
        Listed(
            saved,
            words.say(saved.query),
            with_query(reverse("users"), saved.query),
            views_url("view-edit", query, id=saved.public_id) if may_change(request.member, saved) else "",
            saved.digest == shown,
            first is not None and saved.id == first.id,
        )
        for saved in views_of(request.member)
    ]


def suggested_name(said: Said) -> str:
    """What a view might be called: what it says, as far as a name is long."""
    words = said.words
    if said.has_own_order:
        words = f"{words}, {said.order[:1].lower()}{said.order[1:]}"
    return words if len(words) <= MAX_NAME else words[: MAX_NAME - 1] + "…"


def _order(view: View, catalogue: Catalogue) -> str:
    return next(option.words for option in sort_options(view, (), catalogue) if option.chosen)
