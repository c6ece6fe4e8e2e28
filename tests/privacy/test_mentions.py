"""Strangers choose their names: erasing one of them changes nothing that programs go by, and nobody else's values."""

import datetime as dt

import pytest

from coterie.accounts.audit import record
from coterie.accounts.models import AuditEntry, Member
from coterie.audience.models import RecentFilters
from coterie.audience.tree import Condition
from coterie.bulk.actions import Action
from coterie.bulk.selection import Selection
from coterie.bulk.start import start
from coterie.core.clock import now
from coterie.jobs import crowds
from coterie.jobs.running import Run
from coterie.jobs.worker import run, step_of
from coterie.journal.models import Operation
from coterie.people.models import Person
from coterie.privacy import erasing
from coterie.privacy.erasing import erase
from coterie.privacy.mentions import sweep
from coterie.segments.rules import change_rule, create_rule, undo_rule
from coterie.transfers.export import Form
from coterie.transfers.exporting import queue_export
from coterie.web.activity_list import can_try_again
from tests.makers import make_person

EMAIL = "maya.ortiz@example.test"


@pytest.fixture
def begin(workspace, monkeypatch):
    """`begin(operation)`: the first step, as a worker would; the rest is left."""

    def step(operation: Operation) -> Operation:
        mine = Operation.objects.filter(workspace=workspace, id=operation.id)
        mine.update(state="running", worker="tests", leased_until=now() + dt.timedelta(hours=1))
        step_of(operation.kind)(Run(mine.get(), "tests"))
        return mine.get()

    monkeypatch.setattr(crowds, "CHUNK", 2)
    monkeypatch.setattr("coterie.bulk.start.AT_ONCE", 0)
    return step


def again(operation: Operation) -> Operation:
    return Operation.objects.get(workspace_id=operation.workspace_id, id=operation.id)


def gone(person: Person) -> None:
    erase(person.workspace, "member:1", [person.id])


@pytest.mark.parametrize("key", ["default_gender", "default_name", "default_email"])
def test_what_is_being_set_of_others_is_set_as_asked(workspace, begin, key):
    for number in range(5):
        make_person(workspace, default_country="Poland", default_name=f"Other {number}")
    victim = make_person(workspace, **{key: "female"})
    begun = begin(start(workspace, "member:1", Action.set("plan", "female"), Selection.of_filter(None)))
    gone(victim)
    run(again(begun), "tests")
    assert again(begun).state == "done"
    plans = Person.objects.filter(workspace=workspace).values_list("attributes", flat=True)
    assert {attributes["plan"] for attributes in plans} == {"female"}


def test_the_name_goes_once_the_operation_is_over(workspace, begin):
    for number in range(5):
        make_person(workspace, default_name=f"Other {number}")
    victim = make_person(workspace, default_email=EMAIL)
    node = Condition("default_email", "is_not", (EMAIL,))
    begun = begin(start(workspace, "member:1", Action.set("boss", EMAIL), Selection.of_filter(node)))
    gone(victim)
    assert EMAIL not in again(begun).label
    assert again(begun).details["value"] == EMAIL
    sweep()
    assert again(begun).details["value"] == EMAIL
    run(again(begun), "tests")
    sweep()
    assert EMAIL not in str(again(begun).details)
    assert again(begun).forget == []


def test_an_export_that_waits_is_of_whoever_was_asked_for(workspace):
    victim = make_person(workspace, default_email=EMAIL)
    node = Condition("default_email", "is_not", (EMAIL,))
    waiting = queue_export(workspace, "member:1", Selection.of_filter(node), Form(), "users")
    gone(victim)
    assert again(waiting).details == waiting.details
    assert EMAIL not in again(waiting).label


