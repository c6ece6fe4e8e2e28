"""What a bulk action would do to a selection now, exactly, and without doing it."""

from dataclasses import dataclass

from coterie.accounts.models import Workspace
from coterie.audience import effects, query
from coterie.audience.audience import Audience, audience_of
from coterie.audience.compiler import Predicate, both
from coterie.audience.tree import Condition
from coterie.bulk.actions import Act, Action, checked
from coterie.bulk.selection import Selection
from coterie.core.ids import to_public


@dataclass(frozen=True, slots=True)
class Effect:
    """`changes` people would change; with `already` it is so already. `other` of those who change have another value.

    Joining and leaving have an effect on each segment.
    """

    changes: int
    already: int
    other: int = 0
    segment_id: int | None = None

    @property
    def people(self) -> int:
        """How many people are selected."""
        return self.changes + self.already


def preview(workspace: Workspace, action: Action, selection: Selection) -> list[Effect]:
    """The effects. Raises Refused (about the action) or FilterError (about the selection)."""
    action = checked(workspace, action)
    audience = audience_of(workspace)
    predicate = selection.predicate(audience)
    match action.act:
        case Act.JOIN | Act.LEAVE:
            return [_move(audience, predicate, action.act, segment_id) for segment_id in action.segments]
        case Act.SET | Act.CLEAR:
            return [_values(audience, predicate, action)]
        case Act.BAN | Act.UNBAN:
            people, some = audience.ask(lambda reader: effects.banned(reader, predicate))
            return [Effect(people - some, some) if action.act == Act.BAN else Effect(some, people - some)]
        case Act.DELETE:
            return [Effect(audience.ask(lambda reader: query.count(reader, predicate)), 0)]


def _move(audience: Audience, predicate: Predicate, act: Act, segment_id: int) -> Effect:
    inside = both(predicate, audience.predicate(Condition("segment", "in", (to_public(segment_id),))))
    people, members = audience.ask(lambda reader: (query.count(reader, predicate), query.count(reader, inside)))
    if act == Act.JOIN:
        return Effect(people - members, members, segment_id=segment_id)
    return Effect(members, people - members, segment_id=segment_id)


def _values(audience: Audience, predicate: Predicate, action: Action) -> Effect:
    found = audience.ask(lambda reader: effects.holders(reader, predicate, action.key, action.value))
    if action.act == Act.SET:
        return Effect(found.people - found.same, found.same, found.other)
    return Effect(found.other, found.people - found.other)
