"""The view behind the query string of `GET /api/users`: ChatBot's parameters and the form of our own URLs.

Without `sort` the newest users come first (`createdAt`, descending), as ChatBot documents it. The page of the same
query string sorts by last talk.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from coterie.api import filters
from coterie.api.envelope import Failed
from coterie.api.nested import nested, pairs_of
from coterie.audience.audience import Audience
from coterie.audience.compiler import compile_filter, no_column
from coterie.audience.cursor import Cursor
from coterie.audience.tree import FilterError
from coterie.audience.view import View, is_sortable, unsortable
from coterie.core.ids import from_public

MAX_LIMIT = 40
DEFAULT_SORT = "-createdAt"
_NAMES = ("limit", "after", "sort", "match", "filters", "f", "q", "search", "columns")
_SORT_FIELDS = ("createdAt", "lastSeen")


@dataclass(frozen=True, slots=True)
class Listing:
    """What was asked for. `after_id` is a person to continue after; `keys` narrows the custom attributes shown."""

    view: View
    limit: int
    after_id: int | None
    keys: frozenset[str] | None


def listing(query_string: str, audience: Audience) -> Listing:
    """Raises Failed (422), naming every part that cannot be understood."""
    pairs = pairs_of(query_string)
    for name, _value in pairs:
        if re.split(r"[.\[]", name, maxsplit=1)[0] not in _NAMES:
            raise refused([FilterError(name[:80], "there is no such parameter.", _NAMES)])
    first = dict(reversed(pairs))
    limit = _limit(first.get("limit"))
    keys = _keys(first.get("columns"), audience)
    try:
        sort = _sort(pairs, audience)
        extra = filters.conditions(nested(pairs, "filters"), audience.catalogue)
    except FilterError as problem:
        raise refused([problem]) from problem
    # Our own form; what ChatBot spells otherwise is taken out first.
    own = [part for part in query_string.split("&") if part.partition("=")[0] in ("f", "q", "match", "search")]
    parsed = audience.parse("&".join(own))
    if parsed.problems:
        raise refused(parsed.problems)
    view = replace(parsed.view, children=(*parsed.view.children, *extra), sort=sort)
    try:
        compile_filter(view.node, audience.catalogue, audience.moments)
    except FilterError as problem:
        raise refused([problem]) from problem
    after_id, after = _after(first.get("after"), view)
    return Listing(replace(view, after=after), limit, after_id, keys)


def refused(problems: Sequence[FilterError]) -> Failed:
    """422 with every problem: where it stands, what is wrong, what is allowed."""
    return Failed(422, str(problems[0]), [problem.as_json() for problem in problems])


def _limit(text: str | None) -> int:
    if text is None:
        return MAX_LIMIT
    if not (text.isascii() and text.isdecimal() and len(text) < 4 and 1 <= int(text) <= MAX_LIMIT):
        raise refused([FilterError("limit", f"expected a number from 1 to {MAX_LIMIT}.")])
    return int(text)


def _keys(text: str | None, audience: Audience) -> frozenset[str] | None:
    if not text:
        return None
    keys = [key for key in text.split(",") if key]
    if unknown := [key for key in keys if key not in audience.catalogue.by_key]:
        raise refused([no_column(unknown[0], audience.catalogue, "columns")])
    return frozenset(keys)


def _sort(pairs: list[tuple[str, str]], audience: Audience) -> str:
    asked: Any = nested(pairs, "sort")
    if asked is None or asked == "":
        return DEFAULT_SORT
    if isinstance(asked, str):
        if not is_sortable(asked.removeprefix("-"), audience.catalogue):
            raise unsortable(asked, audience.catalogue)
        return asked
    if not isinstance(asked, dict) or set(asked) - {"field", "order"}:
        raise FilterError("sort", "expected a field and an order.", ("field", "order"))
    field, order = asked.get("field", "createdAt"), asked.get("order", "desc")
    if field not in _SORT_FIELDS:
        raise FilterError("sort.field", f"cannot sort by “{str(field)[:100]}”.", _SORT_FIELDS)
    if order not in ("asc", "desc"):
        raise FilterError("sort.order", f"there is no order “{str(order)[:100]}”.", ("asc", "desc"))
    return field if order == "asc" else f"-{field}"


def _after(text: str | None, view: View) -> tuple[int | None, Cursor | None]:
    """A person's id or a cursor of ours."""
    if not text:
        return None, None
    row_id = from_public(text)
    cursor = None if row_id is not None else Cursor.decode(text, view.listing)
    if row_id is None and cursor is None:
        message = (
            "expected the id of the last user received, or the “next” of an answer with the same filters and sort."
        )
        raise refused([FilterError("after", message)])
    return row_id, cursor
