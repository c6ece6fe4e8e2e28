"""The rows of the Segments page."""

import json
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import quote

from django.utils.text import capfirst

from coterie.accounts.models import Workspace
from coterie.audience.audience import Audience, audience_of
from coterie.audience.sentence import sentence
from coterie.audience.tree import Condition, FilterError
from coterie.audience.view import View
from coterie.core.text import clean
from coterie.segments.catalogue import segments_of
from coterie.segments.growth import Growth, growth
from coterie.segments.models import Segment
from coterie.segments.rules import rule_of
from coterie.web.links import users_url


@dataclass(frozen=True, slots=True)
class Listed:
    """One segment. `rule` is the filter of a live one in words; `url` shows its people in Users."""

    segment: Segment
    people: int
    growth: Growth
    rule: str
    url: str

    @property
    def change(self) -> str:
        """By how many people it grew in 30 days: "+598", "−12" or "0"."""
        change = self.growth.change
        sign = "+" if change > 0 else "−" if change < 0 else ""
        return f"{sign}{abs(change):,}"


@dataclass(frozen=True, slots=True)
class Words:
    """Puts the rules of one workspace into words."""

    audience: Audience

    @classmethod
    def of(cls, workspace: Workspace) -> Self:
        """As of now."""
        return cls(audience_of(workspace))

    def rule(self, segment: Segment) -> str:
        """The rule in words; nothing for a manual segment, and for a rule that cannot be read."""
        if not segment.is_rule:
            return ""
        try:
            return capfirst(sentence(rule_of(segment), self.audience.catalogue))
        except FilterError:
            return ""

    def rule_url(self, segment: Segment) -> str:
        """The list with the rule as its filter, to be changed there; empty when nothing of it can be listed."""
        if not segment.is_rule:
            return ""
        parsed = self.audience.parse("q=" + quote(json.dumps(segment.filter), safe=""))
        return "" if parsed.problems else users_url(replace(parsed.view, editing=segment.public_id))


def listed(workspace: Workspace, search: str = "") -> list[Listed]:
    """Those whose name has `search` in it, in whatever case; newest first."""
    wanted = clean(search).casefold()
    found = [segment for segment in segments_of(workspace) if wanted in segment.name.casefold()]
    words = Words.of(workspace)
    people = words.audience.segment_sizes()
    grown = growth(workspace, [segment.id for segment in found])
    return [
        Listed(segment, people.get(segment.id, 0), grown[segment.id], words.rule(segment), people_url(segment))
        for segment in found
    ]


def people_url(segment: Segment) -> str:
    """The list with everybody in it."""
    return users_url(View(children=(Condition("segment", "in", (segment.public_id,)),)))
