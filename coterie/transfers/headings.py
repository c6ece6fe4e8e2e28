"""How columns are called in files, and which column is behind a heading.

Files for people (CSV, XLSX) have readable headings: first those of ChatBot's own export, so that scripts which read
that file read this one; then the program's labels, whatever the team calls an attribute (renaming one in Settings
breaks no script and no import); custom attributes go by their key. `attribute_of` finds the attribute behind each.
Files for programs (JSON Lines, Parquet) have the keys themselves, as `spelled`.
"""

from collections.abc import Sequence

from coterie.audience.columns import DEFAULT_COLUMNS, Catalogue, Column, Group, Type

# The known headings and their columns, in the known order. "Source" means the integration there.
HEADINGS = {
    "default_name": "Name",
    "default_email": "Email",
    "createdAt": "First Seen",
    "lastSeen": "Last Seen",
    "default_source": "Source",
    "userId": "User ID",
    "default_ip": "IP",
    "default_region": "Region",
    "default_country": "Country",
}
SEGMENTS = "Segments"
CUSTOM_PREFIX = "attribute."
_TAKEN = frozenset(
    name.lower()
    for name in (SEGMENTS, *HEADINGS.values(), *(name for c in DEFAULT_COLUMNS for name in (c.key, c.label)))
)
_LABELS = {column.key: column.label for column in DEFAULT_COLUMNS}
_NAMES = {
    **{column.label.lower(): column.key for column in DEFAULT_COLUMNS},
    **{column.key.lower(): column.key for column in DEFAULT_COLUMNS},
    **{heading.lower(): key for key, heading in HEADINGS.items()},
    SEGMENTS.lower(): "segment",
}


def default_columns(catalogue: Catalogue) -> list[Column]:
    """Everything there is: known headings, other attributes by label, custom ones, segments."""
    known = [catalogue.by_key[key] for key in HEADINGS if key in catalogue.by_key]
    custom = sorted(catalogue.custom, key=lambda column: (column.key.lower(), column.key))
    rest = [
        column
        for column in catalogue.columns
        if column not in known and column not in custom and column.group != Group.COMPUTED
    ]
    segments = [column for column in rest if column.type == Type.SEGMENT]
    others = sorted((column for column in rest if column not in segments), key=lambda column: _LABELS[column.key])
    return [*known, *others, *custom, *segments]


def heading(column: Column) -> str:
    """The name of a column in the file, unique in it.

    A default attribute whose label is one of the known headings goes by its key; a custom one that is called like any
    other heading gets `attribute.` in front.
    """
    if column.type == Type.SEGMENT:
        return SEGMENTS
    if column.group == Group.CUSTOM:
        clashes = column.key.lower() in _TAKEN or column.key.startswith(CUSTOM_PREFIX)
        return f"{CUSTOM_PREFIX}{column.key}" if clashes else column.key
    known = HEADINGS.get(column.key)
    label = _LABELS[column.key]
    return known or (column.key if label in HEADINGS.values() else label)


def attribute_of(name: str) -> str:
    """The attribute behind a heading, a label or a key; any other name is a custom attribute of that name."""
    if name.startswith(CUSTOM_PREFIX):
        return name.removeprefix(CUSTOM_PREFIX)
    return _NAMES.get(name.lower(), name)


def spelled(key: str) -> str:
    """The attribute so that `attribute_of` finds it, also when it is called like a heading."""
    return key if attribute_of(key) == key else f"{CUSTOM_PREFIX}{key}"


def personal_keys(columns: Sequence[Column]) -> list[str]:
    """What of these the team marked as telling who somebody is, for the audit trail."""
    return [column.key for column in columns if column.personal]
