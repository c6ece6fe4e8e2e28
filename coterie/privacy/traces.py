"""Traces of people outside of their own rows: where their addresses were, and texts that name them."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from coterie.audience.columns import catalogue
from coterie.core.bulk import among
from coterie.core.ids import from_public
from coterie.journal.commit import Transaction
from coterie.journal.models import JournalEntry, Kind
from coterie.people import tombstones
from coterie.people.models import Identity, Person, Share

EMAIL = "default_email"
# Entries that may hold values or words of somebody else who was a part of the person at that time.
_WITH_TEXTS = (Kind.SET, Kind.UNSET, Kind.SESSION, Kind.NOTED)
# Marked as personal, but shared with many: they do not tell who it is, and others may be asked for by them.
_SHARED = frozenset(
    f"default_{name}" for name in ("gender", "language", "city", "region", "country", "timezone", "location", "source")
)


@dataclass(frozen=True, slots=True)
class Traces:
    """`ids` are the people and whoever was merged into them; `addresses` are (channel id, native id) of theirs.

    `texts` is what tells who they are, `tombstones` the hashes of where they could come from.
    """

    ids: tuple[int, ...]
    addresses: tuple[tuple[int, str], ...]
    texts: frozenset[str]
    tombstones: frozenset[str]


def traces_of(tx: Transaction, person_ids: Sequence[int], saved: Sequence[dict[str, Any]] = ()) -> Traces:
    """The traces of people whose rows are locked; `saved` is what the journal keeps of those who were deleted."""
    workspace_id = tx.workspace_id
    known = catalogue(workspace_id)
    personal = {column.key for column in (*known.columns, *known.hidden.values()) if column.personal} - _SHARED | {
        EMAIL
    }
    shares = list(Share.objects.filter(workspace_id=workspace_id, survivor_id__in=person_ids))
    people = list(Person.objects.filter(workspace_id=workspace_id, id__in=person_ids))
    ids = sorted({*person_ids, *(share.id for share in shares)})
    addresses = Identity.objects.filter(workspace_id=workspace_id, person_id__in=person_ids)
    natives = list(addresses.values_list("channel_id", "native_id"))
    natives += [(address["channel_id"], address["native_id"]) for one in saved for address in one["identities"]]
    values = [*(one.attributes for one in people), *(one.attributes for one in shares), *_told(workspace_id, ids)]
    user_ids = {*(one.user_id for one in people), *(one.user_id for one in shares), *(one["user_id"] for one in saved)}
    emails = {str(found[EMAIL]) for found in values if EMAIL in found}
    texts = {str(found[key]) for found in values for key in found.keys() & personal if isinstance(found[key], str)}
    stones = {tombstones.of_identity(workspace_id, *address) for address in natives}
    stones |= {tombstones.of_user_id(workspace_id, user_id) for user_id in user_ids}
    stones |= {tombstones.of_email(workspace_id, email) for email in emails}
    everything = texts | emails | user_ids | {native for _, native in natives}
    return Traces(tuple(ids), tuple(natives), frozenset(text for text in everything if text), frozenset(stones))


def _told(workspace_id: int, ids: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Every value that the journal has of these people, also former ones."""
    clause, values = among(ids)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT before, after FROM journal_journalentry"
            f" WHERE workspace_id = %s AND person_id {clause} AND kind IN ('set', 'unset', 'merged', 'erased')",
            [workspace_id, values],
        )
        for pair in cursor.fetchall():
            for text in filter(None, pair):
                found = json.loads(text)
                yield found.get("attributes", found) if isinstance(found.get("attributes"), dict) else found


def scrub_survivors(tx: Transaction, ids: Iterable[int]) -> None:
    """Values of these people in the journal of somebody else, whom they were merged into for a time.

    What was set of that person meanwhile, or noted about them, may have been theirs, so it goes.
    """
    mine = JournalEntry.objects.filter(workspace_id=tx.workspace_id)
    moves = mine.filter(person_id__in=list(ids), kind__in=(Kind.MERGED, Kind.SPLIT)).order_by("person_id", "revision")
    since: dict[int, JournalEntry] = {}
    for entry in moves:
        if entry.kind == Kind.MERGED and entry.after and "into" in entry.after:
            since[entry.person_id] = entry
        elif entry.kind == Kind.SPLIT and entry.after and "from" in entry.after and entry.person_id in since:
            survivor_id = from_public(entry.after["from"]) or 0
            first = _edge(mine, since.pop(entry.person_id), -1)
            theirs = mine.filter(person_id=survivor_id, revision__range=(first, _edge(mine, entry, 1)))
            theirs.filter(kind__in=_WITH_TEXTS).update(before=None, after=None)


def _edge(mine: Any, entry: JournalEntry, way: int) -> int:
    """The first (or last) revision of the operation that the entry belongs to."""
    revisions = mine.filter(operation_id=entry.operation_id).order_by("revision" if way < 0 else "-revision")
    found: int = revisions.values_list("revision", flat=True).first() or entry.revision
    return found
