"""Which attribute each column of a file fills."""

import hashlib
import re
from collections.abc import Mapping, Sequence

from django.db import transaction

from coterie.accounts.models import Workspace
from coterie.audience.columns import DEFAULT_COLUMNS, Catalogue, Group
from coterie.core.clock import now
from coterie.people.attributes import Refused, validated
from coterie.transfers.headings import attribute_of, spelled
from coterie.transfers.models import ImportMapping
from coterie.transfers.reading import LINE, REASON, WrongFile

# Known from chats, segments or other attributes; a file may have them (exports do), but they are not read.
NOT_READ = frozenset(
    {"segment", "chats", "banned", *(column.key for column in DEFAULT_COLUMNS if column.group == Group.COMPUTED)}
)
_COLUMNS = frozenset(column.key for column in DEFAULT_COLUMNS)
# What others call the same, without case, spaces and signs.
_OTHERS = {
    **dict.fromkeys(("mail", "emailaddress", "primaryemail", "useremail", "correo", "adresemail"), "default_email"),
    **dict.fromkeys(("fullname", "displayname", "contactname", "customername", "nombre"), "default_name"),
    **dict.fromkeys(("customerid", "contactid", "externalid", "uid"), "userId"),
    **dict.fromkeys(("ipaddress", "lastip"), "default_ip"),
    **dict.fromkeys(("lang", "locale", "preferredlanguage"), "default_language"),
    **dict.fromkeys(("created", "creationdate", "signupdate", "registered", "subscribedat"), "createdAt"),
    **dict.fromkeys(("lastactive", "lastactivity", "lastvisit", "lastlogin"), "lastSeen"),
    **dict.fromkeys(("town",), "default_city"),
    **dict.fromkeys(("state", "province"), "default_region"),
    **dict.fromkeys(("sex",), "default_gender"),
    **dict.fromkeys(("tz",), "default_timezone"),
}
# The columns that a file of rejected rows has in front.
_MENDED = {LINE: "", REASON: ""}
_AGAIN = re.compile(r"(.+) \(\d+\)")


def mapped(header: Sequence[str], wishes: Mapping[str, str]) -> list[str | None]:
    """The attribute of each column, None for one that is not read. Raises WrongFile.

    `wishes` says it for single columns: heading → attribute, or "" for "do not read".
    """
    names = list(header)
    if unknown := sorted(set(wishes) - set(names)):
        raise WrongFile(f"There is no column “{unknown[0]}”; there are {', '.join(names)}.")
    if names[:2] == list(_MENDED):
        wishes = {**_MENDED, **wishes}
    keys = [_key(name, names, wishes) for name in names]
    for key in keys:
        if key is not None and keys.count(key) > 1:
            columns = " and ".join(f"“{name}”" for name, other in zip(names, keys, strict=True) if other == key)
            raise WrongFile(f"The columns {columns} would both fill {key}; map one of them to nothing (“column=”).")
    if not {"userId", "default_email"} & set(keys):
        raise WrongFile(
            "No column tells who a row is about: one must be User ID or Email, or be mapped to userId or default_email."
        )
    return keys


def guess(header: Sequence[str], catalogue: Catalogue) -> dict[str, str]:
    """What the columns probably fill, for somebody to look at: heading → attribute, or "" for "do not read"."""
    labels = {_plain(column.label): column.key for column in catalogue.columns}
    found: dict[str, str] = {}
    for name in header:
        key = attribute_of(name)
        if key not in _COLUMNS and key not in catalogue.by_key and key not in catalogue.hidden:
            key = labels.get(_plain(name)) or _known(_plain(name)) or key
        again = _AGAIN.fullmatch(name)
        taken = spelled(key) in found.values() or (again is not None and again[1] in header)
        found[name] = "" if not name or taken or key in NOT_READ or _refusal(key) else spelled(key)
    return found | (_MENDED if list(header[:2]) == list(_MENDED) else {})


def remembered(workspace: Workspace, header: Sequence[str]) -> dict[str, str] | None:
    """How a file with these headings was mapped the last time."""
    row = ImportMapping.objects.filter(workspace=workspace, headings=_fingerprint(header)).first()
    return None if row is None else dict(row.mapping)


def remember(workspace: Workspace, header: Sequence[str], keys: Sequence[str | None]) -> None:
    """Keeps how this file is mapped, for the next one with the same headings."""
    mapping = {name: spelled(key) if key else "" for name, key in zip(header, keys, strict=True) if name}
    with transaction.atomic():
        ImportMapping.objects.update_or_create(
            workspace=workspace, headings=_fingerprint(header), defaults={"mapping": mapping, "used_at": now()}
        )


def _fingerprint(header: Sequence[str]) -> str:
    """The same for the same headings, in whatever order."""
    return hashlib.sha256("\n".join(sorted(header)).encode()).hexdigest()


def _key(name: str, names: Sequence[str], wishes: Mapping[str, str]) -> str | None:
    if name in wishes:
        if not wishes[name]:
            return None
        key = attribute_of(wishes[name])
    elif not name:
        return None
    else:
        again = _AGAIN.fullmatch(name)
        key = attribute_of(again[1] if again and again[1] in names else name)
    if key in NOT_READ:
        return None
    if refusal := _refusal(key):
        hint = f"Map it to another name (“{name}=other”) or to nothing (“{name}=”)."
        raise WrongFile(f"The column “{name}” cannot be an attribute: {refusal} {hint}")
    return key


def _refusal(key: str) -> str | None:
    """Why an attribute may not have this name."""
    if key in _COLUMNS:
        return None
    try:
        validated({key: "x"})
    except Refused as refused:
        return refused.message
    return None


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))


_KNOWN = {_plain(name): column.key for column in DEFAULT_COLUMNS for name in (column.key, column.label)}


def _known(plain: str) -> str | None:
    return _OTHERS.get(plain) or _KNOWN.get(plain)
