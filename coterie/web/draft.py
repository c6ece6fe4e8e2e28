"""The filter that somebody is building: read from the fields of the builder's form, and what the form needs to show."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from django.http import QueryDict

from coterie.audience.audience import Audience
from coterie.audience.columns import Column, Type
from coterie.audience.compiler import check
from coterie.audience.moments import UNITS
from coterie.audience.rules import RULES, Arity, Rule
from coterie.audience.tree import MAX_VALUES, Condition, Node
from coterie.audience.view import View

# Rules of text whose value is a whole value of somebody: for them values can be suggested.
SUGGESTING = frozenset({"is", "is_not", "any_of", "none_of"})
_AMOUNTS = frozenset({"in_last", "not_in_last"})
PRESETS = ("24 hours", "7 days", "30 days", "90 days")
_FIRST_RULE = {Type.TIME: "in_last"}
_FIRST_AMOUNT = "30 days"


@dataclass(frozen=True, slots=True)
class Draft:
    """A condition in the making: for `view`, in place of its condition at `index` or added to it."""

    view: View
    index: int | None = None
    column: Column | None = None
    rule: Rule | None = None
    values: tuple[str, ...] = ()
    typed: str = ""

    @classmethod
    def read(cls, fields: QueryDict, audience: Audience) -> Self:
        """From the form's fields, or from the condition that is to be edited."""
        view = audience.parse(fields.get("view", "")).view
        index = _index(fields.get("edit", ""), view)
        present = view.children[index] if index is not None else None
        key = fields.get("attribute", "")
        if not key and isinstance(present, Condition):
            column = audience.catalogue.get(present.attribute)
            rule = RULES[column.type].get(present.rule) if column else None
            return cls(view, index, column, rule, present.values)
        column = audience.catalogue.get(key)
        if column is None:
            return cls(view, index)
        rules = RULES[column.type]
        rule = rules.get(fields.get("rule", "")) or rules[_FIRST_RULE.get(column.type, next(iter(rules)))]
        values, typed = _values(fields, column, rule)
        return cls(view, index, column, rule, values, typed)

    @property
    def rules(self) -> list[Rule]:
        """The rules there are for the attribute."""
        return list(RULES[self.column.type].values()) if self.column else []

    @property
    def condition(self) -> Condition | None:
        """The condition so far; None while no attribute is chosen."""
        if self.column is None or self.rule is None:
            return None
        return Condition(self.column.key, self.rule.key, self.values)

    @property
    def suggests(self) -> bool:
        """Whether values that people have can be offered."""
        return self.column is not None and self.column.type == Type.TEXT and self._key in SUGGESTING

    @property
    def takes(self) -> str:
        """Which inputs the rule needs; the name of their template."""
        if self.column is None or self.rule is None or self.rule.arity == Arity.NONE:
            return "none"
        if self.column.type == Type.SEGMENT:
            return "segments"
        if self.column.type == Type.TIME:
            return "amount" if self._key in _AMOUNTS else "dates"
        if self.column.type == Type.NUMBER:
            return "numbers"
        return "values" if self.suggests else "text"

    @property
    def many(self) -> bool:
        """Whether the rule takes any number of values."""
        return self.rule is not None and self.rule.arity == Arity.MANY

    @property
    def slots(self) -> list[str]:
        """The values of a rule with a fixed number of inputs, empty ones included."""
        wanted = 2 if self.rule is not None and self.rule.arity == Arity.TWO else 1
        return [*self.values[:wanted], *[""] * (wanted - len(self.values))]

    @property
    def amount(self) -> tuple[str, str]:
        """(how many, of which unit) of a relative time."""
        number, _, unit = (self.values[0] if self.values else _FIRST_AMOUNT).partition(" ")
        return number, unit if unit in UNITS else f"{unit}s"

    @property
    def _key(self) -> str:
        return self.rule.key if self.rule else ""

    def check(self, audience: Audience) -> Condition:
        """The finished condition; raises FilterError."""
        condition = self.condition or Condition("", "")
        check(condition, audience.catalogue, audience.moments, "filter")
        return condition

    def applied(self, condition: Condition) -> View:
        """The view with this condition."""
        return self.view.with_condition(condition, self.index)

    @property
    def rest(self) -> Node | None:
        """Whom values are suggested of: those who match the other filters. With "any", that is everybody."""
        if self.view.match == "any":
            return None
        return (self.view.without(self.index) if self.index is not None else self.view).node


def _index(text: str, view: View) -> int | None:
    index = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else -1
    return index if 0 <= index < len(view.children) else None


def _values(fields: QueryDict, column: Column, rule: Rule) -> tuple[tuple[str, ...], str]:
    """(values, what was typed). Without JavaScript both a choice and a text can be sent; the text is the later one."""
    if rule.arity == Arity.NONE:
        return (), ""
    if column.type == Type.TIME and rule.key in _AMOUNTS:
        number = fields.get("amount")
        if "preset" in fields or number is None:  # None: the form was not shown yet.
            return (fields.get("preset", _FIRST_AMOUNT),), ""
        return (f"{number.strip()} {fields.get('unit', 'days')}",) if number.strip() else (), ""
    chosen = [value.strip() for value in fields.getlist("value") if value.strip()]
    typed = fields.get("typed", "").strip()
    if rule.arity == Arity.MANY:
        added = [typed] if typed and "only_chosen" not in fields else []
        return tuple(dict.fromkeys([*chosen, *added]))[: MAX_VALUES + 1], typed
    if rule.arity == Arity.TWO:
        return tuple(chosen[:2]), typed
    return tuple(([typed] if typed else chosen)[:1]), typed


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
