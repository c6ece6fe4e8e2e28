"""Values to choose from in the filter builder: those that people have, with how many have each."""

from collections.abc import Iterable
from dataclasses import dataclass

from coterie.audience.audience import Audience
from coterie.audience.columns import Type
from coterie.audience.tree import MAX_VALUE_LENGTH, MAX_VALUES
from coterie.core.ids import to_public
from coterie.web.draft import Draft

_OFFERED = 50


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A value that people have. `share` is its bar's length in percent of the longest.

    `people` is None as long as it is not known.
    """

    value: str
    label: str
    people: int | None
    share: int
    chosen: bool


def suggestions(draft: Draft, audience: Audience) -> list[Suggestion]:
    """The most frequent values that begin with what was typed; chosen values stay, on top. Or all segments."""
    if draft.column is None or not draft.listed:
        return []
    if draft.column.type == Type.SEGMENT:
        sizes = {to_public(row_id): people for row_id, people in audience.segment_sizes().items()}
        of_segments = audience.catalogue.segment_names.items()
        return _with_bars((key, name, sizes.get(key, 0), key in draft.values) for key, name in of_segments)
    # Few numbers are all shown, whatever stands in the box: that is where the chosen one stands.
    starts = draft.typed if draft.column.type == Type.TEXT else ""
    found = audience.facet(draft.rest, draft.column, starts, _OFFERED)
    chosen = {value.lower() for value in draft.values}
    shown = {value.lower() for value, _ in found}
    missing = [value for value in draft.values if value.lower() not in shown and len(value) <= MAX_VALUE_LENGTH]
    if missing and draft.column.type == Type.TEXT and (draft.many or not draft.typed):
        found = audience.numbers_of(draft.rest, draft.column, missing[:MAX_VALUES]) + found
    return _with_bars((value, value, people, value.lower() in chosen) for value, people in found)


def awaited(draft: Draft, audience: Audience) -> list[Suggestion]:
    """What can be shown without asking anybody: what is chosen, and all segments."""
    if draft.column is not None and draft.column.type == Type.SEGMENT:
        of_segments = audience.catalogue.segment_names.items()
        return [Suggestion(key, name, None, 0, key in draft.values) for key, name in of_segments]
    return [Suggestion(value, value, None, 0, True) for value in draft.values] if draft.suggests else []


def _with_bars(rows: Iterable[tuple[str, str, int, bool]]) -> list[Suggestion]:
    rows = list(rows)
    longest = max((people for _, _, people, _ in rows), default=0) or 1
    return [
        Suggestion(value, label, people, max(1, round(98 * people / longest)) if people else 0, chosen)
        for value, label, people, chosen in rows
    ]
