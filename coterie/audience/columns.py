"""The columns of the audience: what can be shown, filtered, sorted and exported.

Default columns are listed here; custom ones come from the workspace's catalogue of attributes. Identifiers in SQL come
from these two places only, never from a request.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property

from coterie.audience.models import Attribute, Scope
from coterie.audience.segments import ListedSegment, listed_segments
from coterie.core.ids import to_public


class Type(StrEnum):
    """How the values of a column compare; the rows of the rules table."""

    TEXT = "text"
    NUMBER = "number"
    TIME = "time"
    BOOLEAN = "boolean"
    SEGMENT = "segment"


class Group(StrEnum):
    """Where the filter builder lists a column."""

    PROFILE = "Profile"
    ACTIVITY = "Activity"
    LOCATION = "Location"
    CHANNEL = "Channel"
    CUSTOM = "Custom attributes"
    SEGMENT = "Segment"
    COMPUTED = "Computed"


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `key` is its name in URLs and the API, `field` its name in the replica (None: inside `custom`).

    `stored` is the field that holds a custom attribute as text, beside `custom`; see `stored_fields`.
    `formula` is the expression of a computed column. `hash` is the field that holds a hash of the value in lower case:
    nearly everybody's value differs, so comparing four bytes first makes looking for one ten times faster.
    `label` is the team's own, if it gave one. `personal` marks what tells who somebody is.
    """

    key: str
    label: str
    type: Type
    group: Group
    icon: str
    field: str | None = None
    stored: str = ""
    formula: str = ""
    hash: str = ""
    personal: bool = False

    @property
    def sql(self) -> str:
        """The column as a DuckDB expression of its type: VARCHAR, DOUBLE, TIMESTAMP (UTC) or BOOLEAN."""
        if self.formula:
            return self.formula
        if self.field is not None:
            return f"p.{self.field}"
        text = self._text
        match self.type:
            case Type.NUMBER:  # NaN and infinity are none.
                return f"CASE WHEN isfinite({self.number}) THEN {self.number} END"
            case Type.TIME:
                # Without an offset it is the time on the wall where the workspace is: the connection's time zone. What
                # begins with no digit is no time ("infinity", "epoch").
                time = f"try_cast({text} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'"
                return f"CASE WHEN ascii({text}) BETWEEN 48 AND 57 THEN {time} END"
            case Type.BOOLEAN:
                return f"CASE lower({text}) WHEN 'true' THEN true WHEN 'false' THEN false END"
            case _:
                return text

    @property
    def number(self) -> str:
        """A number column as a DOUBLE that may also be NaN or infinite: half the work of `sql`, which is never so."""
        return f"try_cast({self._text} AS DOUBLE)" if self.is_custom else self.sql

    @property
    def _text(self) -> str:
        if self.stored:
            return f"p.{self.stored}"
        # Through text, because try_cast straight from VARIANT is many times slower.
        escaped = self.key.replace("'", "''")
        return f"(p.custom['{escaped}']::VARCHAR)"

    @property
    def is_custom(self) -> bool:
        """Whether the value is one of the workspace's own attributes."""
        return self.field is None and not self.formula and self.type != Type.SEGMENT

    @property
    def is_default(self) -> bool:
        """Whether the key is one that no workspace can give to an attribute of its own."""
        return self.key.startswith("default_")


# What tells who somebody is, unless the team decides otherwise.
PERSONAL_KEYS = frozenset(
    {"default_email", "default_name", "default_username", "default_avatar", "default_ip", "default_gender"}
)


def _text(key: str, label: str, group: Group, icon: str, hash_field: str = "") -> Column:
    field_name = key.removeprefix("default_")
    return Column(key, label, Type.TEXT, group, icon, field_name, hash=hash_field, personal=key in PERSONAL_KEYS)


def _location(hidden: Container[str] = ()) -> str:
    """City and region, or what is known of them and not hidden."""
    city, region, country = (
        "NULL" if f"default_{part}" in hidden else f"p.{part}" for part in ("city", "region", "country")
    )
    return f"nullif(concat_ws(', ', {city}, coalesce({region}, {country})), '')"


# In the order in which the filter builder lists them.
DEFAULT_COLUMNS: tuple[Column, ...] = (
    _text("default_email", "Email", Group.PROFILE, "mail", "email_hash"),
    _text("default_name", "Name", Group.PROFILE, "user", "name_hash"),
    Column("userId", "User ID", Type.TEXT, Group.PROFILE, "hash", "user_id", hash="user_id_hash"),
    _text("default_username", "Username", Group.PROFILE, "user", "username_hash"),
    _text("default_language", "Language", Group.PROFILE, "globe"),
    _text("default_gender", "Gender", Group.PROFILE, "user"),
    _text("default_avatar", "Avatar", Group.PROFILE, "image"),
    Column("banned", "Banned", Type.BOOLEAN, Group.PROFILE, "ban", "banned"),
    Column("lastSeen", "Last seen", Type.TIME, Group.ACTIVITY, "clock", "last_seen"),
    Column("createdAt", "First seen", Type.TIME, Group.ACTIVITY, "calendar", "created_at"),
    Column("chats", "Chats", Type.NUMBER, Group.ACTIVITY, "widget", "chats"),
    _text("default_city", "City", Group.LOCATION, "pin"),
    _text("default_region", "Region", Group.LOCATION, "pin"),
    _text("default_country", "Country", Group.LOCATION, "globe"),
    _text("default_timezone", "Timezone", Group.LOCATION, "clock"),
    _text("default_ip", "IP", Group.LOCATION, "hash"),
    _text("default_source", "Integration", Group.CHANNEL, "channels"),
    _text("default_url", "Source", Group.CHANNEL, "link"),
    _text("default_referrer", "Referrer", Group.CHANNEL, "link"),
    Column("segment", "Segment", Type.SEGMENT, Group.SEGMENT, "segments"),
    Column("default_location", "Location", Type.TEXT, Group.COMPUTED, "pin", formula=_location()),
)

