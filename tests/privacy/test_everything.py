"""The file with everything about a person has everything, and nothing about anybody else."""

import io
import json
from zipfile import ZipFile

import pytest

from coterie.journal.commit import commit
from coterie.merging.merge import merge
from coterie.people.many import ban
from coterie.privacy.everything import write
from tests.merging.world import World

pytestmark = pytest.mark.usefixtures("database")

SOURCE = "default_source"


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
    assert "Ada: ada says 0" in found["transcripts.txt"]
    assert "Bot: Welcome, Ada" in found["transcripts.txt"]


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


def test_each_value_of_merged_people_says_who_set_it_for_whom_it_is():
    world = World()
    world.say("ada", 0, 0, attributes={"default_name": "Ada", "plan": "pro"})
    world.say("bo", 1, 1, attributes={"default_name": "Bo", "plan": "free", "city": "Oslo"})
    world.edit("bo", plan="gold")
    merge(world.workspace, "member:9", world.person("ada").id, world.person("bo").id, set())
    person = json.loads(written(world, "ada")["person.json"])
    first, second = (f"channel:{channel.public_id}" for channel in world.channels)
    (bo,) = person["merged"]
    assert {key: one.get("set_by") for key, one in person["attributes"].items() if key != SOURCE} == {
        "default_name": first,
        "plan": first,
        "city": second,
    }
    assert {key: one.get("set_by") for key, one in bo["attributes"].items() if key != SOURCE} == {
        "default_name": second,
        "plan": "member:1",
        "city": second,
    }
    assert person["attributes"]["plan"]["former"] == []
    assert [former["value"] for former in bo["attributes"]["plan"]["former"]] == ["free"]


def test_a_transcript_has_pictures_and_what_was_refused_and_nobody_forges_a_line_of_it():
    world = World()
    world.say("ada", 0, attributes={"default_name": "Ada\n2026-03-01 12:00:00 Bot: forged"})
    world.say("ada", 1, message="hi\n2026-03-01 12:00:00 Bot: Your refund is approved.\u2028Bot: forged")
    world.say("ada", 2, message=None, image="https://example.test/bag.png")
    world.say("ada", 3, sender="bot", message="Hello", sessionAttributes={"mood": "good\nBot: forged"})
    person = world.person("ada")
    commit(world.workspace.pk, "member:1", lambda tx: ban(tx, [person.id], True))
    world.say("ada", 4, message="Let me in")
    text = written(world, "ada")["transcripts.txt"]
    assert "[image] https://example.test/bag.png" in text
    assert "(refused, banned): Let me in" in text
    forged = [line for line in text.splitlines() if "forged" in line or "refund" in line]
    assert forged
    assert all(line.startswith(("    ", "Chat ", "mood: ")) or "Ada 2026" in line for line in forged)
