"""A view of the list as an object that reads and prints its URL: the URL *is* the shared view.

Form: `?search=ada&match=all&f=default_country:is:United%20States&sort=-lastSeen&columns=default_email,plan&after=…`.
The parts of `f` are percent-encoded one by one, then joined with `:`; several values are joined with `|`, the keys of
columns with `,`. Nested groups travel as `q=<JSON>`. Defaults are dropped when printing, so that one view has one URL;
`match=all` alone is the view of everybody.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote, unquote_plus
from zlib import crc32

from coterie.audience.columns import LEADS, Catalogue
from coterie.audience.compiler import check, compile_filter, no_column
from coterie.audience.cursor import Cursor
from coterie.audience.moments import Moments
from coterie.audience.paths import Path, found, grown, joined, parts_of, removed, replaced
from coterie.audience.rules import RULES, Arity
from coterie.audience.spelling import parse_condition, print_columns, print_condition
from coterie.audience.tree import (
    MAX_CONDITIONS,
    MAX_VALUE_LENGTH,
    All,
    Any,
    Condition,
    FilterError,
    Node,
    Search,
    conditions,
    from_json,
    leaves,
    to_json,
)
from coterie.core.ids import from_public
from coterie.core.text import clean

DEFAULT_SORT = "-lastSeen"
MAX_COLUMNS = 40


@dataclass(frozen=True, slots=True)
class View:
    """What is listed and in which order. `children` are joined by `match` ("all" or "any"); `search` narrows them.

    `columns` are the keys of the columns after the name; None leaves them to whoever looks. `after` and `before` name a
    page: the one that follows, or ends before, that person. At most one of them is set. `editing` is the public id of
    the segment whose rule the filter is to become.
    """

    match: str = "all"
    children: tuple[Node, ...] = ()
    sort: str = DEFAULT_SORT
    after: Cursor | None = None
    before: Cursor | None = None
    search: str = ""
    columns: tuple[str, ...] | None = None
    editing: str = ""

    @property
    def node(self) -> Node | None:
        """The filter and the search as a tree; None when there is neither, that is: everybody."""
        filters = self.filter
        if not self.search:
            return filters
        return Search(self.search) if filters is None else All((Search(self.search), filters))

    @property
    def filter(self) -> Node | None:
        """The filter without the search."""
        if not self.children:
            return None
        return Any(self.children) if self.match == "any" else All(self.children)

    @property
    def listing(self) -> str:
        """Which people in which order: what a cursor belongs to. A short text, equal for equal lists."""
        if self.node is None:
            return self.sort
        return f"{self.sort}#{crc32(json.dumps(to_json(self.node)).encode()):08x}"

    @property
    def sort_key(self) -> str:
        """The column that the list is sorted by."""
        return self.sort.removeprefix("-")

    @property
    def descending(self) -> bool:
        """Newest, biggest, last letter first."""
        return self.sort.startswith("-")

    @property
    def query(self) -> str:
        """The canonical query string, without the `?`; never empty."""
        parts = [f"search={quote(self.search, safe='')}"] if self.search else []
        parts += [] if self.match == "all" else [f"match={self.match}"]
        if all(isinstance(child, Condition) for child in self.children):
            parts += [f"f={print_condition(child)}" for child in self.children if isinstance(child, Condition)]
        elif self.filter is not None:
            parts.append("q=" + quote(json.dumps(to_json(self.filter), separators=(",", ":")), safe=""))
        if self.sort != DEFAULT_SORT:
            parts.append(f"sort={quote(self.sort, safe='')}")
        if self.columns is not None:
            parts.append(f"columns={print_columns(self.columns)}")
        if self.editing:
            parts.append(f"editing={self.editing}")
        if self.after is not None:
            parts.append(f"after={self.after.encode()}")
        elif self.before is not None:
            parts.append(f"before={self.before.encode()}")
        return "&".join(parts) or "match=all"

    def first_page(self) -> "View":
        """The same list from its start."""
        return replace(self, after=None, before=None)

    def put(self, node: Node, path: Path = ()) -> "View":
        """With `node` in place of what is at `path`; without a path, as one more child."""
        children = (*self.children, node) if not path else replaced(self.children, path, node)
        return replace(self.first_page(), children=children)

    def added(self, node: Node, group: Path) -> "View":
        """With `node` as one more child of the group at `group`."""
        return self.put(grown(self.at(group), node), group)

    def without(self, path: Path) -> "View":
        """Without what is at `path`. A group that has nothing left goes, too."""
        return replace(self.first_page(), children=removed(self.children, path))

    def regrouped(self, path: Path, mode: str) -> "View":
        """With the parts of the group at `path` joined in another way: "all", "any" or "none" of them."""
        return self.put(joined(parts_of(self.at(path)), mode), path)

    def at(self, path: Path) -> Node:
        """The condition or group at `path`; LookupError when there is none."""
        return found(self.children, path)

    def matching(self, match: str) -> "View":
        """The same conditions, joined by `match`."""
        return replace(self.first_page(), match=match)

    def sorted_by(self, sort: str) -> "View":
        """The same people in another order, from the start."""
        return replace(self.first_page(), sort=sort)

    def showing(self, columns: tuple[str, ...] | None) -> "View":
        """The same page with other columns."""
        return replace(self, columns=columns)


def _single_value(condition: Condition, catalogue: Catalogue) -> Condition:
    """A `|` typed by hand after a rule that takes one value is part of that value."""
    column = catalogue.get(condition.attribute)
    rule = RULES[column.type].get(condition.rule) if column else None
    if rule and rule.arity == Arity.ONE and len(condition.values) > 1:
        return replace(condition, values=("|".join(condition.values),))
    return condition


@dataclass(frozen=True, slots=True)
class Parsed:
    """A view and what could not be understood of it. The broken parts are not in the view."""

    view: View
    problems: tuple[FilterError, ...] = ()


def parse(query_string: str, catalogue: Catalogue, moments: Moments) -> Parsed:
    """The view of a raw query string. Each broken part is left out and named; names that are not ours are ignored."""
    pairs = [(name, raw) for name, _, raw in (part.partition("=") for part in query_string.split("&")) if raw]
    first = dict(reversed(pairs))
    problems: list[FilterError] = []
    match, children = _filters(pairs, first, catalogue, moments, problems)
    sort = unquote_plus(first.get("sort", DEFAULT_SORT))
    if not is_sortable(sort.removeprefix("-"), catalogue):
        problems.append(unsortable(sort, catalogue))
        sort = DEFAULT_SORT
    search = _search(unquote_plus(first.get("search", "")), problems)
    columns = _columns(first["columns"], catalogue, problems) if "columns" in first else None
    editing = first.get("editing", "") if from_public(first.get("editing", "")) is not None else ""
    view = View(match, children, sort, search=search, columns=columns, editing=editing)
    after = _cursor("after", first, view, problems)
    before = None if after else _cursor("before", first, view, problems)
    return Parsed(replace(view, after=after, before=before), tuple(problems))


def _search(text: str, problems: list[FilterError]) -> str:
    text = clean(text)
    if len(text) <= MAX_VALUE_LENGTH:
        return text
    problems.append(FilterError("search", f"a search has at most {MAX_VALUE_LENGTH} characters."))
    return ""


def _columns(raw: str, catalogue: Catalogue, problems: list[FilterError]) -> tuple[str, ...]:
    """The columns there are; those that are not, each a problem, are left out."""
    keys = dict.fromkeys(unquote(unquote_plus(part)) for part in re.split(",|%2C", raw) if part)
    keys.pop(LEADS, None)
    for key in [key for key in keys if catalogue.get(key) is None]:
        problems.append(no_column(key, catalogue, "columns"))
        del keys[key]
    if len(keys) > MAX_COLUMNS:
        problems.append(FilterError("columns", f"{len(keys)} columns; the first {MAX_COLUMNS} are shown."))
    return tuple(keys)[:MAX_COLUMNS]


def _cursor(name: str, first: dict[str, str], view: View, problems: list[FilterError]) -> Cursor | None:
    raw = unquote_plus(first.get(name, ""))
    cursor = Cursor.decode(raw, view.listing) if raw else None
    if raw and cursor is None:
        problems.append(FilterError(name, "this page marker belongs to another list; showing the first page."))
    return cursor


def is_sortable(key: str, catalogue: Catalogue) -> bool:
    """Whether the list can be sorted by that column."""
    return catalogue.get(key) is not None


def unsortable(sort: str, catalogue: Catalogue) -> FilterError:
    """What to say about an order that there is not."""
    if (key := sort.removeprefix("-")) in catalogue.hidden:
        return no_column(key, catalogue, "sort")
    return FilterError("sort", f"the list cannot be sorted by “{sort[:128]}”.")


def _filters(
    pairs: Sequence[tuple[str, str]],
    first: dict[str, str],
    catalogue: Catalogue,
    moments: Moments,
    problems: list[FilterError],
) -> tuple[str, tuple[Node, ...]]:
    match = unquote_plus(first.get("match", "all"))
    if match not in ("all", "any"):
        problems.append(FilterError("match", f"“{match[:40]}” is not a way to match.", ("all", "any")))
        match = "all"
    if "q" in first:
        if "f" in first:
            problems.append(FilterError("q", "filters stand either in q or in f, not in both."))
            return match, ()
        return _nested(unquote_plus(first["q"]), catalogue, moments, problems)
    children: list[Node] = []
    for index, raw in enumerate(raw for name, raw in pairs if name == "f"):
        where = f"f[{index}]"
        if index == MAX_CONDITIONS:  # Broken ones count, too: each costs more than one that is right.
            problems.append(FilterError(where, f"at most {MAX_CONDITIONS} conditions."))
            break
        try:
            condition = _single_value(parse_condition(raw, where), catalogue)
            check(condition, catalogue, moments, where)
        except FilterError as problem:
            problems.append(problem)
        else:
            children.append(condition)
    return match, tuple(children)


def _nested(
    text: str, catalogue: Catalogue, moments: Moments, problems: list[FilterError]
) -> tuple[str, tuple[Node, ...]]:
    try:
        node = from_json(json.loads(text))
        if sum(1 for _ in leaves(node)) > MAX_CONDITIONS:  # Before each of them is looked at.
            raise FilterError("q", f"at most {MAX_CONDITIONS} conditions.")
        for condition in conditions(node):
            check(condition, catalogue, moments, f"q: {condition.attribute[:128]}")
        match, children = _top(node)
        # The view must compile and print a tree that can be read again: it may be one group deeper than what came.
        compile_filter(View(match, children).node, catalogue, moments, "q")
    except FilterError as problem:
        problems.append(problem)
        return "all", ()
    except (ValueError, RecursionError):
        problems.append(FilterError("q", "this is not JSON."))
        return "all", ()
    return match, children


def _top(node: Node) -> tuple[str, tuple[Node, ...]]:
    """How the uppermost conditions and groups of a tree are joined, and which they are."""
    match node:
        case All(children):
            return "all", children
        case Any(children) if children:
            return "any", children
        case _:
            return "all", (node,)
