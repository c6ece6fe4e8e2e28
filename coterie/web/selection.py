"""The people that somebody selected: some by hand (`person`, repeated), or everybody in a view (`all` and `view`)."""

from dataclasses import dataclass
from typing import Self

from django.http import QueryDict

from coterie.audience import query
from coterie.audience.audience import Audience
from coterie.audience.compiler import EVERYBODY, Predicate, both, only_ids
from coterie.audience.tree import Condition
from coterie.audience.view import View
from coterie.core.ids import from_public, to_public
from coterie.web.users import understood

# The share by which a selection by filter may have grown or shrunk since the member saw its number.
_DRIFT = 0.01


class NotSelected(Exception):
    """The fields name no selection; the message says why."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Who is meant, and how many the member was told there are. Without `by_filter` they were picked by hand.

    `is_everybody`: a filter that leaves nobody out is no filter.
    """

    predicate: Predicate
    people: int
    seen: int
    view: View
    by_filter: bool
    public_ids: tuple[str, ...] = ()
    is_everybody: bool = False

    @classmethod
    def read(cls, fields: QueryDict, audience: Audience) -> Self:
        """From a form; raises NotSelected. Ids of other workspaces are ids of nobody."""
        parsed = audience.parse(fields.get("view", ""))
        if fields.get("all"):
            predicate, broken = understood(audience, parsed)
            if predicate is None:
                raise NotSelected(str(broken[0]))
            by_filter, ids = True, []
        else:
            found = (from_public(text) for text in fields.getlist("person"))
            ids = list(dict.fromkeys(row_id for row_id in found if row_id is not None))
            predicate, by_filter = only_ids(ids), False
        people, everybody = audience.ask(
            lambda reader: (query.count(reader, predicate), query.count(reader, EVERYBODY))
        )
        seen = fields.get("seen", "")
        number = int(seen) if by_filter and seen.isascii() and seen.isdigit() and len(seen) < 19 else people
        public_ids = tuple(to_public(row_id) for row_id in ids)
        return cls(predicate, people, number, parsed.view, by_filter, public_ids, by_filter and people == everybody)

    @property
    def has_moved(self) -> bool:
        """Whether the number is no longer the one that the member saw."""
        return abs(self.people - self.seen) > _DRIFT * max(self.seen, 1)

    def ids(self, audience: Audience) -> list[int]:
        """Row ids, ascending."""
        return audience.ask(lambda reader: query.matching_ids(reader, self.predicate))

    def already_in(self, audience: Audience, segment_ids: list[int]) -> dict[int, int]:
        """How many of them are in each of these segments now."""
        inside = {
            segment_id: both(self.predicate, audience.predicate(Condition("segment", "in", (to_public(segment_id),))))
            for segment_id in segment_ids
        }
        return audience.ask(lambda reader: {key: query.count(reader, predicate) for key, predicate in inside.items()})
