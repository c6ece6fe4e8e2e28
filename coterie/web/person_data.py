"""The values on a person's page: each with where it comes from and the way to change it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from urllib.parse import urlsplit
from zlib import crc32

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from coterie.audience.columns import DEFAULT_KEYS, Catalogue, Column, Group, Type
from coterie.audience.models import Attribute, Scope
from coterie.audience.rows import Row
from coterie.chats.models import Chat
from coterie.people.attributes import Value
from coterie.profile.history import Origin
from coterie.web.cells import value_as, value_html
from coterie.web.small import ago
from coterie.web.spot import Spot
from coterie.web.unseen import seen

# What is shown at first, also when it is not known; the rest is behind "See more".
MAIN = (
    "default_email",
    "default_name",
    "default_source",
    "default_url",
    "default_avatar",
    "default_language",
    "default_timezone",
)
_ADDRESSES = ("default_url", "default_avatar", "default_referrer")
# Longer ones are cut, with all of it in the tooltip.
_WIDE = 60


@dataclass(frozen=True, slots=True)
class Datum:
    """One value as it is shown. `edit` is the page that changes it, empty where nobody can; `was` is what it was in the
    session before, `is_new` that there was none. `is_code`: the label is the attribute's own key. `origin` says who or
    what set it, and when.
    """

    anchor: str
    label: str
    html: SafeString | None
    is_code: bool
    origin: SafeString | None = None
    edit: str = ""
    was: SafeString | None = None
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """A value that can be changed: of the person, or of the chat `chat_id`."""

    scope: Scope
    column: Column
    value: Value | None
    chat: Chat | None = None

    @property
    def key(self) -> str:
        """The attribute."""
        return self.column.key

    @property
    def label(self) -> str:
        """How it is called here."""
        return label_of(self.column)

    @property
    def anchor(self) -> str:
        """The id of its row on the page: attributes are called anything."""
        return anchor(self.scope, self.key)

    @property
    def fields(self) -> dict[str, str]:
        """What names it in an address or a form."""
        found = {"key": self.key}
        if self.chat is not None:
            found |= {"scope": Scope.SESSION.value, "chat": self.chat.public_id}
        return found


def told(origins: Mapping[str, Origin], names: Mapping[str, str]) -> dict[str, SafeString]:
    """Who or what set each value, as people call it, and when. Most values of a person came together."""
    words = _("set by <bdi>%(who)s</bdi>, %(at)s")
    said = {
        origin: mark_safe(words % {"who": escape(names[origin.actor]), "at": ago(origin.at)})  # noqa: S308
        for origin in set(origins.values())
    }
    return {key: said[origin] for key, origin in origins.items()}


def main_data(row: Row, catalogue: Catalogue, origins: Mapping[str, SafeString], spot: Spot) -> list[Datum]:
    """The main details, without hidden ones."""
    columns = (catalogue.get(key) for key in MAIN)
    return [_of_person(row, column, origins, spot) for column in columns if column is not None]


def more_data(row: Row, catalogue: Catalogue, origins: Mapping[str, SafeString], spot: Spot) -> list[Datum]:
    """Everything else that is known."""
    columns = (column for column in catalogue.columns if column.key not in MAIN and column.type != Type.SEGMENT)
    return [_of_person(row, column, origins, spot) for column in columns if row.value(column) is not None]


def session_data(
    chat: Chat, former: Chat | None, columns: Mapping[str, Column], origins: Mapping[str, SafeString], spot: Spot
) -> list[Datum]:
    """What a chat collected, and what of it is new or other than in the session before."""
    before = former.attributes if former else {}
    found = []
    for key in sorted(chat.attributes.keys() & columns.keys(), key=lambda key: columns[key].label.casefold()):
        field = Field(Scope.SESSION, columns[key], chat.attributes[key], chat)
        changed = key in before and before[key] != chat.attributes[key]
        found.append(
            Datum(
                field.anchor,
                field.label,
                shown(columns[key], chat.attributes[key]),
                columns[key].label == key,
                origins.get(key),
                spot.url("user-value", **field.fields),
                was=shown(columns[key], before[key]) if changed else None,
                is_new=former is not None and key not in before,
            )
        )
    return found


def missing_data(chat: Chat, former: Chat | None, columns: Mapping[str, Column]) -> list[tuple[str, SafeString]]:
    """What the session before had and this one has not: (label, value)."""
    before = former.attributes if former else {}
    gone = sorted((before.keys() & columns.keys()) - chat.attributes.keys())
    return [(label_of(columns[key]), shown(columns[key], before[key])) for key in gone]


def session_columns(attributes: Iterable[Attribute], chats: Iterable[Chat]) -> dict[str, Column]:
    """Key → column of what chats collected, without hidden ones. What the catalogue does not know is a text."""
    rows = {attribute.key: attribute for attribute in attributes}
    keys = {key for chat in chats for key in chat.attributes}
    return {key: session_column(key, rows.get(key)) for key in keys if not (key in rows and rows[key].hidden)}


def session_column(key: str, attribute: Attribute | None) -> Column:
    """The column of an attribute of chats."""
    if attribute is None:
        return Column(key, key, Type.TEXT, Group.CUSTOM, "braces")
    return Column(key, attribute.label or key, Type(attribute.type), Group.CUSTOM, "braces")


def can_change(column: Column) -> bool:
    """Whether it is an attribute, and not something the program itself knows."""
    return column.is_custom or column.key in DEFAULT_KEYS


def shown(column: Column, value: Value) -> SafeString:
    """A value as it reads, also one of a chat."""
    if column.key in _ADDRESSES and (link := _link(str(value))):
        return link
    return value_as(column, value)


def label_of(column: Column) -> str:
    """A column's name: the workspace's own attributes are called what they are called, the program's are translated."""
    return seen(column.label) if column.group == Group.CUSTOM else _(column.label)


def anchor(scope: Scope, key: str) -> str:
    """The id of a value's row."""
    return f"v-{crc32(f'{scope.value}:{key}'.encode()):08x}"


def _of_person(row: Row, column: Column, origins: Mapping[str, SafeString], spot: Spot) -> Datum:
    value = row.value(column)
    if value is None:
        html = None
    elif column.key in _ADDRESSES:
        html = _link(str(value)) or value_html(row, column)
    else:
        html = value_html(row, column)
    edit = spot.url("user-value", key=column.key) if can_change(column) else ""
    is_code = column.is_custom and column.label == column.key
    origin = origins.get(column.key) if value is not None else None
    return Datum(anchor(Scope.PERSON, column.key), label_of(column), html, is_code, origin, edit)


def _link(value: str) -> SafeString | None:
    """A web address as a link that tells nobody where it was followed from; None for anything else."""
    try:
        parts = urlsplit(value)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return None
    words = seen(value).partition("://")[2].removesuffix("/")
    short = words if len(words) <= _WIDE else f"{words[:_WIDE]}…"
    return mark_safe(  # noqa: S308
        f'<a href="{escape(value)}" target="_blank" rel="noopener noreferrer nofollow" title="{escape(seen(value))}">'
        f"<bdi>{escape(short)}</bdi></a>"
    )
