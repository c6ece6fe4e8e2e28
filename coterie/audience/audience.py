"""The audience of a workspace: what the doors ask."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Self, TypeVar
from zoneinfo import ZoneInfo

import duckdb

from coterie.accounts.models import Workspace
from coterie.audience import query
from coterie.audience.columns import Catalogue, Column, catalogue
from coterie.audience.compiler import Predicate, compile_filter, misfits
from coterie.audience.facets import Values, facet, numbers_of
from coterie.audience.moments import Moments
from coterie.audience.replica import Replica
from coterie.audience.replicas import replica_of
from coterie.audience.tree import Condition, Node
from coterie.audience.turns import Turn
from coterie.audience.view import Parsed, View, parse
from coterie.core.clock import now

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Audience:
    """Everybody of a workspace, with the columns there are and the moment that relative dates count from.

    Within a `turn`, questions raise Superseded when it is over.
    """

    workspace: Workspace
    catalogue: Catalogue
    moments: Moments
    turn: Turn | None = None

    @property
    def replica(self) -> Replica:
        """The read side in this process."""
        return replica_of(self.workspace)

    def parse(self, query_string: str) -> Parsed:
        """The view behind a raw query string, and what of it could not be understood."""
        return parse(query_string, self.catalogue, self.moments)

    def predicate(self, node: Node | None) -> Predicate:
        """The compiled filter; raises FilterError."""
        return compile_filter(node, self.catalogue, self.moments)

    def ask(self, question: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        """See `Replica.ask`: one snapshot that holds everything committed so far."""
        guarded = question if self.turn is None else self.turn.guarding(question)
        return self.replica.ask(guarded, self.catalogue.stored)

    def page(self, view: View, limit: int) -> query.Page:
        """One page of the list with the exact total."""
        predicate = self.predicate(view.node)
        return self.ask(lambda reader: query.page(reader, predicate, view, self.catalogue, limit))

    def count(self, node: Node | None) -> int:
        """How many people match, exactly."""
        predicate = self.predicate(node)
        return self.ask(lambda reader: query.count(reader, predicate))

    def matching_ids(self, node: Node | None) -> list[int]:
        """Ids of everybody who matches, ascending."""
        predicate = self.predicate(node)
        return self.ask(lambda reader: query.matching_ids(reader, predicate))

    def misfits(self, column: Column) -> tuple[int, int]:
        """(how many people have a value that the column's type cannot read, how many have one at all)."""
        known = self.catalogue.get(column.key) or self.catalogue.hidden.get(column.key)
        column = replace(known, type=column.type) if known else column
        wrong, right = misfits(column), Predicate(f"{column.sql} IS NOT NULL", ())

        def question(reader: duckdb.DuckDBPyConnection) -> tuple[int, int]:
            unread = query.count(reader, wrong)
            return unread, unread + query.count(reader, right)

        return self.ask(question)

    def segment_sizes(self) -> dict[int, int]:
        """People per segment id; a segment without people is missing."""
        return self.ask(query.segment_sizes)

    def facet(self, node: Node | None, column: Column, starts: str = "", limit: int = 50) -> Values:
        """See `facets.facet`."""
        predicate = self.predicate(node)
        return self.ask(lambda reader: facet(reader, predicate, column, starts, limit, self._any_of(column)))

    def numbers_of(self, node: Node | None, column: Column, values: Sequence[str]) -> Values:
        """How many people have each of these values of a text; raises FilterError."""
        predicate = self.predicate(node)
        return self.ask(lambda reader: numbers_of(reader, predicate, column, values, self._any_of(column)))

    def _any_of(self, column: Column) -> Callable[[Sequence[str]], Predicate]:
        return lambda values: self.predicate(Condition(column.key, "any_of", tuple(values)))

    def within(self, turn: Turn) -> Self:
        """The same audience, asked as part of a turn."""
        return replace(self, turn=turn)


def audience_of(workspace: Workspace) -> Audience:
    """The audience as it is now: two queries for the catalogue."""
    return Audience(workspace, catalogue(workspace.pk), Moments(now(), ZoneInfo(workspace.time_zone)))
