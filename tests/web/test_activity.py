"""The Activity page: what runs, what was done, and the ways to stop it, take it back or try it again."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from coterie.audience.tree import Condition, to_json
from coterie.bulk.actions import Action
from coterie.bulk.forgetting import sweep
from coterie.bulk.selection import Selection
from coterie.bulk.start import start, undo
from coterie.core.clock import now
from coterie.core.ids import to_public
from coterie.jobs.models import Crowd
from coterie.jobs.running import Failed
from coterie.journal.models import Operation, State, Wish
from coterie.people.models import Person
from coterie.segments.rules import change_rule, create_rule
from tests.web.pages import link, said_on, text_of


@pytest.fixture
def ban(workspace, editor):
    """`ban(people)`: an operation of the editor's."""
    actor = f"member:{workspace.members.get(user=editor).pk}"

    def do(people, by: str = actor) -> Operation:
        return start(workspace, by, Action.ban(), Selection.of_ids([person.id for person in people]))

    return do


@pytest.fixture
def waiting(workspace):
    """Factory of operations that are not over; no worker may find them afterwards."""
    made = []

    def make(state: str = State.RUNNING, **fields) -> Operation:
        given = {"kind": "set", "label": "Set plan of 9 people to club", "actor": "member:0", "total": 9}
        made.append(Operation.objects.create(workspace=workspace, state=state, **(given | fields)))
        return made[-1]

    yield make
    Operation.objects.filter(id__in=[row.id for row in made]).update(state=State.DONE)


def banned(people) -> list[bool]:
    return [Person.objects.get(workspace_id=person.workspace_id, id=person.id).banned for person in people]


def state(operation: Operation) -> Operation:
    return Operation.objects.get(workspace_id=operation.workspace_id, id=operation.id)


@pytest.mark.one_database
def test_nothing_yet_says_where_to_begin(browse):
    assert "Nothing was done to many people yet." in text_of(browse.get("/activity"))


def test_what_was_done_says_who_what_when_and_how_many(browse, crowd, ban):
    ban(crowd(3))
    words = text_of(browse.get("/activity"))
    assert "Today Ban 3 people Done you , now . 3 people changed. Undo Ban 3 people" in words


def test_undo_takes_it_back_and_says_by_whom(browse, crowd, ban):
    people = crowd(3)
    done = ban(people)
    response = browse.post("/activity/undo", {"operation": done.public_id})
    assert response.headers["Location"] == "/activity"
    assert banned(people) == [False] * 3
    page = browse.get("/activity")
    assert "Undone: 3 people are as before." in said_on(page)
    assert "undone by you" in text_of(page)
    assert f"undo-{done.public_id}" not in page.content.decode()


@pytest.mark.one_database
def test_what_is_30_days_old_has_no_undo(browse, crowd, ban):
    people = crowd(2)
    done = ban(people)
    Operation.objects.filter(id=done.id).update(undo_until=now() - dt.timedelta(seconds=1))
    assert f"undo-{done.public_id}" not in browse.get("/activity").content.decode()
    browse.post("/activity/undo", {"operation": done.public_id})
    assert banned(people) == [True, True]
    assert "can no longer be undone" in said_on(browse.get("/activity"))


def test_people_whom_an_undo_left_alone_are_listed(browse, crowd, ban, workspace):
    people = crowd(3, default_name="Ada {n}")
    done = ban(people)
    start(workspace, "member:0", Action.unban(), Selection.of_ids([people[0].id]))
    undoing = undo(workspace, "member:0", done.id)
    page = browse.get("/activity")
    assert "1 person was edited since and left alone" in text_of(page)
    listed = browse.get(f"/activity/{undoing.public_id}")
    assert "left 1 person alone" in text_of(listed)
    assert "Ada 0" in text_of(listed)
    assert "Ada 1" not in text_of(listed)


@pytest.mark.one_database
def test_what_runs_shows_progress_rate_and_time_left(browse, waiting):
    waiting(done=3, seconds=1.0)
    page = browse.get("/activity")
    assert "1 running" in text_of(page)
    assert "3 of 9, 3 a second, about 2 s left" in text_of(page)
    assert 'value="33" max="100"' in page.content.decode()
    assert "1 running" in said_on(browse.get("/segments"))


