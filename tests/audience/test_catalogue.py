"""What the team says about attributes decides what can be asked, from the next question on."""

import threading

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from coterie.accounts.models import Workspace
from coterie.audience import catalogue
from coterie.audience.audience import Audience, audience_of
from coterie.audience.columns import DEFAULT_COLUMNS, RESERVED_KEYS, Type, hidden_keys
from coterie.audience.columns import catalogue as columns_of
from coterie.audience.models import Attribute, Scope
from coterie.audience.tree import All, Condition, FilterError, Not
from coterie.audience.view import View
from tests.makers import make_people, make_person

VALUES = [
    "42",
    "7.5",
    "-1e3",
    "NaN",
    "inf",
    "large",
    "2026-05-01",
    "2026-05-01T10:00:00+02:00",
    "12:30",
    "true",
    "FALSE",
]


def say(workspace: Workspace, key: str, scope: Scope = Scope.PERSON, **wanted) -> dict:
    entry = catalogue.find(workspace, scope, key)
    assert entry is not None
    return catalogue.change(workspace, "test", entry, wanted)


def people(audience: Audience, *conditions: Condition) -> list[str]:
    page = audience.page(View(children=conditions), 100)
    return sorted(row.user_id for row in page.rows)


def test_the_program_s_own_columns_are_there_once_however_many_have_them(workspace: Workspace) -> None:
    make_person(workspace, default_email="a@b.example", default_city="Oslo", plan="pro")
    keys = [column.key for column in columns_of(workspace.pk).columns]
    assert keys == [*(column.key for column in DEFAULT_COLUMNS), "plan"]


def test_the_catalogue_is_two_queries(workspace: Workspace) -> None:
    make_person(workspace, **{f"field{number}": "x" for number in range(30)}, default_city="Oslo")
    say(workspace, "field3", label="Third", hidden=True)
    with CaptureQueriesContext(connection) as seen:
        columns_of(workspace.pk)
    assert len(seen) == 2
    with CaptureQueriesContext(connection) as seen:
        catalogue.entries(workspace)
    assert len(seen) == 1


def test_a_label_leads_in_the_sentence_and_the_order_but_not_in_addresses(workspace: Workspace) -> None:
    make_person(workspace, alpha="x", beta="y")
    say(workspace, "alpha", label="Zebra")
    say(workspace, "default_city", label="Town")
    known = columns_of(workspace.pk)
    assert [column.label for column in known.custom] == ["beta", "Zebra"]
    assert known.by_key["default_city"].label == "Town"
    assert known.get("Zebra") is None


def test_a_corrected_type_compares_at_once_without_a_rebuild(workspace: Workspace) -> None:
    for size in ("9", "10", "large"):
        make_person(workspace, user_id=size, size=size)
    before = audience_of(workspace)
    assert people(before, Condition("size", "is", ("9",))) == ["9"]
    say(workspace, "size", type="number")
    after = audience_of(workspace)
    assert people(after, Condition("size", "gt", ("9",))) == ["10"]
    assert [row.user_id for row in after.page(View(sort="-size"), 10).rows] == ["10", "9", "large"]
    assert after.workspace.replica_epoch == before.workspace.replica_epoch
    with pytest.raises(FilterError, match="no rule “contains”"):
        after.count(Condition("size", "contains", ("9",)))


@pytest.mark.one_database
@pytest.mark.parametrize("kind", [Type.NUMBER, Type.TIME, Type.BOOLEAN, Type.TEXT])
def test_misfits_are_exactly_those_whom_no_rule_of_the_type_finds(workspace: Workspace, kind: Type) -> None:
    for value in VALUES:
        make_person(workspace, value=value)
    make_people(workspace, 2, other="x")
    entry = catalogue.find(workspace, Scope.PERSON, "value")
    assert entry is not None
    wrong, having = audience_of(workspace).misfits(catalogue.as_type(entry, kind))
    say(workspace, "value", type=str(kind))
    rules = ("is_true", "is_false") if kind == Type.BOOLEAN else ("is_set",)
    found = sum(audience_of(workspace).count(Condition("value", rule)) for rule in rules)
    assert (having, found) == (len(VALUES), len(VALUES) - wrong)


