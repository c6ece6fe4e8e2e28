"""Who may be the same human: only for a reason, and the reason is told."""

import pytest

from coterie.channels.models import Channel
from coterie.core.ids import new_id
from coterie.merging import suggesting
from coterie.merging.suggesting import Sort, count_suggestions, suggestions
from coterie.people.models import Identity
from tests.makers import make_people, make_person
from tests.merging.world import World

pytestmark = pytest.mark.usefixtures("database")


def found(world: World, user_id: str) -> dict[str, list[Sort]]:
    person = world.person(user_id)
    people = {world.person(name).id: name for name in ("ada", "bo", "cy")}
    return {
        people[one.person_id]: [proof.sort for proof in one.evidence]
        for one in suggestions(world.workspace, person.id)
        if one.person_id in people
    }


def three() -> World:
    world = World()
    for name in ("ada", "bo", "cy"):
        world.say(name)
    return world


def test_the_same_e_mail_address_in_whatever_case():
    world = three()
    world.say("ada", 1, attributes={"default_email": "One@Example.test"})
    world.edit("bo", default_email="one@example.test")
    assert found(world, "ada") == {"bo": [Sort.EMAIL]}
    (one,) = suggestions(world.workspace, world.person("ada").id)
    assert one.evidence[0].told.startswith("channel:")
    assert one.evidence[0].told_of_other == "member:1"


def test_the_best_founded_comes_first():
    world = three()
    same = {"default_email": "a@b.test", "default_username": "one"}
    world.say("ada", 1, attributes=same)
    world.say("bo", 1, attributes={"default_email": "a@b.test"})
    world.say("cy", 1, attributes=same)
    assert list(found(world, "ada")) == ["cy", "bo"]
    assert count_suggestions(world.workspace, world.person("ada").id) == 2


def test_the_same_id_on_different_channels():
    world = three()
    bo = world.person("bo")
    Identity.objects.create(
        workspace=world.workspace, channel_id=world.channels[1].id, native_id="ada", person_id=bo.id
    )
    assert found(world, "ada") == {"bo": [Sort.ADDRESS]}
    assert found(world, "bo") == {"ada": [Sort.ADDRESS]}


def test_an_empty_or_missing_value_is_no_reason():
    assert found(three(), "ada") == {}


def test_what_many_have_is_no_reason(workspace):
    people = make_people(workspace, suggesting.MOST + 1, default_email="test@example.test")
    assert suggestions(workspace, people[0].id) == []


def test_other_workspaces_are_not_asked(workspace, other_workspace):
    person = make_person(workspace, default_email="one@example.test", user_id="u1")
    theirs = make_person(other_workspace, default_email="one@example.test", user_id="u1")
    channel = Channel.objects.create(workspace=other_workspace, kind="api", name="X")
    Identity.objects.create(workspace=other_workspace, channel_id=channel.id, native_id="u1", person_id=theirs.id)
    assert suggestions(workspace, person.id) == []
    assert suggestions(workspace, theirs.id) == []
    assert suggestions(workspace, new_id()) == []
