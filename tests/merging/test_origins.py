"""Merging people and taking them apart says nothing about where values come from: that stays as it was."""

import pytest

from coterie.merging.merge import merge
from coterie.merging.split import split
from coterie.profile.history import origins, past
from tests.merging.world import World


@pytest.fixture
def world(database: str) -> World:
    """Ada on the first channel, Bo on the second, whose plan a member has set."""
    found = World()
    found.say("ada", 0, 0, attributes={"default_name": "Ada", "plan": "pro", "hobby": "tea"})
    found.say("bo", 1, 1, attributes={"default_name": "Bo", "plan": "free", "city": "Oslo"})
    found.edit("bo", plan="gold")
    return found


def origins_of(world: World, user_id: str) -> dict[str, str]:
    names = {f"channel:{channel.public_id}": channel.name for channel in world.channels}
    found = origins(world.workspace, world.person(user_id).id)
    return {key: names.get(one.actor, one.actor) for key, one in found.items() if key != "default_source"}


def merged(world: World, *taken: str, survivor: str = "ada", other: str = "bo") -> tuple[int, int]:
    ids = world.person(survivor).id, world.person(other).id
    merge(world.workspace, "member:9", *ids, set(taken))
    return ids


def test_a_value_taken_in_a_merge_comes_from_who_set_it_for_the_other(world):
    before = origins(world.workspace, world.person("bo").id)
    merged(world, "plan", "default_name")
    assert origins_of(world, "ada") == {"default_name": "B", "plan": "member:1", "hobby": "A", "city": "B"}
    found = origins(world.workspace, world.person("ada").id)
    assert (found["plan"], found["city"]) == (before["plan"], before["city"])


def test_the_past_of_a_value_says_so_too(world):
    merged(world, "plan")
    found = past(world.workspace, world.person("ada").id, "plan")
    assert (found[0].value, found[0].origin.actor) == ("gold", "member:1")


def test_taken_apart_each_value_comes_from_where_it_came_from(world):
    before = origins_of(world, "ada"), origins_of(world, "bo")
    split(world.workspace, "member:9", *merged(world, "plan", "default_name"))
    assert (origins_of(world, "ada") | {"city": ""}, origins_of(world, "bo")) == (before[0] | {"city": ""}, before[1])


def test_what_came_meanwhile_comes_from_there(world):
    ids = merged(world)
    world.say("bo", 5, 1, attributes={"shoe": "42"})
    world.edit("ada", hobby="chess")
    split(world.workspace, "member:9", *ids)
    assert origins_of(world, "bo") == {"default_name": "B", "plan": "member:1", "city": "B", "shoe": "B"}
    assert origins_of(world, "ada")["hobby"] == "member:1"


def test_through_two_merges(world):
    world.say("cy", 2, 0, attributes={"default_name": "Cy"})
    split(world.workspace, "member:9", *merged(world, "plan", survivor="cy"))
    merged(world, "plan", survivor="ada")
    assert origins_of(world, "ada")["plan"] == "member:1"
