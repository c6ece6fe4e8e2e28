"""The catalogue as the team sees and edits it: every attribute there is, and what is said about each.

What it says takes effect with the next request: columns are made from these rows every time (`columns.catalogue`), and
values are read as their type when they are asked for, so that nothing has to be rebuilt.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from coterie.accounts.audit import record
from coterie.accounts.models import Workspace
from coterie.audience.columns import (
    DEFAULT_COLUMNS,
    DEFAULT_KEYS,
    LEADS,
    PERSONAL_KEYS,
    Column,
    Group,
    Type,
    as_the_team_has_it,
    custom_column,
)
from coterie.audience.models import Attribute, AttributeType, Scope
from coterie.core.text import clean

MAX_LABEL = 128


@dataclass(frozen=True, slots=True)
class Entry:
    """One attribute. `column` carries its key, label, type, group and icon; `given` is the label without the team's.

    `count` is how many people (in scope session: chats) have it; None for what everybody always has. `first_seen` is
    None as long as nobody ever had it.
    """

    column: Column
    scope: Scope
    given: str
    hidden: bool = False
    count: int | None = None
    first_seen: dt.datetime | None = None

    @property
    def always_there(self) -> bool:
        """Whether the program itself knows it of everybody, so that there is nothing to say about it."""
        return self.count is None

    @property
    def can_be_hidden(self) -> bool:
        """Everything but what leads each row, and what is always there."""
        return not self.always_there and not (self.scope == Scope.PERSON and self.column.key == LEADS)

    @property
    def can_be_retyped(self) -> bool:
        """Custom attributes of people: the type decides which filters they have. Default ones are texts."""
        return self.scope == Scope.PERSON and self.column.group == Group.CUSTOM


def entries(workspace: Workspace) -> list[Entry]:
    """All attributes, in one query: the program's own in its order, custom ones and those of chats by label."""
    rows = list(Attribute.objects.filter(workspace=workspace))
    default = {row.key: row for row in rows if row.scope == Scope.PERSON and row.key in DEFAULT_KEYS}
    own = [_own(row) for row in rows if row.scope != Scope.PERSON or row.key not in DEFAULT_KEYS]
    own.sort(key=lambda entry: (entry.scope != Scope.PERSON, entry.column.label.casefold(), entry.column.key))
    return [*(_default(column, default.get(column.key)) for column in DEFAULT_COLUMNS), *own]


def find(workspace: Workspace, scope: str, key: str) -> Entry | None:
    """One attribute; None when there is none of that name, or it is always there."""
    row = Attribute.objects.filter(workspace=workspace, scope=scope, key=key).first()
    if scope == Scope.PERSON and key in DEFAULT_KEYS:
        return next(_default(column, row) for column in DEFAULT_COLUMNS if column.key == key)
    return _own(row) if row is not None else None


def change(workspace: Workspace, actor: str, entry: Entry, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Writes what of `label`, `type`, `hidden` and `personal` is given, and an audit entry.

    Returns the former values of what differs. Raises ValueError with what to say about a value that cannot be.
    """
    values = _checked(entry, wanted)
    with transaction.atomic():
        row = _locked(workspace, entry)
        former = {name: getattr(row, name) for name, value in values.items() if getattr(row, name) != value}
        if former:
            new = {name: values[name] for name in former}
            Attribute.objects.filter(workspace=workspace, id=row.id).update(**new)
            details = {"attribute": row.key, "scope": row.scope, "before": former, "after": new}
            record(workspace, actor, "attribute.change", details)
    return former


def as_type(entry: Entry, kind: str) -> Column:
    """The attribute's column if it were of that type; raises ValueError."""
    return replace(entry.column, type=Type(_type(entry, kind)))


def _default(column: Column, row: Attribute | None) -> Entry:
    if not column.is_default:
        return Entry(column, Scope.PERSON, column.label)
    known = as_the_team_has_it(column, row)
    if row is None:
        return Entry(known, Scope.PERSON, column.label, count=0)
    # A row may be there because the team said something about an attribute that nobody has yet.
    seen = row.created_at if row.count else None
    return Entry(known, Scope.PERSON, column.label, row.hidden and row.key != LEADS, row.count, seen)


def _own(row: Attribute) -> Entry:
    return Entry(custom_column(row), Scope(row.scope), row.key, row.hidden, row.count, row.created_at)


def _checked(entry: Entry, wanted: Mapping[str, Any]) -> dict[str, Any]:
    values = dict(wanted)
    if "label" in values:
        # One line, and none where the given one is meant.
        label = " ".join(clean(values["label"]).split())
        if len(label) > MAX_LABEL:
            raise ValueError(f"A label has at most {MAX_LABEL} characters; this one has {len(label):,}.")
        values["label"] = "" if label == entry.given else label
    if "type" in values:
        values["type"] = _type(entry, values["type"])
    if values.get("hidden") and not entry.can_be_hidden:
        raise ValueError(f"“{entry.column.label}” leads each row of the list, so it cannot be hidden.")
    return values


def _type(entry: Entry, wanted: str) -> str:
    if wanted not in AttributeType.values:
        raise ValueError(f"There is no type “{clean(wanted)[:40]}”; there are {', '.join(AttributeType.values)}.")
    if wanted != entry.column.type and not entry.can_be_retyped:
        raise ValueError(f"The type of “{entry.column.label}” is fixed.")
    return AttributeType(wanted).value


def _locked(workspace: Workspace, entry: Entry) -> Attribute:
    """The row, until the end of the transaction; made for a default attribute that has none yet."""
    key = {"workspace": workspace, "scope": entry.scope, "key": entry.column.key}
    Attribute.objects.bulk_create(
        [Attribute(**key, type=entry.column.type, personal=entry.column.key in PERSONAL_KEYS)], ignore_conflicts=True
    )
    return Attribute.objects.select_for_update().get(**key)
