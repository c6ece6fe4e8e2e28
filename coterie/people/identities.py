"""Finding the person behind a channel's native id, or making one."""

import datetime as dt
from collections.abc import Mapping

from django.db import connection

from coterie.core.bulk import among_texts, insert_missing
from coterie.core.ids import new_ids
from coterie.journal.commit import Collision, Transaction
from coterie.people.changes import People
from coterie.people.models import Person


def resolve(tx: Transaction, channel_id: int, first_seen: Mapping[str, dt.datetime]) -> tuple[People, dict[str, int]]:
    """The locked people behind these native ids, new ones included, and native id → person id.

    `first_seen` gives the time of the earliest event of each native id. A native id that is not known on this channel
    but is somebody's user id leads to that person. Two writers that meet the same stranger make one person: the second
    waits at the unique key of the identity and then finds the first one's.
    """
    known = _known(tx, channel_id, first_seen)
    strangers = sorted(set(first_seen) - set(known))
    made: dict[int, str] = {}
    if strangers:
        by_user_id = dict(
            Person.objects.filter(workspace_id=tx.workspace_id, user_id__in=strangers).values_list("user_id", "id")
        )
        fresh = iter(new_ids(len(strangers)))
        proposed = {native: by_user_id.get(native) or next(fresh) for native in strangers}
        made = {person_id: native for native, person_id in proposed.items() if native not in by_user_id}
        insert_missing(
            "people_identity",
            ("workspace_id", "id", "channel_id", "native_id", "person_id", "created_at"),
            (
                (tx.workspace_id, row_id, channel_id, native, proposed[native], tx.at)
                for row_id, native in zip(new_ids(len(strangers)), strangers, strict=True)
            ),
        )
        known |= _known(tx, channel_id, strangers)
    people = People.lock(tx, known.values())
    for native in strangers:
        if made.get(known[native]) == native:
            people.add(Person(id=known[native], user_id=native, created_at=first_seen[native]))
    if any(person_id not in people for person_id in known.values()):
        raise Collision("somebody was deleted while we waited for their row")
    return people, known


def _known(tx: Transaction, channel_id: int, natives: Mapping[str, object] | list[str]) -> dict[str, int]:
    clause, values = among_texts(natives)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT native_id, person_id FROM people_identity"
            f" WHERE workspace_id = %s AND channel_id = %s AND native_id {clause}",
            [tx.workspace_id, channel_id, values],
        )
        return dict(cursor.fetchall())