def test_it_is_asked_for_again_only_while_something_runs(browse, crowd, ban, waiting):
    ban(crowd(1))
    assert "every 2s" not in browse.get("/activity").content.decode()
    waiting(State.QUEUED)
    assert "every 2s" in browse.get("/activity").content.decode()


def test_pause_resume_and_cancel(browse, waiting):
    row = waiting(State.QUEUED)
    fields = {"operation": row.public_id}
    browse.post("/activity/control", fields | {"do": "pause"})
    assert state(row).state == State.PAUSED
    assert "Resume" in text_of(browse.get("/activity"))
    browse.post("/activity/control", fields | {"do": "resume"})
    assert state(row).state == State.QUEUED
    browse.post("/activity/control", fields | {"do": "cancel"})
    assert state(row).state == State.CANCELLED
    browse.post("/activity/control", fields | {"do": "pause"})
    assert "is over: cancelled" in said_on(browse.get("/activity"))


@pytest.mark.one_database
def test_a_wish_of_what_a_worker_has_in_hands_shows(browse, waiting):
    row = waiting(worker="w", leased_until=now() + dt.timedelta(minutes=1))
    browse.post("/activity/control", {"operation": row.public_id, "do": "cancel"})
    assert state(row).wish == Wish.CANCEL
    assert "Cancelling" in text_of(browse.get("/activity"))


def test_what_failed_says_why_and_is_tried_again_about_who_matches(browse, crowd, workspace, waiting):
    people = crowd(3)
    everybody = {"selection": {"filter": None}}
    row = waiting(
        State.FAILED, kind="ban", label="Ban 3 people", total=3, reason="The disk was full.", details=everybody
    )
    page = browse.get("/activity")
    assert "Failed" in text_of(page)
    assert "The disk was full." in text_of(page)
    browse.post("/activity/again", {"operation": row.public_id})
    assert banned(people) == [True] * 3


@pytest.mark.one_database
@pytest.mark.parametrize("selection", [{"picked": 3}, {"filter": None, "except": 1}])
def test_what_is_not_known_any_more_is_not_tried_again(browse, crowd, waiting, selection):
    people = crowd(3)
    row = waiting(State.FAILED, kind="ban", total=3, details={"selection": selection})
    assert "Try again" not in text_of(browse.get("/activity"))
    browse.post("/activity/again", {"operation": row.public_id})
    assert banned(people) == [False] * 3


@pytest.mark.one_database
def test_trying_again_about_another_number_of_people_is_refused(browse, crowd, waiting):
    people = crowd(3)
    row = waiting(State.FAILED, kind="ban", total=9, details={"selection": {"filter": None}})
    browse.post("/activity/again", {"operation": row.public_id})
    assert banned(people) == [False] * 3
    assert "Meanwhile it is 3 people, no longer 9." in said_on(browse.get("/activity"))


def test_without_naming_one_the_member_s_newest_is_undone_one_after_the_other(browse, crowd, ban):
    first, second, of_others = crowd(1), crowd(1), crowd(1)
    ban(first)
    ban(second)
    ban(of_others, by="member:0")
    for expected in ([True, False, True], [False, False, True], [False, False, True]):
        browse.post("/activity/undo")
        assert banned(first + second + of_others) == expected
    assert "There is nothing of yours to undo." in said_on(browse.get("/activity"))


@pytest.mark.one_database
def test_undo_leads_back_to_the_list(browse, crowd, ban):
    ban(crowd(1))
    response = browse.post("/activity/undo", {"back": "f=banned:is_true\r\nX-Evil: 1"})
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/users")
    assert "X-Evil" not in response.headers


def test_operations_of_another_workspace_are_none(browse, crowd, other_workspace):
    people = crowd(2, in_workspace=other_workspace)
    theirs = start(other_workspace, "member:0", Action.ban(), Selection.of_filter(None))
    assert "Ban 2 people" not in text_of(browse.get("/activity"))
    for address in ("undo", "again", "control"):
        browse.post(f"/activity/{address}", {"operation": theirs.public_id, "do": "cancel"})
    assert banned(people) == [True, True]
    assert browse.get(f"/activity/{theirs.public_id}").status_code == 404


