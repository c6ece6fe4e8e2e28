"""Values to choose from in the filter builder: those that people have, with how many have each."""

from collections.abc import Mapping
from dataclasses import dataclass

from coterie.audience.audience import Audience
from coterie.web.draft import Draft


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A value that people have. `share` is its bar's length in percent of the longest."""

    value: str
    label: str
    people: int
    share: int
    chosen: bool


def suggestions(draft: Draft, audience: Audience, limit: int = 50) -> list[Suggestion]:
    """The most frequent values that begin with what was typed; chosen values stay, on top."""
    if draft.column is None:
        return []
    found = dict(audience.facet(draft.rest, draft.column, draft.typed, limit))
    chosen = {value.lower() for value in draft.values}
    missing = [value for value in draft.values if value.lower() not in {known.lower() for known in found}]
    if missing and (draft.many or not draft.typed):
        counts = {value.lower(): n for value, n in audience.facet(draft.rest, draft.column, "", 1_000)}
        found = {value: counts.get(value.lower(), 0) for value in missing} | found
    return _with_bars([(value, value, people, value.lower() in chosen) for value, people in found.items()])


def segment_choices(draft: Draft, names: Mapping[str, str], sizes: Mapping[str, int]) -> list[Suggestion]:
    """All segments by name, with how many people are in each."""
    return _with_bars(
        [(public_id, name, sizes.get(public_id, 0), public_id in draft.values) for public_id, name in names.items()]
    )


def _with_bars(rows: list[tuple[str, str, int, bool]]) -> list[Suggestion]:
    longest = max((people for _, _, people, _ in rows), default=0) or 1
    return [
        Suggestion(value, label, people, max(1, round(98 * people / longest)) if people else 0, chosen)
        for value, label, people, chosen in rows
    ]
