"""The rules of a workspace as they are now: which can be evaluated, which are broken, which have to look at everybody.

A rule is evaluated through the one compiler, and rules that it names stand for themselves there. So a rule never looks
at who is in another rule's segment, the order in which rules are evaluated does not matter, and what rules write never
makes another evaluation necessary.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from coterie.audience.audience import Audience
from coterie.audience.compiler import Predicate, compile_filter
from coterie.audience.moments import Moments
from coterie.audience.moving import Rule
from coterie.audience.segments import ListedSegment, expanded
from coterie.audience.tree import FilterError, Node, from_json
from coterie.core.clock import UTC
from coterie.segments.models import Segment

_SOME_MOMENT = dt.datetime(2026, 1, 1, 12, tzinfo=UTC)
_RELATIVE = ("in_last", "not_in_last")
EACH_MINUTE = dt.timedelta(minutes=1)
EACH_QUARTER = dt.timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Ready:
    """A rule that compiles. `mark` names what it means, whatever the time; `pace` how often time alone changes who
    matches (None: never).
    """

    segment: Segment
    predicate: Predicate
    mark: str
    pace: dt.timedelta | None

    @property
    def test(self) -> Rule:
        """What people are tested against."""
        return self.segment.id, self.predicate

    def due(self, moment: dt.datetime) -> bool:
        """Whether everybody has to be tested, not only whoever changed."""
        if self.segment.evaluated != self.mark or self.segment.swept_at is None:
            return True
        return self.pace is not None and self.segment.swept_at + self.pace <= moment


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that does not compile, and why."""

    segment: Segment
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All rules of a workspace at one moment."""

    ready: Sequence[Ready]
    broken: Sequence[Broken]


def plan(audience: Audience, segments: Sequence[Segment]) -> Plan:
    """The rules of these segments, compiled."""
    ready: list[Ready] = []
    broken: list[Broken] = []
    for segment in segments:
        try:
            ready.append(_ready(segment, audience))
        except FilterError as error:
            broken.append(Broken(segment, in_words(error)))
    return Plan(ready, broken)


def in_words(error: FilterError) -> str:
    """Why a rule is broken, for the page."""
    return (error.message[:1].upper() + error.message[1:])[:500]


def pace(node: Node, segments: Mapping[int, ListedSegment]) -> dt.timedelta | None:
    """How often time alone may change who matches: minutes and hours move each minute, days and longer hardly."""
    found = [
        EACH_MINUTE if "minute" in value or "hour" in value else EACH_QUARTER
        for condition in expanded(node, segments)
        if condition.rule in _RELATIVE
        for value in (condition.values[0].lower() if condition.values else "",)
    ]
    return min(found, default=None)


def _ready(segment: Segment, audience: Audience) -> Ready:
    node = from_json(segment.filter, "rule")
    predicate = audience.predicate(node)
    fixed = replace(audience.moments, now=_SOME_MOMENT)
    return Ready(segment, predicate, _mark(node, audience, fixed), pace(node, audience.catalogue.segments or {}))


def _mark(node: Node, audience: Audience, moments: Moments) -> str:
    """A digest of what is asked. It differs when the rule, one it stands on, the type of an attribute, the time zone
    or the compiler itself means something else than before.
    """
    predicate = compile_filter(node, audience.catalogue, moments, "rule")
    zone: ZoneInfo = moments.zone
    text = f"{zone.key}\n{predicate.sql}\n{predicate.params!r}"
    return hashlib.sha256(text.encode()).hexdigest()
