"""When a deletion can no longer be undone, what was kept for it goes: chats, messages, notes, and every value in the
journal.

The journal then still says that somebody was there and when they were deleted, but no longer who. And it is
forgotten who a failed operation was about, which until then could be tried again.
"""

from collections.abc import Sequence
from functools import cache

from django.apps import apps
from django.db import connection, transaction

from coterie.core.bulk import among
from coterie.core.clock import now
from coterie.jobs.crowds import thaw
from coterie.journal.models import JournalEntry, Kind, Operation
from coterie.people.models import Share

# People per transaction; each may have many messages.
BATCH = 500


def sweep() -> None:
    """Forgets, in every workspace, the people of deletions whose time for undoing is over. May run anywhere, twice."""
    for operation in Operation.objects.filter(undo_until__lt=now()).order_by("undo_until"):
        while ids := _gone(operation):
            with transaction.atomic():
                forget(operation.workspace_id, ids)
        thaw(operation)
        Operation.objects.filter(workspace_id=operation.workspace_id, id=operation.id).update(undo_until=None)


def _gone(operation: Operation) -> list[int]:
    """The next people whom the operation deleted for good: they did not come back and were not deleted again since."""
    kinds = Kind.ERASED.value, Kind.RESTORED.value
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.person_id FROM journal_journalentry e"
            " WHERE e.workspace_id = %s AND e.operation_id = %s AND e.kind = %s AND e.before IS NOT NULL"
            " AND NOT EXISTS (SELECT 1 FROM journal_journalentry l WHERE l.workspace_id = e.workspace_id"
            " AND l.person_id = e.person_id AND l.revision > e.revision AND l.kind IN (%s, %s))"
            f" LIMIT {BATCH}",
            [operation.workspace_id, operation.id, Kind.ERASED.value, *kinds],
        )
        return [row[0] for row in cursor.fetchall()]


def forget(workspace_id: int, person_ids: Sequence[int]) -> None:
    """Removes all that is left of people whose rows are gone, and of whoever was merged into them. In a transaction."""
    merged = Share.objects.filter(workspace_id=workspace_id, survivor_id__in=person_ids)
    ids = sorted({*person_ids, *merged.values_list("id", flat=True)})
    clause, values = among(ids)
    chats = f"SELECT id FROM chats_chat WHERE workspace_id = %s AND person_id {clause}"
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM chats_message WHERE workspace_id = %s AND chat_id IN ({chats})",
            [workspace_id, workspace_id, values],
        )
        # Session attributes of chats stopped to count when the people were deleted.
        for table in _tables():
            cursor.execute(
                f"DELETE FROM {table} WHERE workspace_id = %s AND person_id {clause}", [workspace_id, values]
            )
        cursor.execute(
            "UPDATE journal_journalentry SET before = NULL, after = NULL"
            f" WHERE workspace_id = %s AND person_id {clause}",
            [workspace_id, values],
        )
    merged.delete()


@cache
def _tables() -> list[str]:
    """Every table with something about a person, but for people and the journal, whose revisions have no gaps."""
    models = (model for model in apps.get_models() if model is not JournalEntry)
    return [
        model._meta.db_table for model in models if any(field.column == "person_id" for field in model._meta.fields)
    ]
