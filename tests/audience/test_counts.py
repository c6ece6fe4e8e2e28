"""How many people have each attribute is known at any moment, without looking at them."""

from importlib import import_module

from django.apps import apps
from django.db import connection

from coterie.accounts.models import Workspace
from coterie.audience import counts
from coterie.audience.models import Attribute, Scope
from coterie.journal.commit import commit
from coterie.people.changes import People
from tests.makers import make_people, make_person


def known(workspace: Workspace, scope: Scope = Scope.PERSON) -> dict[str, int]:
    return dict(Attribute.objects.filter(workspace=workspace, scope=scope).values_list("key", "count"))


def change(workspace: Workspace, person_id: int, act) -> None:
    def work(tx):
        people = People.lock(tx, [person_id])
        act(people, people[person_id])
        people.save()

    commit(workspace.pk, "test", work)


def test_new_people_are_counted(workspace: Workspace) -> None:
    make_people(workspace, 3, default_email="a@b.example", plan="pro")
    make_person(workspace, plan="free")
    assert known(workspace) == {"default_email": 3, "plan": 4}


def test_another_value_changes_nothing_and_a_removed_one_is_gone(workspace: Workspace) -> None:
    ada = make_person(workspace, plan="free", city="Oslo")
    change(workspace, ada.id, lambda people, one: people.set(one, {"plan": "pro"}, ada.created_at))
    assert known(workspace) == {"plan": 1, "city": 1}
    change(workspace, ada.id, lambda people, one: people.unset(one, ["city"]))
    assert known(workspace) == {"plan": 1, "city": 0}


def test_who_somebody_is_counts_as_personal(workspace: Workspace) -> None:
    make_person(workspace, default_email="a@b.example", plan="pro")
    personal = Attribute.objects.filter(workspace=workspace, personal=True).values_list("key", flat=True)
    assert list(personal) == ["default_email"]


def test_what_is_rolled_back_is_not_counted(workspace: Workspace) -> None:
    def work(tx):
        counts.count(tx, {"plan": 5})
        raise ZeroDivisionError

    try:
        commit(workspace.pk, "test", work)
    except ZeroDivisionError:
        assert known(workspace) == {}


def test_people_who_were_there_before_are_counted_by_the_migration(workspace: Workspace) -> None:
    make_people(workspace, 2, default_email="a@b.example", plan="pro")
    Attribute.objects.filter(workspace=workspace, key="default_email").delete()
    Attribute.objects.filter(workspace=workspace).update(count=0)
    migration = import_module("coterie.audience.migrations.0002_attribute_settings")
    with connection.schema_editor() as editor:
        migration._count(apps, editor)
    assert known(workspace) == {"default_email": 2, "plan": 2}
    assert Attribute.objects.get(workspace=workspace, key="default_email").personal
