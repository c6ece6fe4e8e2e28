"""The filter that somebody is building: read from the fields of the builder's form, and what the form needs to show."""

from dataclasses import dataclass
from typing import Self

from django.http import QueryDict

from coterie.audience.audience import Audience
from coterie.audience.columns import Column, Type
from coterie.audience.compiler import check
from coterie.audience.moments import UNITS
from coterie.audience.paths import MODES, Path, can_grow, joined
from coterie.audience.rules import RULES, Arity, Rule
from coterie.audience.tree import MAX_DEPTH, MAX_VALUES, Condition, Node
from coterie.audience.view import View
from coterie.core.text import clean

# Rules whose value is a whole value of somebody: for them values can be suggested.
SUGGESTING = {
    Type.TEXT: frozenset({"is", "is_not", "any_of", "none_of"}),
    Type.NUMBER: frozenset({"eq", "ne"}),
}
_AMOUNTS = frozenset({"in_last", "not_in_last"})
PRESETS = ("24 hours", "7 days", "30 days", "90 days")
_FIRST_RULE = {Type.TIME: "in_last"}
_FIRST_AMOUNT = "30 days"


@dataclass(frozen=True, slots=True)
class Draft:
    """A condition in the making: for `view`, in place of what is at `edit`, or as a new part.

    `into` says of what: "" of the whole filter, a path of the group there, "all", "any" or "none" of a new group.
    """

    view: View
    edit: Path | None = None
    into: str = ""
    column: Column | None = None
    rule: Rule | None = None
    values: tuple[str, ...] = ()
    typed: str = ""

    @classmethod
    def read(cls, fields: QueryDict, audience: Audience) -> Self:
        """From the form's fields, or from the condition that is to be edited."""
        view = audience.parse(fields.get("view", "")).view
        edit, into = read_path(fields.get("edit", ""), view), fields.get("into", "")
        present = view.at(edit) if edit is not None else None
        if into not in MODES and not _is_group(into, view):
            into = ""
        key = fields.get("attribute", "")
        if not key and isinstance(present, Condition):
            column = audience.catalogue.get(present.attribute)
            rule = RULES[column.type].get(present.rule) if column else None
            return cls(view, edit, into, column, rule, present.values)
        column = audience.catalogue.get(key)
        if column is None:
            return cls(view, edit, into)
        rules = RULES[column.type]
        rule = rules.get(fields.get("rule", "")) or rules[_FIRST_RULE.get(column.type, next(iter(rules)))]
        values, typed = _values(fields, column, rule)
        return cls(view, edit, into, column, rule, values, typed)

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
        return self.column is not None and self._key in SUGGESTING.get(self.column.type, ())

    @property
    def pictured(self) -> bool:
        """Whether a histogram shows what is chosen."""
        return self.takes in ("amount", "dates")

    @property
    def takes(self) -> str:
        """Which inputs the rule needs; the name of their template."""
        if self.column is not None and self.column.type == Type.BOOLEAN:
            return "facts"
        if self.column is None or self.rule is None or self.rule.arity == Arity.NONE:
            return "none"
        if self.column.type == Type.SEGMENT:
            return "segments"
        if self.column.type == Type.TIME:
            return "amount" if self._key in _AMOUNTS else "dates"
        if self.column.type == Type.NUMBER and not self.suggests:
            return "numbers"
        return "values" if self.suggests else "text"

    @property
    def listed(self) -> bool:
        """Whether values stand below, with how many people have each."""
        return self.suggests or self.takes in ("segments", "facts")

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
        if self.edit is not None:
            return self.view.put(condition, self.edit)
        if self.into in MODES:
            return self.view.put(joined((condition,), self.into))
        group = read_path(self.into, self.view)
        return self.view.put(condition) if group is None else self.view.added(condition, group)

    @property
    def rest(self) -> Node | None:
        """Whom values are suggested of: those who match all other filters. Where "any" will do, that is everybody."""
        deep = self.into not in ("", *MODES) or (self.edit is not None and len(self.edit) > 1)
        if self.view.match == "any" or deep:
            return View(search=self.view.search).node
        return (self.view.without(self.edit) if self.edit is not None else self.view).node

    @property
    def place(self) -> dict[str, str | int]:
        """Where the condition goes, as fields of the builder."""
        fields = {"edit": print_path(self.edit) if self.edit is not None else "", "into": self.into}
        return {name: value for name, value in fields.items() if value}


def print_path(path: Path) -> str:
    """(2, 0) → "2.0"."""
    return ".".join(map(str, path))


def read_path(text: str, view: View) -> Path | None:
    """The path, if something is there."""
    parts = text.split(".")
    if len(parts) > MAX_DEPTH * 2 or not all(part.isascii() and part.isdigit() and len(part) < 4 for part in parts):
        return None
    path = tuple(map(int, parts))
    try:
        view.at(path)
    except LookupError:
        return None
    return path


def _is_group(text: str, view: View) -> bool:
    path = read_path(text, view)
    return path is not None and can_grow(view.at(path))


def _values(fields: QueryDict, column: Column, rule: Rule) -> tuple[tuple[str, ...], str]:
    """(values, what was typed). Without JavaScript both a choice and a text can be sent; the text is the later one."""
    if rule.arity == Arity.NONE:
        return (), ""
    if column.type == Type.TIME and rule.key in _AMOUNTS:
        number = fields.get("amount")
        if "preset" in fields or number is None:  # None: the form was not shown yet.
            return (fields.get("preset", _FIRST_AMOUNT),), ""
        return (f"{number.strip()} {fields.get('unit', 'days')}",) if number.strip() else (), ""
    chosen = [value for value in map(clean, fields.getlist("value")) if value]
    typed = clean(fields.get("typed", ""))
    if rule.arity == Arity.MANY:
        added = [typed] if typed and "only_chosen" not in fields else []
        return tuple(dict.fromkeys([*chosen, *added]))[: MAX_VALUES + 1], typed
    if rule.arity == Arity.TWO:
        return tuple(chosen[:2]), typed
    return tuple(([typed] if typed else chosen)[:1]), typed