# What channels and the API may write.
DEFAULT_KEYS: tuple[str, ...] = tuple(
    column.key for column in DEFAULT_COLUMNS if column.is_default and column.field is not None
)
# Leads each row, and so cannot be hidden.
LEADS = "default_name"
# Names that a custom attribute may not take, because URLs and the API use them for something else.
RESERVED_KEYS = frozenset(column.key for column in DEFAULT_COLUMNS) | {"attribute", "id", "conversations"}


@dataclass(frozen=True)
class Catalogue:
    """All columns of one workspace. The `hidden` ones, by key, are kept out of every answer.

    `segments` are its segments by id; None: they are not known here and not checked.
    """

    columns: tuple[Column, ...]
    hidden: Mapping[str, Column] = field(default_factory=dict)
    workspace_id: int = 0
    segments: Mapping[int, ListedSegment] | None = None

    @cached_property
    def by_key(self) -> dict[str, Column]:
        """Columns by their key."""
        return {column.key: column for column in self.columns}

    def get(self, key: str) -> Column | None:
        """The column of that key, or None."""
        return self.by_key.get(key)

    @cached_property
    def stored(self) -> frozenset[str]:
        """The fields of custom attributes that the replica must have before it is asked."""
        return frozenset(column.stored for column in (*self.columns, *self.hidden.values()) if column.stored)

    @cached_property
    def segment_names(self) -> dict[str, str]:
        """Public id → name of the segments that are not in the trash, by name."""
        there = [(one.name, to_public(row_id)) for row_id, one in (self.segments or {}).items() if not one.removed]
        return {public_id: name for name, public_id in sorted(there, key=lambda pair: (pair[0].casefold(), pair[0]))}

    @property
    def custom(self) -> list[Column]:
        """The workspace's own attributes, by label."""
        return [column for column in self.columns if column.group == Group.CUSTOM]


def stored_fields(attributes: Iterable[tuple[int, str]]) -> dict[str, str]:
    """Key → field of the custom attributes of people that the replica holds in a field of their own; `attributes` are
    the (id, key) of all.

    Of keys that differ in case only, the oldest has one: a struct of DuckDB's cannot hold both. The others are read
    from `custom`, which takes as long as reading everything about everybody.
    """
    taken = {key.casefold() for key in DEFAULT_KEYS}
    fields: dict[str, str] = {}
    for row_id, key in sorted(attributes):
        if key not in DEFAULT_KEYS and key.casefold() not in taken:
            taken.add(key.casefold())
            fields[key] = f"a{row_id}"
    return fields


def custom_column(attribute: Attribute, stored: str = "") -> Column:
    """The column of a custom attribute."""
    label, kind = attribute.label or attribute.key, Type(attribute.type)
    return Column(attribute.key, label, kind, Group.CUSTOM, "braces", stored=stored, personal=attribute.personal)


def as_the_team_has_it(column: Column, attribute: Attribute | None) -> Column:
    """A default column with the label and the mark that its row in the catalogue gives it."""
    if attribute is None:
        return column
    return replace(column, label=attribute.label or column.label, personal=attribute.personal)


def catalogue_of(attributes: Iterable[Attribute], workspace_id: int) -> Catalogue:
    """The catalogue behind the rows about people."""
    rows = {attribute.key: attribute for attribute in attributes}
    hidden = {key for key, attribute in rows.items() if attribute.hidden and key != LEADS}
    fields = stored_fields((attribute.id, key) for key, attribute in rows.items())
    custom = [custom_column(row, fields.get(key, "")) for key, row in rows.items() if key not in DEFAULT_KEYS]
    custom.sort(key=lambda column: (column.label.lower(), column.key))
    columns = [*(as_the_team_has_it(column, rows.get(column.key)) for column in DEFAULT_COLUMNS), *custom]
    columns = [replace(column, formula=_location(hidden)) if column.formula else column for column in columns]
    return Catalogue(
        tuple(column for column in columns if column.key not in hidden),
        {column.key: column for column in columns if column.key in hidden},
        workspace_id,
    )


def catalogue(workspace_id: int) -> Catalogue:
    """The workspace's catalogue: two queries."""
    attributes = Attribute.objects.filter(workspace_id=workspace_id, scope=Scope.PERSON)
    return replace(catalogue_of(attributes, workspace_id), segments=listed_segments(workspace_id))


def hidden_keys(workspace_id: int) -> dict[Scope, frozenset[str]]:
    """The hidden attributes of people and of chats, for answers that read the system of record: one query."""
    rows = list(Attribute.objects.filter(workspace_id=workspace_id, hidden=True).values_list("scope", "key"))
    return {scope: frozenset(key for of, key in rows if of == scope and key != LEADS) for scope in Scope}
