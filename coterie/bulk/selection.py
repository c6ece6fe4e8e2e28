"""Who a bulk action is about: everybody whom a filter finds, with exceptions, or people picked by hand."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from coterie.audience import query
from coterie.audience.audience import Audience
from coterie.audience.compiler import Predicate, among_ids, without_ids
from coterie.audience.tree import FilterError, Node, from_json, to_json
from coterie.core.ids import from_public, to_public

# The share by which the number may have moved since the member saw it.
DRIFT = 0.01
MAX_IDS = 100_000


class Moved(ValueError):
    """The selection is no longer about as many people as the member saw: `seen` then, `people` now."""

    def __init__(self, seen: int, people: int) -> None:
        super().__init__(f"Meanwhile it is {people:,} people, no longer {seen:,}. Look again, then confirm.")
        self.seen = seen
        self.people = people


@dataclass(frozen=True, slots=True)
class Selection:
    """With `by_filter` everybody whom `filter` finds (None: everybody) but for `ids`; otherwise the people of `ids`."""

    by_filter: bool
    filter: Node | None = None
    ids: tuple[int, ...] = ()

    @classmethod
    def of_filter(cls, node: Node | None, exceptions: Iterable[int] = ()) -> Self:
        """Everybody who matches, but for the exceptions."""
        return cls(True, node, tuple(dict.fromkeys(exceptions)))

    @classmethod
    def of_ids(cls, ids: Iterable[int]) -> Self:
        """These people. Ids of nobody, and of other workspaces, mean nobody."""
        return cls(False, None, tuple(dict.fromkeys(ids)))

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """What `to_json` printed: `{"filter": {…} or null, "except": [ids]}` or `{"ids": [ids]}`.

        Raises FilterError with the place of what is wrong. Ids are public ones; what is none means nobody.
        """
        if not isinstance(data, dict) or not ({"filter"} <= set(data) <= {"filter", "except"} or set(data) == {"ids"}):
            raise FilterError("selection", "expected a filter (with exceptions) or ids.", ("filter", "except", "ids"))
        place = "ids" if "ids" in data else "except"
        texts = data.get(place, [])
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise FilterError(f"selection.{place}", "expected a list of ids.")
        if len(texts) > MAX_IDS:
            raise FilterError(f"selection.{place}", f"{len(texts):,} ids; at most {MAX_IDS:,}. Use a filter.")
        ids = (row_id for row_id in map(from_public, texts) if row_id is not None)
        if place == "ids":
            return cls.of_ids(ids)
        node = None if data["filter"] is None else from_json(data["filter"], "selection.filter")
        return cls.of_filter(node, ids)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        ids = [to_public(row_id) for row_id in self.ids]
        if not self.by_filter:
            return {"ids": ids}
        return {"filter": None if self.filter is None else to_json(self.filter), "except": ids}

    def predicate(self, audience: Audience) -> Predicate:
        """Compiled; raises FilterError."""
        if not self.by_filter:
            return among_ids(self.ids)
        return without_ids(audience.predicate(self.filter), self.ids)

    def count(self, audience: Audience) -> int:
        """How many people that is now."""
        predicate = self.predicate(audience)
        return audience.ask(lambda reader: query.count(reader, predicate))

    def people(self, audience: Audience, if_count: int | None = None) -> list[int]:
        """Their row ids, ascending; raises Moved when it is no longer about as many as `if_count`."""
        predicate = self.predicate(audience)
        ids = audience.ask(lambda reader: query.matching_ids(reader, predicate))
        if if_count is not None and abs(len(ids) - if_count) > DRIFT * max(if_count, 1):
            raise Moved(if_count, len(ids))
        return ids
