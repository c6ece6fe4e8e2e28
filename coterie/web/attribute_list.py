"""The catalogue as the page shows it: searched, by kind, in pages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self, TypeVar
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coterie.audience.catalogue import Entry
from coterie.audience.columns import Group, Type
from coterie.audience.models import Scope
from coterie.audience.tree import Condition
from coterie.audience.view import View
from coterie.core.text import clean
from coterie.web.links import users_url, with_query

T = TypeVar("T")
TYPES = {
    Type.TEXT: gettext_lazy("Text"),
    Type.NUMBER: gettext_lazy("Number"),
    Type.TIME: gettext_lazy("Time"),
    Type.BOOLEAN: gettext_lazy("Boolean"),
    Type.SEGMENT: gettext_lazy("Segment"),
}
_KINDS: dict[str, tuple[str | Promise, Callable[[Entry], bool]]] = {
    "": (gettext_lazy("All"), lambda entry: True),
    "built-in": (gettext_lazy("Built-in"), lambda entry: entry.scope == Scope.PERSON and not _is_custom(entry)),
    "custom": (gettext_lazy("Custom"), lambda entry: entry.scope == Scope.PERSON and _is_custom(entry)),
    "chats": (gettext_lazy("Of chats"), lambda entry: entry.scope == Scope.SESSION),
    "personal": (gettext_lazy("Personal"), lambda entry: entry.column.personal),
    "hidden": (gettext_lazy("Hidden"), lambda entry: entry.hidden),
}


def _is_custom(entry: Entry) -> bool:
    return entry.column.group == Group.CUSTOM


@dataclass(frozen=True, slots=True)
class Shown:
    """Which attributes the page shows; prints its address. `kind` is a key of the tabs."""

    SIZE: ClassVar[int] = 50
    search: str = ""
    kind: str = ""
    page: int = 1

    @classmethod
    def read(cls, fields: QueryDict) -> Self:
        """From a query string; what is not understood is as if it were not there."""
        number = fields.get("page", "")
        page = int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 1
        kind = fields.get("kind", "")
        return cls(clean(fields.get("q", ""))[:256], kind if kind in _KINDS else "", max(page, 1))

    @property
    def query(self) -> str:
        """The query string, without what is so anyway."""
        said = {"q": self.search, "kind": self.kind, "page": "" if self.page == 1 else self.page}
        return urlencode({name: value for name, value in said.items() if value})

    @property
    def url(self) -> str:
        """The page's address."""
        return with_query(reverse("attributes"), self.query)

    def at(self, page: int) -> "Shown":
        """Another page of the same."""
        return replace(self, page=page)

    def on_page(self, found: int) -> "Shown":
        """The same, on the last page there is when this one lies behind it."""
        return self.at(min(self.page, max(1, -(-found // self.SIZE))))

    @property
    def start(self) -> int:
        """How many come before the page."""
        return (self.page - 1) * self.SIZE

    def part(self, found: Sequence[T]) -> Sequence[T]:
        """The page."""
        return found[self.start : self.start + self.SIZE]

    def of(self, everything: Sequence[Entry]) -> list[Entry]:
        """The entries of this kind whose label or name has what is searched for."""
        is_meant = _KINDS[self.kind][1]
        return [entry for entry in self._matching(everything) if is_meant(entry)]

    def _matching(self, everything: Sequence[Entry]) -> Sequence[Entry]:
        wanted = self.search.casefold()
        if not wanted:
            return everything
        return [
            entry
            for entry in everything
            if wanted in entry.column.label.casefold() or wanted in entry.column.key.casefold()
        ]

    def counts(self, everything: Sequence[Entry]) -> dict[str, int]:
        """How many each tab would show with this search."""
        matching = self._matching(everything)
        return {kind: sum(map(is_meant, matching)) for kind, (_words, is_meant) in _KINDS.items()}


@dataclass(frozen=True, slots=True)
class Tab:
    """A kind of attributes to choose."""

    words: str
    url: str
    count: int
    chosen: bool


def tabs(shown: Shown, everything: Sequence[Entry]) -> list[Tab]:
    """All kinds, each with how many there are."""
    return [
        Tab(str(_KINDS[kind][0]), replace(shown, kind=kind, page=1).url, count, kind == shown.kind)
        for kind, count in shown.counts(everything).items()
    ]


@dataclass(frozen=True, slots=True)
class Listed:
    """One row. `people` leads to those who have the attribute; `hide` and `mark` are what the switches send."""

    entry: Entry
    label: str
    type: str
    belongs: str
    people: str
    edit: str
    hide: str
    mark: str


def listed(entry: Entry, shown: Shown) -> Listed:
    """The row as it is shown."""
    column = entry.column
    named = {"scope": entry.scope.value, "key": column.key}
    here = {"back": shown.query} if shown.query else {}
    return Listed(
        entry=entry,
        label=_(column.label) if column.label == entry.given and not _is_custom(entry) else column.label,
        type=str(TYPES[column.type]),
        belongs=_("Chat") if entry.scope == Scope.SESSION else _(column.group.value),
        people=_people(entry),
        edit=with_query(reverse("attribute-edit"), urlencode(named | here)),
        hide=urlencode({**named, "hidden": int(not entry.hidden), **here}),
        mark=urlencode({**named, "personal": int(not column.personal), **here}),
    )


def _people(entry: Entry) -> str:
    """The list of those who have a value; empty where there is nobody to show."""
    if not entry.count or entry.hidden or entry.scope != Scope.PERSON:
        return ""
    key = entry.column.key
    if entry.column.type == Type.BOOLEAN:
        return users_url(View("any", (Condition(key, "is_true"), Condition(key, "is_false"))))
    return users_url(View(children=(Condition(key, "is_set"),)))