def test_a_hidden_attribute_cannot_be_asked_for_in_any_way(workspace: Workspace) -> None:
    make_person(workspace, user_id="ada", plan="pro")
    say(workspace, "plan", hidden=True, label="Tarif")
    audience = audience_of(workspace)
    assert audience.catalogue.get("plan") is None
    assert "plan" not in audience.page(View(), 10).rows[0].attributes
    plan = Condition("plan", "is", ("pro",))
    for node in (plan, Not(plan), All((Condition("banned", "is_false"), plan))):
        with pytest.raises(FilterError, match="“Tarif” is hidden in Settings"):
            audience.count(node)
    for text in ("f=plan:is:pro", "sort=plan", "sort=-plan", 'q={"all":[{"attribute":"plan","rule":"is_set"}]}'):
        parsed = audience.parse(text)
        assert [problem.message for problem in parsed.problems] == ["“Tarif” is hidden in Settings."]
        assert parsed.view == View()
    say(workspace, "plan", hidden=False)
    assert people(audience_of(workspace), plan) == ["ada"]


def test_default_attributes_can_be_hidden_too_except_the_name(workspace: Workspace) -> None:
    make_person(workspace, default_name="Ada", default_city="Oslo")
    say(workspace, "default_city", hidden=True)
    with pytest.raises(ValueError, match="leads each row"):
        say(workspace, "default_name", hidden=True)
    Attribute.objects.filter(workspace=workspace, key="default_name").update(hidden=True)
    assert audience_of(workspace).page(View(), 10).rows[0].attributes == {"default_name": "Ada"}
    assert hidden_keys(workspace.pk)[Scope.PERSON] == {"default_city"}


def test_hidden_attributes_are_still_written_and_counted(workspace: Workspace) -> None:
    make_person(workspace, plan="pro")
    say(workspace, "plan", hidden=True)
    make_person(workspace, plan="free")
    assert Attribute.objects.get(workspace=workspace, key="plan").count == 2
    say(workspace, "plan", hidden=False)
    assert audience_of(workspace).count(Condition("plan", "is_set")) == 2


def test_personal_is_what_the_program_says_until_the_team_decides(workspace: Workspace) -> None:
    make_person(workspace, default_city="Oslo", nick="Adi")
    say(workspace, "default_email", personal=False)
    say(workspace, "nick", personal=True)
    by_key = columns_of(workspace.pk).by_key
    personal = {key for key in ("default_email", "default_name", "default_city", "nick") if by_key[key].personal}
    assert personal == {"default_name", "nick"}


def test_entries_of_people_and_chats_of_one_name_are_two(workspace: Workspace) -> None:
    make_person(workspace, topic="x")
    Attribute.objects.create(workspace=workspace, key="topic", scope=Scope.SESSION, count=4)
    say(workspace, "topic", Scope.SESSION, label="Subject", hidden=True)
    found = [
        (one.scope, one.column.label, one.hidden) for one in catalogue.entries(workspace) if one.column.key == "topic"
    ]
    assert found == [(Scope.PERSON, "topic", False), (Scope.SESSION, "Subject", True)]
    assert columns_of(workspace.pk).get("topic") is not None
    assert hidden_keys(workspace.pk) == {Scope.PERSON: frozenset(), Scope.SESSION: frozenset({"topic"})}


def test_a_change_returns_the_former_values_which_restore_it(workspace: Workspace) -> None:
    make_person(workspace, plan="7")
    former = say(workspace, "plan", label="Tarif", type="number", hidden=False)
    assert former == {"label": "", "type": "text"}
    assert say(workspace, "plan", **former) == {"label": "Tarif", "type": "number"}


def test_a_change_keeps_the_counts_that_are_written_meanwhile(workspace: Workspace) -> None:
    make_person(workspace, plan="pro")

    def rename() -> None:
        try:
            for number in range(10):
                say(workspace, "plan", label=f"Tarif {number}")
        finally:
            connection.close()

    thread = threading.Thread(target=rename)
    thread.start()
    make_people(workspace, 10, plan="pro")
    thread.join()
    row = Attribute.objects.get(workspace=workspace, key="plan")
    assert (row.count, row.label) == (11, "Tarif 9")


def test_nothing_can_be_said_about_what_is_always_there(workspace: Workspace) -> None:
    always = sorted(RESERVED_KEYS - {column.key for column in DEFAULT_COLUMNS if column.is_default})
    assert len(always) > 5
    assert [key for key in always if catalogue.find(workspace, Scope.PERSON, key) is not None] == []