def test_the_retention_keeps_its_limit_whatever_people_are_called(workspace, monkeypatch):
    monkeypatch.setattr(crowds, "CHUNK", 2)
    monkeypatch.setattr(erasing, "BATCH", 2)
    then = now() - dt.timedelta(days=500)
    limit = now() - dt.timedelta(days=90)
    people = [make_person(workspace, default_name=name, created_at=then, last_seen=then) for name in ("00", "x")]
    people.append(make_person(workspace, default_name=limit.isoformat(), created_at=then, last_seen=then))
    ids = [person.id for person in people] + [make_person(workspace, default_name="back", last_seen=now()).id]
    operation = erase(workspace, "retention", sorted(ids), unless_seen_since=limit)
    mine = Operation.objects.filter(workspace=workspace, id=operation.id)
    mine.update(state="running", worker="tests")
    while again(operation).state == "running":
        step_of("erase")(Run(mine.get(), "tests"))
    assert again(operation).details == {"unless_seen_since": limit.isoformat()}
    assert [str(person) for person in Person.objects.filter(workspace=workspace)] == ["back"]


def test_the_audit_trail_keeps_who_did_what(workspace):
    record(
        workspace, "member:1", "people.export", {"filter": f"Email is {EMAIL}", "member": "member:1", "format": "csv"}
    )
    for name in ("member", "csv", "format", "Email"):
        gone(make_person(workspace, default_name=name, default_email=EMAIL))
    entry = AuditEntry.objects.filter(workspace=workspace).order_by("pk").first()
    assert (entry.actor, entry.action) == ("member:1", "people.export")
    assert entry.details == {"filter": "… is …", "member": "member:1", "format": "csv"}


@pytest.mark.parametrize("value", ["Ola", "00", "12345678"])
def test_what_is_short_is_no_name(workspace, value):
    record(workspace, "member:1", "people.export", {"filter": f"Plan is {value}"})
    gone(make_person(workspace, default_name=value))
    entry = AuditEntry.objects.filter(workspace=workspace).order_by("pk").first()
    assert entry.details == {"filter": f"Plan is {value}"}


def test_what_many_share_is_no_name(workspace):
    record(workspace, "member:1", "people.export", {"filter": "Gender is female, Country is Poland"})
    gone(make_person(workspace, default_gender="female", default_country="Poland", default_city="Poland"))
    entry = AuditEntry.objects.filter(workspace=workspace).order_by("pk").first()
    assert entry.details == {"filter": "Gender is female, Country is Poland"}


def test_a_former_rule_that_named_somebody_does_not_come_back_half(workspace):
    segment = create_rule(workspace, "Others", Condition("default_email", "is_not", (EMAIL,)), "test")
    changed = change_rule(workspace, segment, Condition("default_country", "is", ("Poland",)), "member:1")
    Operation.objects.filter(workspace=workspace).update(state="done")
    gone(make_person(workspace, default_email=EMAIL))
    assert again(changed).details["before"] is None
    assert again(changed).details["after"] == segment.filter
    with pytest.raises(ValueError, match="There is no such change"):
        undo_rule(workspace, segment, changed.id, "member:1")


def test_what_failed_and_named_somebody_is_not_tried_again(workspace):
    victim = make_person(workspace, default_email=EMAIL)
    done = start(workspace, "member:1", Action.set("boss", EMAIL), Selection.of_filter(None))
    Operation.objects.filter(workspace=workspace, id=done.id).update(state="failed")
    assert can_try_again(again(done), remembered=True)
    gone(victim)
    assert "value" not in again(done).details
    assert not can_try_again(again(done), remembered=True)


def test_filters_used_last_stay_unless_they_ask_for_the_person(workspace, owner):
    queries = ["f=default_country:is:Poland", "search=maya.ortiz%40example.test", "f=default_email:is:x"]
    member = Member.objects.get(workspace=workspace, user=owner)
    kept = RecentFilters.objects.create(workspace=workspace, member=member, queries=queries)
    gone(make_person(workspace, default_name="search", default_username="default_country", default_email=EMAIL))
    assert RecentFilters.objects.get(id=kept.id).queries == [queries[0], queries[2]]
