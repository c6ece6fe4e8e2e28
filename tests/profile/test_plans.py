"""No page about one person walks through everybody's rows: each query finds its rows by an index."""

import io
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from coterie.accounts.models import Workspace
from coterie.chats.archive import stories
from coterie.chats.queries import chats_before, latest_sessions
from coterie.core.clock import now
from coterie.core.ids import new_id
from coterie.merging.merge import merge
from coterie.merging.suggesting import suggestions
from coterie.privacy.everything import write
from coterie.profile import notes
from coterie.profile.editing import set_banned
from coterie.profile.habits import habit
from coterie.profile.history import banned_by, message_behind, origins, past, recent_origins
from coterie.profile.timeline import Mark, Show, timeline
from tests.makers import make_person

LARGE = "people_person|people_identity|chats_chat|chats_message|journal_journalentry|segments_membership|profile_note"


def plans(captured: CaptureQueriesContext) -> list[str]:
    """The plan of each query; PostgreSQL is kept from reading a table from end to end because it is small."""
    found = []
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET enable_seqscan = off")
        for query in captured.captured_queries:
            if query["sql"].startswith(("SELECT", "WITH")):
                # Only a plan that was carried out shows the parts of a recursive query.
                explain = "EXPLAIN ANALYZE" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
                cursor.execute(f"{explain} {query['sql']}".replace("%", "%%"))
                found += [str(row[-1]) for row in cursor.fetchall()]
        if connection.vendor == "postgresql":
            cursor.execute("SET enable_seqscan = on")
    return found


QUESTIONS = {
    "chats": lambda workspace, ada: chats_before(workspace, ada.id, None, 20),
    "older chats": lambda workspace, ada: chats_before(
        workspace, ada.id, chats_before(workspace, ada.id, None, 1)[0].id, 20
    ),
    "last session": lambda workspace, ada: latest_sessions(workspace, ada.id, 2),
    "stories": lambda workspace, ada: stories(workspace),
    "habit": lambda workspace, ada: habit(workspace, ada.id, ada.created_at, now()),
    "origins": lambda workspace, ada: recent_origins(workspace, ada.id, None),
    "past": lambda workspace, ada: past(workspace, ada.id, "plan"),
    "ban": lambda workspace, ada: banned_by(workspace, ada.id),
    "message": lambda workspace, ada: message_behind(workspace, ada.id, origins(workspace, ada.id)["default_source"]),
    "timeline": lambda workspace, ada: timeline(workspace, ada.id, Show.EVERYTHING, Mark()),
    "older entries": lambda workspace, ada: timeline(
        workspace, ada.id, Show.EVERYTHING, Mark(workspace.revision, None)
    ),
    "notes": lambda workspace, ada: notes.notes_of(workspace.pk, [1, 2]),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_rows_are_found_by_an_index(workspace: Workspace, ada, talk, question):
    talk(ada, "hello", session={"order": "1"})
    notes.add(workspace, "member:1", ada.id, new_id(), "A note.")
    set_banned(workspace, "member:1", ada.id, True)
    with CaptureQueriesContext(connection) as captured:
        QUESTIONS[question](workspace, ada)
    found = plans(captured)
    assert found
    scans = [line for line in found if re.search(rf"\b(Seq Scan on|SCAN) \"?({LARGE})\b", line)]
    assert scans == []
    assert any(re.search(r"INDEX|Index", line) for line in found)


MERGED = {
    "timeline": lambda workspace, ada: timeline(workspace, ada.id, Show.EVERYTHING, Mark()),
    "everything": lambda workspace, ada: write(workspace, ada, io.BytesIO()),
    "suggestions": lambda workspace, ada: suggestions(workspace, ada.id),
}


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL weighs plans by how many rows there are")
@pytest.mark.parametrize("question", MERGED)
def test_the_journal_of_several_in_one_is_read_person_by_person(workspace: Workspace, ada, talk, question):
    for _ in range(2):
        other = make_person(workspace, default_email="ada@example.com")
        if question != "suggestions":
            merge(workspace, "member:1", ada.id, other.id, set())
    with CaptureQueriesContext(connection) as captured:
        MERGED[question](workspace, ada)
    reads = [line for line in plans(captured) if "SEARCH journal_journalentry" in line]
    assert reads
    assert [line for line in reads if "person_id=?" not in line] == []
