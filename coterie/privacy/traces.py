"""Traces of people outside of their own rows: where their addresses were, and texts that name them."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from django.db import connection

from coterie.accounts.models import AuditEntry
from coterie.audience.columns import catalogue
from coterie.audience.models import RecentFilters
from coterie.core.bulk import among
from coterie.core.ids import from_public
from coterie.journal.commit import Transaction
from coterie.journal.models import JournalEntry, Kind, Operation
from coterie.people import tombstones
from coterie.people.models import Identity, Person, Share

EMAIL = "default_email"
# Entries that may hold values or words of somebody else who was a part of the person at that time.
_WITH_TEXTS = (Kind.SET, Kind.UNSET, Kind.SESSION, Kind.NOTED)
# What stands in place of a name.
GONE = "…"


@dataclass(frozen=True, slots=True)
class Traces:
    """`ids` are the people and whoever was merged into them; `addresses` are (channel id, native id) of theirs.

    `texts` is what tells who they are, `tombstones` the hashes of where they could come from.
    """

    ids: tuple[int, ...]
    addresses: tuple[tuple[int, str], ...]
    texts: frozenset[str]
    tombstones: frozenset[str]


def traces_of(tx: Transaction, person_ids: Sequence[int]) -> Traces:
    """The traces of people whose rows are locked and still there."""
    workspace_id = tx.workspace_id
    known = catalogue(workspace_id)
    personal = {column.key for column in (*known.columns, *known.hidden.values()) if column.personal} | {EMAIL}
    shares = list(Share.objects.filter(workspace_id=workspace_id, survivor_id__in=person_ids))
    people = list(Person.objects.filter(workspace_id=workspace_id, id__in=person_ids))
    ids = sorted({*person_ids, *(share.id for share in shares)})
    addresses = Identity.objects.filter(workspace_id=workspace_id, person_id__in=person_ids)
    natives = list(addresses.values_list("channel_id", "native_id"))
    values = [*(one.attributes for one in people), *(one.attributes for one in shares), *_told(workspace_id, ids)]
    user_ids = {*(one.user_id for one in people), *(one.user_id for one in shares)}
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


def scrub(workspace_id: int, traces: Traces) -> None:
    """Takes the texts out of what tells what the team did: operations, the audit trail, filters used last."""
    operations = Operation.objects.filter(workspace_id=workspace_id)
    audit = AuditEntry.objects.filter(workspace_id=workspace_id)
    recent = RecentFilters.objects.filter(workspace_id=workspace_id)
    said = {("operation", row[0]): row[1:] for row in operations.values_list("id", "label", "reason", "details")} | {
        ("audit", pk): (details,) for pk, details in audit.values_list("pk", "details")
    }
    queries = dict(recent.values_list("id", "queries"))
    everything = "\n".join(map(_flat, (*said.values(), *([unquote(q) for q in qs] for qs in queries.values())))).lower()
    named = [text for text in traces.texts if text.lower() in everything]
    if not named:
        return
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(named, key=len, reverse=True)))})(?!\w)", re.I)
    for (kind, key), before in said.items():
        after = tuple(_without(part, pattern) for part in before)
        if after != before and kind == "operation":
            operations.filter(id=key).update(label=after[0], reason=after[1], details=after[2])
        elif after != before:
            audit.filter(pk=key).update(details=after[0])
    for key, found in queries.items():
        left = [query for query in found if not pattern.search(unquote(query))]
        if left != found:
            recent.filter(id=key).update(queries=left)


def _flat(value: Any) -> str:
    """Every text in plain JSON, one a line."""
    if isinstance(value, dict):
        return "\n".join(map(_flat, (*value.keys(), *value.values())))
    if isinstance(value, list | tuple):
        return "\n".join(map(_flat, value))
    return value if isinstance(value, str) else ""


def _without(value: Any, pattern: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return pattern.sub(GONE, value)
    if isinstance(value, dict):
        return {key: _without(one, pattern) for key, one in value.items()}
    return [_without(one, pattern) for one in value] if isinstance(value, list) else value
