"""Who may be the same human as somebody: only what both are known by counts, and nobody is merged for it by itself."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import duckdb
from django.db import connection

from coterie.accounts.models import Workspace
from coterie.audience import query
from coterie.audience.audience import audience_of
from coterie.audience.tree import Condition, FilterError
from coterie.core.bulk import among_texts
from coterie.journal.models import JournalEntry, Kind
from coterie.people.models import Identity, Person

# What more people have in common tells nothing: a test address, say.
MOST = 20


class Sort(StrEnum):
    """What two people have in common."""

    EMAIL = "email"
    USERNAME = "username"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What it is, its value, and who told it of the one and of the other (actors of the journal; empty: unknown)."""

    sort: Sort
    value: str
    told: str = ""
    told_of_other: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Somebody who may be the same human, and why."""

    person_id: int
    evidence: tuple[Evidence, ...]


_ATTRIBUTES = {Sort.EMAIL: "default_email", Sort.USERNAME: "default_username"}


def suggestions(workspace: Workspace, person_id: int) -> list[Suggestion]:
    """Who may be the same as this person, the best founded first; none when there is no such person."""
    person = Person.objects.filter(workspace=workspace, id=person_id).first()
    if person is None:
        return []
    found: dict[int, list[Evidence]] = defaultdict(list)
    for sort, key in _ATTRIBUTES.items():
        value = person.attributes.get(key)
        if isinstance(value, str) and value:
            others = _with_value(workspace, person_id, key, value)
            told = _told(workspace, key, [person_id, *others]) if others else {}
            for other in others:
                found[other].append(Evidence(sort, value, told.get(person_id, ""), told.get(other, "")))
    for other, address in _with_address(workspace, person):
        found[other].append(Evidence(Sort.ADDRESS, address))
    ranked = sorted(found.items(), key=lambda item: (-len(item[1]), -item[0]))
    return [Suggestion(other, tuple(evidence)) for other, evidence in ranked]


def count_suggestions(workspace: Workspace, person_id: int) -> int:
    """How many there are."""
    return len(suggestions(workspace, person_id))


def _with_value(workspace: Workspace, person_id: int, key: str, value: str) -> list[int]:
    """Others with this value, whatever its case; none when they are too many to mean anything."""
    audience = audience_of(workspace)
    try:
        predicate = audience.predicate(Condition(key, "is", (value,)))
    except FilterError:  # Hidden by the team: then it is nobody's business.
        return []

    def question(reader: duckdb.DuckDBPyConnection) -> list[int]:
        return query.matching_ids(reader, predicate) if query.count(reader, predicate) <= MOST else []

    return [row_id for row_id in audience.ask(question) if row_id != person_id]


def _with_address(workspace: Workspace, person: Person) -> list[tuple[int, str]]:
    """Others who are known on a channel, or to your own systems, by an id of this person's."""
    mine = Identity.objects.filter(workspace=workspace, person_id=person.id)
    ids = sorted({person.user_id, *mine.values_list("native_id", flat=True)})
    clause, values = among_texts(ids)
    with connection.cursor() as cursor:
        # By channel, so that the index over (workspace, channel, native id) is used.
        cursor.execute(
            "SELECT i.person_id, i.native_id FROM channels_channel c JOIN people_identity i"
            " ON i.workspace_id = c.workspace_id AND i.channel_id = c.id"
            f" WHERE c.workspace_id = %s AND i.native_id {clause} AND i.person_id <> %s"
            " UNION SELECT p.id, p.user_id FROM people_person p"
            f" WHERE p.workspace_id = %s AND p.user_id {clause} AND p.id <> %s",
            [workspace.pk, values, person.id, workspace.pk, values, person.id],
        )
        return sorted(cursor.fetchall())[:MOST]


def _told(workspace: Workspace, key: str, person_ids: Sequence[int]) -> dict[int, str]:
    """Who set the present value of an attribute."""
    entries = JournalEntry.objects.filter(workspace=workspace, person_id__in=person_ids, kind=Kind.SET)
    # By person first: that is the order of the index. For revisions alone, SQLite walks through everybody's.
    return dict(_setters(entries.order_by("person_id", "revision").iterator(), key))


def _setters(entries: Iterable[JournalEntry], key: str) -> Iterable[tuple[int, str]]:
    return ((entry.person_id, entry.actor) for entry in entries if key in (entry.after or {}))
