"""How many people have each attribute: counted when values are written, so that nobody has to be looked at for it."""

from collections import Counter
from collections.abc import Mapping
from functools import partial

from django.db import connection

from coterie.audience.columns import PERSONAL_KEYS
from coterie.audience.models import AttributeType, Scope
from coterie.core.clock import now
from coterie.core.ids import new_ids
from coterie.journal.commit import Transaction

_ADD = """
INSERT INTO audience_attribute (workspace_id, id, key, type, scope, label, hidden, personal, count, created_at)
VALUES (%s, %s, %s, %s, %s, '', %s, %s, %s, %s)
ON CONFLICT (workspace_id, scope, key) DO UPDATE SET count = audience_attribute.count + excluded.count
"""


def count(tx: Transaction, changes: Mapping[str, int], scope: Scope = Scope.PERSON) -> None:
    """So many more (or fewer) people, or chats, have these attributes once the transaction has committed."""
    changes = {key: change for key, change in changes.items() if change}
    if changes:
        tx.last_of_all(partial(_add, tx.workspace_id, changes, scope))


def differences(before: Mapping[str, object], after: Mapping[str, object], into: Counter[str]) -> None:
    """Counts the attributes that one person (or chat) gained and lost."""
    for key in after.keys() - before.keys():
        into[key] += 1
    for key in before.keys() - after.keys():
        into[key] -= 1


def _add(workspace_id: int, changes: Mapping[str, int], scope: Scope) -> None:
    moment = connection.ops.adapt_datetimefield_value(now())
    rows = [
        (workspace_id, row_id, key, AttributeType.TEXT, scope, False, key in PERSONAL_KEYS, change, moment)
        for row_id, (key, change) in zip(new_ids(len(changes)), changes.items(), strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.executemany(_ADD, rows)
