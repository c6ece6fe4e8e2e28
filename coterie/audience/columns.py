"""The columns of the audience: what can be shown, filtered, sorted and exported.

Default columns are listed here; custom ones come from the workspace's catalogue of attributes. Identifiers in SQL come
from these two places only, never from a request.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from coterie.audience.models import Attribute, Scope
from coterie.audience.segments import ListedSegment, listed_segments


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


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `key` is its name in URLs and the API, `field` its name in the replica (None: inside `custom`)."""

    key: str
    label: str
    type: Type
    group: Group
    icon: str
    field: str | None = None

    @property
    def sql(self) -> str:
        """The column as a DuckDB expression of its type: VARCHAR, DOUBLE, TIMESTAMP (UTC) or BOOLEAN."""
        if self.field is not None:
            return f"p.{self.field}"
        escaped = self.key.replace("'", "''")
        text = f"(p.custom['{escaped}']::VARCHAR)"
        match self.type:
            case Type.NUMBER:
                # Through text, because try_cast straight from VARIANT is many times slower. NaN and infinity are none.
                number = f"try_cast({text} AS DOUBLE)"
                return f"CASE WHEN isfinite({number}) THEN {number} END"
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
    def is_default(self) -> bool:
        """Whether the value is one of the person's `default_*` attributes."""
        return self.key.startswith("default_")


def _text(key: str, label: str, group: Group, icon: str) -> Column:
    return Column(key, label, Type.TEXT, group, icon, key.removeprefix("default_"))


# In the order in which the filter builder lists them.
DEFAULT_COLUMNS: tuple[Column, ...] = (
    _text("default_email", "Email", Group.PROFILE, "mail"),
    _text("default_name", "Name", Group.PROFILE, "user"),
    Column("userId", "User ID", Type.TEXT, Group.PROFILE, "hash", "user_id"),
    _text("default_username", "Username", Group.PROFILE, "user"),
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
)

DEFAULT_KEYS: tuple[str, ...] = tuple(column.key for column in DEFAULT_COLUMNS if column.is_default)
# What tells who somebody is, unless the team decides otherwise.
PERSONAL_KEYS = frozenset(
    {"default_email", "default_name", "default_username", "default_avatar", "default_ip", "default_gender"}
)
# Names that a custom attribute may not take, because URLs and the API use them for something else.
RESERVED_KEYS = frozenset(column.key for column in DEFAULT_COLUMNS) | {"attribute", "id", "conversations"}


@dataclass(frozen=True)
class Catalogue:
    """All columns of one workspace, and its segments by id (None: they are not known here and not checked)."""

    columns: tuple[Column, ...]
    segments: Mapping[int, ListedSegment] | None = None

    @cached_property
    def by_key(self) -> dict[str, Column]:
        """Columns by their key."""
        return {column.key: column for column in self.columns}

    def get(self, key: str) -> Column | None:
        """The column of that key, or None."""
        return self.by_key.get(key)

    @property
    def custom(self) -> list[Column]:
        """The workspace's own attributes, by name."""
        return [column for column in self.columns if column.group == Group.CUSTOM]


def custom_columns(attributes: Iterable[Attribute]) -> list[Column]:
    """Columns of catalogued custom attributes, by name."""
    columns = [
        Column(attribute.key, attribute.key, Type(attribute.type), Group.CUSTOM, "braces") for attribute in attributes
    ]
    return sorted(columns, key=lambda column: (column.key.lower(), column.key))


def catalogue(workspace_id: int) -> Catalogue:
    """The workspace's catalogue: two queries."""
    attributes = Attribute.objects.filter(workspace_id=workspace_id, scope=Scope.PERSON)
    return Catalogue((*DEFAULT_COLUMNS, *custom_columns(attributes)), listed_segments(workspace_id))
