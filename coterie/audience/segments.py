"""The segments of a workspace as filters need them: which there are, and by which rule some of them are filled.

Filters stand below segments, so this reads their table and not their model.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from django.db import connection

from coterie.audience.tree import Condition, FilterError, Node, conditions, from_json
from coterie.core.ids import from_public
from coterie.core.text import clean

# How many conditions a filter may have together with those of the rule segments that it names.
MAX_EXPANDED = 400
# How many rules may stand on one another.
MAX_CHAIN = 5


@dataclass(frozen=True, slots=True)
class ListedSegment:
    """One segment. `rule` is the JSON of the filter that fills it; None when it is filled by hand."""

    name: str
    rule: str | None = None
    removed: bool = False

    @property
    def tree(self) -> Node:
        """The filter that fills it; raises FilterError when it cannot be read."""
        return read_rule(self.rule or "{}")


@lru_cache(4096)
def read_rule(text: str) -> Node:
    """The tree behind the JSON text of a rule; raises FilterError. Remembered, because every request may ask."""
    return from_json(json.loads(text), "rule")


def listed_segments(workspace_id: int) -> dict[int, ListedSegment]:
    """All segments of the workspace by their id, also those in the trash: one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, name, filter, removed_at IS NOT NULL FROM segments_segment WHERE workspace_id = %s",
            [workspace_id],
        )
        return {row[0]: ListedSegment(row[1], row[2], bool(row[3])) for row in cursor.fetchall()}


def expanded(node: Node, segments: Mapping[int, ListedSegment], depth: int = 0) -> Iterator[Condition]:
    """Every condition of the tree and of the rules that it stands on; raises FilterError when those are too deep."""
    if depth > MAX_CHAIN:
        raise FilterError("rule", f"rules may stand on one another {MAX_CHAIN} deep, not deeper or in a circle.")
    for condition in conditions(node):
        yield condition
        for row_id in named(condition):
            found = segments.get(row_id)
            if found is not None and found.rule is not None and not found.removed:
                yield from expanded(found.tree, segments, depth + 1)


def named(condition: Condition) -> Iterator[int]:
    """The ids of the segments that a condition names."""
    if condition.attribute == "segment":
        for value in condition.values:
            row_id = from_public(clean(value))
            if row_id is not None:
                yield row_id
