"""Filters as chips: each reads as a piece of the sentence, leads to its editor, and can be removed.

A part of the URL that is not understood becomes a chip too, with what is wrong about it and the ways out. The ways out
edit the raw query string, so that they keep everything else of the view, also other broken parts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from urllib.parse import unquote_plus

from django.urls import reverse
from django.utils.translation import gettext as _

from coterie.audience.columns import Catalogue, Column
from coterie.audience.paths import MODES, Path, mode_of, parts_of, path_of
from coterie.audience.rules import RULES
from coterie.audience.sentence import parts, sentence
from coterie.audience.spelling import parse_condition, print_condition
from coterie.audience.tree import Condition, FilterError, Node
from coterie.audience.view import View
from coterie.web.draft import print_path
from coterie.web.links import filter_url, users_url, with_query

# Problems with these parts leave the filter whole: the list is shown, with a notice.
HARMLESS = frozenset({"sort", "after", "before", "columns"})
_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Fix:
    """A link that leads out of a problem."""

    words: str
    url: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one part of the URL, what would be right, and the ways out."""

    where: str
    message: str
    allowed: tuple[str, ...]
    fixes: tuple[Fix, ...]
    suggestion: Column | None = None


@dataclass(frozen=True, slots=True)
class Chip:
    """One condition (or group) of the filter. Without `edit` it can only be removed."""

    lead: str
    value: str
    remove: str
    edit: str = ""
    problem: Problem | None = None
    sentence: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sentence", f"{self.lead} {self.value}".strip())


@dataclass(frozen=True, slots=True)
class Group:
    """Several chips that are joined in their own way: `mode` is "all", "any" or "none". `modes` lead to the others."""

    mode: str
    chips: "tuple[Chip | Group, ...]"
    modes: Mapping[str, str]
    add: str
    remove: str
    sentence: str


def chips_of(view: View, catalogue: Catalogue) -> "list[Chip | Group]":
    """The chips of a view that is understood, groups as groups."""
    return [_part(view, (index,), child, catalogue) for index, child in enumerate(view.children)]


def _part(view: View, path: Path, node: Node, catalogue: Catalogue) -> "Chip | Group":
    remove, mode = users_url(view.without(path)), mode_of(node)
    if mode is None:
        edit = filter_url(view, edit=print_path(path)) if isinstance(node, Condition) else ""
        return _chip(node, catalogue, remove, edit)
    parts = enumerate(parts_of(node))
    chips = tuple(_part(view, path_of(node, path, at), part, catalogue) for at, part in parts)
    inner = (*path, 0) if mode == "none" else path
    return Group(
        mode,
        chips,
        {other: users_url(view.regrouped(path, other)) for other in MODES},
        filter_url(view, into=print_path(inner)),
        remove,
        sentence(node, catalogue),
    )


def _chip(child: Node, catalogue: Catalogue, remove: str, edit: str = "") -> Chip:
    if not isinstance(child, Condition):
        return Chip(sentence(child, catalogue), "", remove)
    label, rule, value = parts(child, catalogue)
    return Chip(f"{_(label)} {_(rule)}", value, remove, edit)


