"""Rows written below the ORM are those that the ORM would have written."""

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from coterie.accounts.models import Workspace
from coterie.core.bulk import among, insert, update
from coterie.core.clock import UTC
from coterie.core.ids import new_id, new_ids
from coterie.people.models import Person

COLUMNS = ("workspace_id", "id", "user_id", "attributes", "banned", "created_at", "last_seen", "chats", "written_at")
MOMENT = dt.datetime(2026, 3, 1, 12, 30, 15, 123_000, tzinfo=UTC)
HARD = {"a\\b": "c\\nd\t\n\r", "quote's \"": "“x”", "null": "\\N", "n": 2**63 - 1, "f": 0.1, "b": False, "e": "👩‍👩‍👧"}


def stored(workspace: Workspace) -> list[tuple[Any, ...]]:
    columns = ", ".join(COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM people_person WHERE workspace_id = %s ORDER BY user_id", [workspace.pk])
        return [(*row[:1], *row[2:]) for row in cursor.fetchall()]


@pytest.mark.parametrize(
    "moment", [MOMENT, MOMENT.replace(microsecond=0), MOMENT.astimezone(dt.timezone(dt.timedelta(hours=-5)))]
)
def test_a_row_is_stored_as_the_orm_stores_it(
    workspace: Workspace, other_workspace: Workspace, moment: dt.datetime
) -> None:
    values = (HARD, True, moment, None, 7, moment)
    insert("people_person", COLUMNS, [(workspace.pk, new_id(), "it's \\ x", *values)])
    Person.objects.create(workspace=other_workspace, user_id="it's \\ x", **dict(zip(COLUMNS[3:], values, strict=True)))
    (mine,), (theirs,) = stored(workspace), stored(other_workspace)
    if connection.vendor == "sqlite":
        assert [str(value) for value in mine[3:]] == [str(value) for value in theirs[3:]]
    one, other = Person.objects.get(workspace=workspace), Person.objects.get(workspace=other_workspace)
    assert one.attributes == other.attributes == HARD
    assert (one.created_at, one.written_at, one.last_seen) == (other.created_at, other.written_at, None)
    assert one.created_at == moment


def test_no_rows_are_no_rows(workspace: Workspace) -> None:
    insert("people_person", COLUMNS, [])
    update("people_person", ("chats",), ("workspace_id", "id"), [])
    assert stored(workspace) == []


def test_an_update_changes_the_row_of_its_key_only(workspace: Workspace, other_workspace: Workspace) -> None:
    one, other = new_ids(2)
    rest = ({}, False, MOMENT, None, 0, None)
    rows = [(workspace.pk, one, "a", *rest), (workspace.pk, other, "b", *rest), (other_workspace.pk, one, "a", *rest)]
    insert("people_person", COLUMNS, rows)
    update("people_person", ("chats", "attributes"), ("workspace_id", "id"), [(5, HARD, workspace.pk, one)])
    found = Person.objects.filter(workspace__in=(workspace, other_workspace)).order_by("workspace", "user_id")
    assert list(found.values_list("chats", flat=True)) == [5, 0, 0]
    assert found[0].attributes == HARD


def test_a_row_that_is_there_already_is_an_integrity_error(workspace: Workspace) -> None:
    row = (workspace.pk, new_id(), "a", {}, False, MOMENT, None, 0, None)
    with pytest.raises(IntegrityError), transaction.atomic():
        insert("people_person", COLUMNS, [row, row])
    assert stored(workspace) == []


@pytest.mark.usefixtures("database")
def test_among_takes_lists_of_any_length() -> None:
    ids = new_ids(100_000)
    clause, values = among(ids[:50_000])
    with connection.cursor() as cursor:
        for row_id, expected in ((ids[0], 1), (ids[-1], 0)):
            cursor.execute(f"SELECT count(*) FROM (SELECT {int(row_id)} AS id) x WHERE id {clause}", [values])
            assert cursor.fetchone()[0] == expected
