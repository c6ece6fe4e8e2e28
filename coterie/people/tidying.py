"""Values from before they had one name each (`en-GB`, `USA`), brought to that name through the one door."""

from collections.abc import Iterator

from django.db import connection

from coterie.core.bulk import among_texts
from coterie.core.cldr import ONE_NAME
from coterie.journal.commit import Transaction, commit
from coterie.people.many import lock, patch

BATCH = 1_000


def tidy(workspace_id: int, actor: str) -> Iterator[int]:
    """Renames the languages and countries of everybody, BATCH people a transaction; yields how many changed in each.

    Again, it finds nothing to do. May be stopped anywhere, and run while the server runs.
    """
    for key in ONE_NAME:
        wrong = _wrong(workspace_id, key)
        last = 0
        while wrong and (ids := _having(workspace_id, key, wrong, last)):
            last = ids[-1]
            yield len(commit(workspace_id, actor, lambda tx, key=key, ids=ids: _rename(tx, key, ids)))  # type: ignore[misc]


def _rename(tx: Transaction, key: str, ids: list[int]) -> list[int]:
    people = lock(tx, ids)
    present = {person_id: person.attributes.get(key) for person_id, person in people.items()}
    return patch(
        tx,
        people,
        {person_id: {key: ONE_NAME[key](text)} for person_id, text in present.items() if isinstance(text, str)},
    )


def _value(key: str) -> str:
    """The value of one of our own keys in SQL."""
    return f"attributes ->> '{key}'" if connection.vendor == "postgresql" else f"json_extract(attributes, '$.{key}')"


def _wrong(workspace_id: int, key: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT {_value(key)} FROM people_person WHERE workspace_id = %s", [workspace_id])
        return [text for (text,) in cursor.fetchall() if isinstance(text, str) and ONE_NAME[key](text) != text]


def _having(workspace_id: int, key: str, values: list[str], after: int) -> list[int]:
    clause, bound = among_texts(values)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM people_person WHERE workspace_id = %s AND id > %s AND {_value(key)} {clause}"
            f" ORDER BY id LIMIT {BATCH}",
            [workspace_id, after, bound],
        )
        return [row[0] for row in cursor.fetchall()]
