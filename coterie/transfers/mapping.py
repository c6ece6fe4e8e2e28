"""Which attribute each column of a file fills."""

from collections.abc import Mapping, Sequence

from coterie.audience.columns import DEFAULT_COLUMNS
from coterie.people.attributes import Refused, validated
from coterie.transfers.guard import unguard
from coterie.transfers.headings import attribute_of

# Known from chats and segments alone; a file may have them (every export does), but they are not read.
NOT_READ = frozenset({"segment", "chats", "banned"})
_COLUMNS = frozenset(column.key for column in DEFAULT_COLUMNS)


class WrongFile(ValueError):
    """A file that cannot be imported at all, and what to do about it."""


def mapped(header: Sequence[str], wishes: Mapping[str, str]) -> list[str | None]:
    """The attribute of each column, None for one that is not read. Raises WrongFile.

    `wishes` says it for single columns: heading → attribute, or "" for "do not read".
    """
    names = [unguard(cell.strip()) for cell in header]
    if unknown := sorted(set(wishes) - set(names)):
        raise WrongFile(f"There is no column “{unknown[0]}”; there are {', '.join(names)}.")
    keys = [_key(name, wishes) for name in names]
    for key in keys:
        if key is not None and keys.count(key) > 1:
            columns = " and ".join(f"“{name}”" for name, other in zip(names, keys, strict=True) if other == key)
            raise WrongFile(f"The columns {columns} would both fill {key}; map one of them to nothing (“column=”).")
    if not {"userId", "default_email"} & set(keys):
        raise WrongFile(
            "No column tells who a row is about: one must be User ID or Email, or be mapped to userId or default_email."
        )
    return keys


def _key(name: str, wishes: Mapping[str, str]) -> str | None:
    if name in wishes:
        if not wishes[name]:
            return None
        key = attribute_of(wishes[name])
    elif not name:
        return None
    else:
        key = attribute_of(name)
    if key in NOT_READ:
        return None
    if key not in _COLUMNS:
        try:
            validated({key: "x"})
        except Refused as refused:
            hint = f"Map it to another name (“{name}=other”) or to nothing (“{name}=”)."
            raise WrongFile(f"The column “{name}” cannot be an attribute: {refused.message} {hint}") from refused
    return key