class Refused:
    """A query string with parts that are not understood."""

    def __init__(self, query: str, view: View, problems: Sequence[FilterError], catalogue: Catalogue) -> None:
        self._parts = [part for part in query.split("&") if part]
        self._view = view
        self._catalogue = catalogue
        self._errors = {error.where: error for error in problems}
        self._alone = len(problems) == 1
        self._found: dict[int, Problem] = {}

    def chips(self) -> list[Chip]:
        """All filters in the order of the URL, the broken ones with their problem. Groups have no chips here."""
        if self._places("q"):
            return []
        understood = iter(self._view.children)
        chips = []
        for number, at in enumerate(self._places("f")):
            problem = self._filter_problem(number, at)
            if problem is None:
                child = next(understood, None)
                if child is not None:
                    chips.append(_chip(child, self._catalogue, self._without(at)))
            else:
                raw = unquote_plus(self._parts[at].partition("=")[2])
                chips.append(Chip(_readable(raw), "", self._without(at), problem=problem))
        return chips

    def problems(self) -> list[Problem]:
        """Everything that keeps people from being listed."""
        found = [self._filter_problem(number, at) for number, at in enumerate(self._places("f"))]
        found += [self._other_problem(error) for where, error in self._errors.items() if not where.startswith("f[")]
        return [problem for problem in found if problem is not None]

    def _places(self, name: str) -> list[int]:
        return [at for at, part in enumerate(self._parts) if part.startswith(f"{name}=") and part != f"{name}="]

    def _without(self, *at: int) -> str:
        kept = [part for index, part in enumerate(self._parts) if index not in at]
        return with_query(reverse("users"), "&".join(kept))

    def _with(self, at: int, part: str) -> str:
        return with_query(reverse("users"), "&".join([*self._parts[:at], part, *self._parts[at + 1 :]]))

    def _filter_problem(self, number: int, at: int) -> Problem | None:
        error = self._errors.get(f"f[{number}]")
        if error is not None and number not in self._found:
            self._found[number] = self._explained(number, at, error)
        return self._found.get(number)

    def _explained(self, number: int, at: int, error: FilterError) -> Problem:
        try:
            condition = parse_condition(self._parts[at].partition("=")[2])
        except FilterError:
            condition = Condition("", "")
        column = self._catalogue.get(condition.attribute)
        known = column is not None or condition.attribute in self._catalogue.hidden
        closest = None if known else _closest(condition.attribute, self._catalogue)
        fixes = []
        if closest is not None:
            fixed = f"f={print_condition(replace(condition, attribute=closest.key))}"
            fixes.append(Fix(_("Use %(label)s instead") % {"label": _(closest.label)}, self._with(at, fixed)))
        elif column is not None and self._alone:
            rule = condition.rule if condition.rule in RULES[column.type] else ""
            fixes.append(Fix(_("Set it right"), filter_url(self._view, attribute=column.key, rule=rule)))
        fixes.append(Fix(_("Remove this filter"), self._without(at)))
        where = _("Filter %(number)d") % {"number": number + 1}
        return Problem(where, error.message, self._in_words(error, column), tuple(fixes), closest)

    def _in_words(self, error: FilterError, column: Column | None) -> tuple[str, ...]:
        """What is allowed, as the pages call it."""
        if column is not None:
            return tuple(_(RULES[column.type][key].words) for key in error.allowed if key in RULES[column.type])
        found = (self._catalogue.get(key) for key in error.allowed)
        return tuple(_(known.label) for known in found if known is not None)[:_SHOWN]

    def _other_problem(self, error: FilterError) -> Problem:
        if error.where == "match":
            at = self._places("match")[0]
            fixes = (
                Fix(_("Match all filters"), self._with(at, "match=all")),
                Fix(_("Match any filter"), self._with(at, "match=any")),
            )
            return Problem(_("The way to match"), error.message, (_("all"), _("any")), fixes)
        if error.where == "search":
            search = Fix(_("Remove the search"), self._without(*self._places("search")))
            return Problem(_("The search"), error.message, (), (search,))
        if self._places("q") and self._places("f"):
            one = Fix(_("Keep what is in q"), self._without(*self._places("f")))
            other = Fix(_("Keep what is in f"), self._without(*self._places("q")))
            return Problem(_("The filter"), error.message, (), (one, other))
        places = self._places("q") or self._places("f")
        words = _("Remove this filter") if self._places("q") else _("Remove all filters")
        return Problem(_("The filter"), error.message, error.allowed, (Fix(words, self._without(*places)),))


def _readable(raw: str) -> str:
    return " ".join(raw.split(":", 2))[:80]


def _closest(attribute: str, catalogue: Catalogue) -> Column | None:
    """The attribute that was probably meant."""
    names = {column.label.lower(): column for column in catalogue.columns}
    names |= {column.key.lower(): column for column in catalogue.columns}
    names |= {column.key.lower().removeprefix("default_"): column for column in catalogue.columns}
    found = get_close_matches(attribute.lower(), names, n=1, cutoff=0.7)
    return names[found[0]] if found else None