@pytest.mark.one_database
def test_a_viewer_sees_it_without_buttons(client_of, viewer, crowd, ban, waiting):
    ban(crowd(2))
    waiting()
    page = client_of(viewer).get("/activity")
    assert "Ban 2 people" in text_of(page)
    listed = page.content.decode().partition('id="activity"')[2].partition("</main>")[0]
    assert "<button" not in listed


def test_pages_of_fifty_miss_none(browse, waiting):
    for number in range(52):
        waiting(State.DONE, label=f"Job {number:02}")
    first = browse.get("/activity")
    assert first.content.decode().count('<li id="o-') == 50
    rest = browse.get(link(first, 'rel="next"'))
    assert [f"Job {n:02}" in text_of(rest) for n in (2, 1, 0)] == [False, True, True]


def test_the_number_of_queries_does_not_grow(browse, waiting):
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            browse.get("/activity")
        return len(seen)

    first = waiting(State.DONE, actor="member:1")
    waiting(State.UNDONE, actor="token:1", undone_by=first.id)
    waiting()
    waiting(State.FAILED, actor="member:1", details={"selection": {"picked": 1}})
    browse.get("/activity")
    few = queries()
    for number in range(20):
        waiting(State.UNDONE, actor=f"member:{number}", undone_by=first.id)
        waiting(State.DONE, actor=f"token:{number}", kind="undo", undo_of=first.id)
        waiting(State.QUEUED)
        waiting(State.FAILED, actor=f"member:{number}")
    assert queries() == few


@pytest.mark.one_database
def test_hostile_labels_stay_text(browse, waiting):
    waiting(State.FAILED, label="<script>alert(1)</script>", reason="<img src=x onerror=alert(1)>", actor="<b>x</b>")
    body = browse.get("/activity").content.decode()
    for markup in ("<script>alert", "<img src=x", "<b>x</b>"):
        assert markup not in body


def test_tabs_show_what_runs_what_failed_and_what_can_be_undone(browse, crowd, ban, waiting):
    ban(crowd(2))
    waiting(label="Slow one")
    waiting(State.PAUSED, label="Held one")
    waiting(State.FAILED, label="Broken one", undo_until=None)
    waiting(State.UNDONE, label="Old one")
    everything = text_of(browse.get("/activity"))
    assert "All Running 2 Failed 1 Can be undone 1" in everything
    expected = {"running": {"Slow one", "Held one"}, "failed": {"Broken one"}, "undoable": {"Ban 2 people"}}
    for show, labels in expected.items():
        page = text_of(browse.get(f"/activity?show={show}"))
        for label in ("Slow one", "Held one", "Broken one", "Old one", "Ban 2 people"):
            assert (show, label, label in page) == (show, label, label in labels)


@pytest.mark.one_database
def test_a_tab_without_anything_leads_back(browse, crowd, ban):
    ban(crowd(1))
    page = browse.get("/activity?show=failed")
    assert "There is nothing of that sort. Show everything" in text_of(page)
    assert text_of(browse.get("/activity?show=nonsense&before=nonsense")) == text_of(browse.get("/activity"))


def test_only_one_s_own_or_those_of_somebody_else(browse, crowd, ban, waiting):
    ban(crowd(2))
    waiting(State.DONE, label="Theirs", actor="token:0")
    page = browse.get("/activity")
    options = re.findall(r'<option value="([^"]*)"( selected)?>([^<]*)', page.content.decode())
    assert options == [
        ("", " selected", "Everyone"),
        ("mine", "", "Only mine"),
        ("token:0", "", "an API token that is gone"),
    ]
    mine = text_of(browse.get("/activity?who=mine"))
    assert ("Ban 2 people" in mine, "Theirs" in mine) == (True, False)
    theirs = text_of(browse.get("/activity?who=token:0"))
    assert ("Ban 2 people" in theirs, "Theirs" in theirs) == (False, True)
    assert "Theirs" not in text_of(browse.get("/activity?who=%3Cscript%3Ealert(1)"))
    assert "<script>alert" not in browse.get("/activity?who=%3Cscript%3Ealert(1)").content.decode()


@pytest.mark.parametrize("kind", ["member", "token", "channel"])
def test_a_number_that_no_database_has_is_nobody(browse, kind):
    for digits in (18, 19, 30, 75):
        assert browse.get(f"/activity?who={kind}:{'9' * digits}").status_code == 200


@pytest.mark.one_database
def test_the_command_line_is_called_so(browse, waiting):
    waiting(State.DONE, actor="cli")
    assert "the command line" in text_of(browse.get("/activity"))


