"""Finding the person behind a channel's native id, or making one."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import connection
from django.db.models import Exists, OuterRef

from coterie.core.bulk import among_texts, insert_missing
from coterie.core.ids import new_ids
from coterie.journal.commit import Collision, Transaction
from coterie.people import tombstones
from coterie.people.changes import People
from coterie.people.models import Person, Share


@dataclass(frozen=True, slots=True)
class Known:
    """Who is behind a native id. `origin_id` is set when the person is several people merged: which of them it was."""

    person_id: int
    origin_id: int | None = None


def resolve(
    tx: Transaction,
    channel_id: int,
    first_seen: Mapping[str, dt.datetime],
    emails: Mapping[str, str] | None = None,
) -> tuple[People, dict[str, Known]]:
    """The locked people behind these native ids, new ones included, and who each of the native ids is.

    `first_seen` gives the time of the earliest event of each native id, `emails` the address that came with it. A
    native id that is not known on this channel but is somebody's user id leads to that person. One that belongs to
    somebody who was erased for good leads to nobody, and so does that of a stranger with an address of theirs: it is
    missing in the answer. Two writers that meet the same stranger make one person: the second waits at the unique key
    of the identity and then finds the first one's.
    """
    known = on_channel(tx, channel_id, first_seen)
    strangers = set(first_seen) - set(known)
    strangers -= tombstones.refused(tx.workspace_id, channel_id, strangers, emails or {})
    made: dict[int, str] = {}
    if strangers:
        made = _introduce(tx, channel_id, sorted(strangers))
        known |= on_channel(tx, channel_id, strangers)
    people = People.lock(tx, {one.person_id for one in known.values()})
    for native in strangers:
        if made.get(known[native].person_id) == native:
            people.add(Person(id=known[native].person_id, user_id=native, created_at=first_seen[native]))
    if any(one.person_id not in people for one in known.values()):
        raise Collision("somebody was deleted while we waited for their row")
    # Where writers wait for rows and not for the whole database, somebody may have been merged or taken apart since.
    if connection.features.has_select_for_update and on_channel(tx, channel_id, known) != known:
        raise Collision("somebody was merged while we waited for their row")
    return people, known


def find(tx: Transaction, channel_id: int, native_id: str) -> Known | None:
    """Who is behind a native id, or has it as their user id; None when it would be somebody new."""
    return on_channel(tx, channel_id, [native_id]).get(native_id) or by_user_id(tx, [native_id]).get(native_id)


def _introduce(tx: Transaction, channel_id: int, strangers: list[str]) -> dict[int, str]:
    """Gives the strangers an identity; returns the ids of people who are to be made, with their native ids."""
    there = by_user_id(tx, strangers)
    fresh = iter(new_ids(len(strangers)))
    proposed = {native: there.get(native) or Known(next(fresh)) for native in strangers}
    insert_missing(
        "people_identity",
        ("workspace_id", "id", "channel_id", "native_id", "person_id", "origin_id", "created_at"),
        (
            (tx.workspace_id, row_id, channel_id, native, who.person_id, who.origin_id, tx.at)
            for row_id, (native, who) in zip(new_ids(len(strangers)), proposed.items(), strict=True)
        ),
    )
    return {who.person_id: native for native, who in proposed.items() if native not in there}


def by_user_id(tx: Transaction, user_ids: Iterable[str]) -> dict[str, Known]:
    """User id → who has it, or had it until they were merged."""
    wanted = list(user_ids)
    people = Person.objects.filter(workspace_id=tx.workspace_id)
    found = {
        user_id: Known(row_id) for user_id, row_id in people.filter(user_id__in=wanted).values_list("user_id", "id")
    }
    shares = Share.objects.filter(
        Exists(people.filter(id=OuterRef("survivor_id"))), workspace_id=tx.workspace_id, user_id__in=wanted
    )
    merged = shares.values_list("user_id", "survivor_id", "id")
    return found | {user_id: Known(survivor_id, row_id) for user_id, survivor_id, row_id in merged}


def on_channel(tx: Transaction, channel_id: int, natives: Iterable[str]) -> dict[str, Known]:
    """Native id → who has it on this channel, as far as it is known there."""
    clause, values = among_texts(natives)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT native_id, person_id, origin_id FROM people_identity"
            f" WHERE workspace_id = %s AND channel_id = %s AND native_id {clause}",
            [tx.workspace_id, channel_id, values],
        )
        return {native: Known(person_id, origin_id) for native, person_id, origin_id in cursor.fetchall()}
