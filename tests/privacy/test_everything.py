"""The file with everything about a person has everything, and nothing about anybody else."""

import io
import json
from zipfile import ZipFile

from coterie.merging.merge import merge
from coterie.privacy.everything import write
from tests.merging.world import World


def written(world: World, user_id: str) -> dict[str, str]:
    file = io.BytesIO()
    write(world.workspace, world.person(user_id), file)
    archive = ZipFile(file)
    return {name: archive.read(name).decode() for name in archive.namelist()}


def story() -> World:
    world = World()
    world.say("ada", 0, attributes={"default_name": "Ada", "plan": "pro"}, segments={"add": ["News"]})
    world.say("ada", 1, sender="bot", message="Welcome, Ada", sessionAttributes={"topic": "beans"})
    world.say("bo", 2, 1, attributes={"default_name": "Bo"})
    world.edit("ada", plan="free")
    world.note("ada", "Likes dark roasts.")
    return world


def test_who_they_are_with_provenance_and_former_values():
    found = json.loads(written(story(), "ada")["person.json"])
    assert (found["user_id"], found["chats"]) == ("ada", 1)
    plan = found["attributes"]["plan"]
    assert (plan["value"], plan["set_by"]) == ("free", "member:1")
    assert plan["former"][0]["value"] == "pro"
    assert found["attributes"]["default_name"]["set_by"].startswith("channel:")
    assert [address["channel"] for address in found["addresses"]] == ["A (api)"]
    assert [segment["name"] for segment in found["segments"]] == ["News"]
    assert [entry["kind"] for entry in found["journal"]][-2:] == ["set", "noted"]


def test_what_members_noted_about_them():
    (note,) = json.loads(written(story(), "ada")["person.json"])["notes"]
    assert (note["text"], note["by"], note["edited_at"]) == ("Likes dark roasts.", "member:1", None)


def test_what_was_said_for_programs_and_to_read():
    found = written(story(), "ada")
    (chat,) = map(json.loads, found["chats.jsonl"].splitlines())
    assert [message["from"] for message in chat["messages"]] == ["user", "bot"]
    assert chat["attributes"] == {"topic": "beans"}
    assert "user: ada says 0" in found["transcripts.txt"]
    assert "bot: Welcome, Ada" in found["transcripts.txt"]


def test_nothing_about_anybody_else():
    assert "bo says" not in "".join(written(story(), "ada").values()).lower().replace("bot", "")


def test_whoever_was_merged_is_in_it():
    world = story()
    merge(world.workspace, "member:1", world.person("ada").id, world.person("bo").id, set())
    found = written(world, "ada")
    person = json.loads(found["person.json"])
    assert [one["user_id"] for one in person["merged"]] == ["bo"]
    assert "bo says" in found["transcripts.txt"]
    assert len(person["addresses"]) == 2