@pytest.mark.one_database
def test_an_import_says_how_many_are_new_and_how_many_changed(browse, waiting):
    waiting(State.DONE, kind="import", people=5, result={"new": 5, "rows": 6, "rejected": 1, "joined": 5})
    words = text_of(browse.get("/activity"))
    assert "5 new, 5 put in a segment, 1 row rejected" in words
    assert "changed" not in words


@pytest.mark.one_database
def test_what_undoes_an_undo_is_called_redo(browse, crowd, ban):
    done = ban(crowd(3))
    browse.post("/activity/undo", {"operation": done.public_id})
    assert "Redo Undo: Ban 3 people" in text_of(browse.get("/activity"))


def test_a_change_of_a_rule_is_undone_from_its_line_while_it_is_in_effect(browse, client_of, viewer, crowd, workspace):
    crowd(1, default_city="Lima", plan="pro")
    lima, pro = Condition("default_city", "is", ("Lima",)), Condition("plan", "is", ("pro",))
    segment = create_rule(workspace, "South", lima, "test")
    made = segment.operation_id
    change_rule(workspace, segment, pro, "test")
    changed = Operation.objects.filter(workspace=workspace, kind="rule").latest("id")
    page = browse.get("/activity").content.decode()
    address = f"/segments/{segment.public_id}/rule/undo?from=activity"
    assert re.search(rf'id="undo-{changed.public_id}"[^>]* formaction="{re.escape(address)}"', page)
    assert f"undo-{to_public(made)}" not in page
    assert "rule/undo" not in client_of(viewer).get("/activity").content.decode()
    response = browse.post(address, {"operation": changed.public_id})
    assert response.headers["Location"] == "/activity"
    segment.refresh_from_db()
    assert segment.filter == to_json(lima)
    page = browse.get("/activity")
    assert "“South” has its former rule again." in said_on(page)
    assert f"undo-{changed.public_id}" not in page.content.decode()


def test_pages_keep_the_tab_and_the_person(browse, waiting):
    for number in range(52):
        waiting(State.FAILED, label=f"Job {number:02}", actor="token:0")
        waiting(State.DONE, label=f"Other {number:02}", actor="token:0")
    first = browse.get("/activity?show=failed&who=token:0")
    rest = text_of(browse.get(link(first, 'rel="next"')))
    assert [word in rest for word in ("Job 01", "Job 00", "Job 02", "Other 00")] == [True, True, False, False]


@pytest.mark.parametrize("selected", ["hand", "exceptions"])
def test_what_failed_is_tried_again_about_the_same_people(browse, crowd, workspace, selected, monkeypatch):
    people, others = crowd(3, default_city="Oslo"), crowd(2, default_city="Lima")
    monkeypatch.setattr("coterie.bulk.doing.ban", lambda *_: (_ for _ in ()).throw(Failed("The disk was full.")))
    oslo = Condition("default_city", "is", ("Oslo",))
    if selected == "hand":
        selection, wanted = Selection.of_ids([person.id for person in people[:2]]), [True, True, False]
    else:
        selection, wanted = Selection.of_filter(oslo, [people[0].id]), [False, True, True]
    failed = start(workspace, "member:0", Action.ban(), selection)
    assert (failed.state, banned(people)) == (State.FAILED, [False] * 3)
    monkeypatch.undo()
    page = browse.get("/activity")
    assert "The disk was full." in text_of(page)
    assert "Try again" in text_of(page)
    browse.post("/activity/again", {"operation": failed.public_id})
    assert banned(people) == wanted
    assert banned(others) == [False, False]


def test_who_a_failed_one_was_about_is_forgotten_with_its_undo(browse, crowd, workspace, monkeypatch):
    people = crowd(1)
    monkeypatch.setattr("coterie.bulk.doing.ban", lambda *_: (_ for _ in ()).throw(Failed("The disk was full.")))
    failed = start(workspace, "member:0", Action.ban(), Selection.of_ids([people[0].id]))
    Operation.objects.filter(id=failed.id).update(undo_until=now() - dt.timedelta(seconds=1))
    sweep()
    assert not Crowd.objects.filter(workspace=workspace).exists()
    assert "Try again" not in text_of(browse.get("/activity"))
