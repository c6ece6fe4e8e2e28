"""Erased for good: not a byte of the person stays, and nothing that arrives late brings them back."""

import json
import secrets
from dataclasses import replace

import pytest
from django.db import connection

from coterie.accounts.audit import record
from coterie.accounts.models import Member
from coterie.audience.audience import audience_of
from coterie.audience.models import RecentFilters
from coterie.audience.tree import Condition
from coterie.bulk.actions import Action
from coterie.bulk.selection import Selection
from coterie.bulk.start import start, undo
from coterie.channels import processing, raw
from coterie.channels.kinds import Raw
from coterie.channels.models import RawEvent
from coterie.channels.registry import KINDS
from coterie.channels.setup import make
from coterie.chats.models import Chat, Message
from coterie.core.clock import now
from coterie.jobs import crowds
from coterie.jobs.worker import run
from coterie.journal.models import JournalEntry, Operation
from coterie.merging.merge import merge
from coterie.merging.split import split
from coterie.people.models import Identity, Person, Share, Tombstone
from coterie.privacy import erasing
from coterie.privacy.copies import sweep
from coterie.privacy.erasing import effect, erase
from coterie.profile import notes
from coterie.profile.editing import change_session_value
from coterie.profile.models import Note
from coterie.transfers import files
from coterie.transfers.export import Form, Format
from tests.bulk.checking import assert_whole
from tests.merging.world import World
from tests.privacy.bytes import places_of


class Somebody:
    """Texts that nobody else has."""

    def __init__(self) -> None:
        tag = secrets.token_hex(6)
        self.user_id = f"visitor-{tag}"
        self.email, self.former = f"maya.{tag}@example.test", f"former.{tag}@example.test"
        self.name = f"Maya Órtiz {tag}"
        self.said = f"My secret is {tag}"
        self.noted = f"collected {tag}"
        self.needles = (tag, self.email, self.former, self.name, self.said, self.noted)


@pytest.fixture
def maya(database: str) -> Somebody:
    return Somebody()


@pytest.fixture
def world(maya) -> World:
    """Maya, who chatted on two channels, was edited, exported and searched for; and three others."""
    found = World()
    for number in range(3):
        found.say(f"other-{number}", attributes={"default_name": f"Other {number}"}, segments={"add": ["News"]})
    found.say(maya.user_id, 0, attributes={"default_email": maya.former, "default_name": maya.name})
    found.say(
        maya.user_id, 1, 1, message=maya.said, sessionAttributes={"topic": maya.noted}, segments={"add": ["News"]}
    )
    found.say(maya.user_id, 2, message=None, attributes={"nickname": maya.noted})
    found.say(maya.user_id, 300, message=None, attributes={"hobby": maya.noted}, sender="bot")
    found.say(maya.user_id, 3, sender="bot", message=f"Hello {maya.name}", buttons=[{"title": maya.name}])
    found.edit(maya.user_id, default_email=maya.email)
    found.note(maya.user_id, f"{maya.name} called about {maya.noted}")
    person = found.person(maya.user_id)
    chat = Chat.objects.filter(workspace=found.workspace, person_id=person.id).latest("last_at")
    change_session_value(found.workspace, "member:1", person.id, chat.id, "mood", None, maya.noted)
    start(found.workspace, "test", Action.set("default_name", maya.name), Selection.of_ids([person_of(found, maya).id]))
    audience = audience_of(found.workspace)
    by_email = Condition("default_email", "is", (maya.email,))
    start(found.workspace, "test", Action.set("plan", "pro"), Selection.of_filter(by_email))
    record(found.workspace, "test", "people.export", {"people": 1, "filter": f"Email is {maya.email}"})
    for form in Format:
        reason = files.Reason("test", f"Email is {maya.email}", f"f=default_email:is:{maya.email}")
        files.keep("users", audience, audience.predicate(by_email), Form(form), reason)
    return found


def person_of(world: World, somebody: Somebody) -> Person:
    return world.person(somebody.user_id)


def test_not_a_byte_of_the_person_stays(world, maya, owner):
    member = Member.objects.create(workspace=world.workspace, user=owner)
    RecentFilters.objects.create(
        workspace=world.workspace, member=member, queries=[f"search={maya.email.replace('@', '%40')}", "search=else"]
    )
    person = person_of(world, maya)
    assert {maya.email, maya.former, maya.name, maya.said, maya.noted} <= set(places_of(maya.needles))
    operation = erase(world.workspace, "member:1", [person.id])
    assert (operation.state, operation.people, operation.undo_until) == ("done", 1, None)
    assert audience_of(world.workspace).count(None) == 3
    assert not Note.objects.filter(workspace=world.workspace).exists()
    assert places_of(maya.needles) == {}
    assert RecentFilters.objects.get(workspace=world.workspace).queries == ["search=else"]
    assert_whole(world.workspace)


def test_the_journal_keeps_that_somebody_was_there(world, maya):
    person = person_of(world, maya)
    before = JournalEntry.objects.filter(workspace=world.workspace, person_id=person.id).count()
    erase(world.workspace, "member:1", [person.id])
    entries = JournalEntry.objects.filter(workspace=world.workspace, person_id=person.id).order_by("revision")
    assert entries.count() == before + 1
    assert {(entry.before, entry.after) for entry in entries} == {(None, None)}
    assert entries.last().kind == "erased"


def test_late_messages_do_not_bring_them_back(world, maya):
    erase(world.workspace, "member:1", [person_of(world, maya).id])
    people = Person.objects.filter(workspace=world.workspace).count()
    messages = Message.objects.filter(workspace=world.workspace).count()
    for channel in (0, 1):
        receipt = world.say(maya.user_id, 10, channel, attributes={"default_email": maya.email}, message=maya.said)
        assert (len(receipt.erased), receipt.fresh, receipt.people) == (1, frozenset(), {})
    assert Person.objects.filter(workspace=world.workspace).count() == people
    assert Message.objects.filter(workspace=world.workspace).count() == messages
    assert places_of(maya.needles) == {}
    assert sum(Tombstone.objects.filter(workspace=world.workspace).values_list("refused", flat=True)) >= 2
    assert_whole(world.workspace)


def test_nor_does_a_stranger_who_brings_their_address(world, maya):
    erase(world.workspace, "member:1", [person_of(world, maya).id])
    receipt = world.say("new-id", attributes={"default_email": maya.email.upper()})
    assert len(receipt.erased) == 1
    assert not Person.objects.filter(workspace=world.workspace, user_id="new-id").exists()


def test_others_in_the_same_batch_are_heard(world, maya):
    erase(world.workspace, "member:1", [person_of(world, maya).id])
    world.say("other-0", 400)
    assert world.person("other-0").chats == 2


def test_another_workspace_knows_the_person_still(world, maya):
    other = World()
    other.say(maya.user_id, attributes={"default_email": maya.email})
    erase(world.workspace, "member:1", [person_of(world, maya).id])
    assert len(other.say(maya.user_id, 5).fresh) == 1
    assert person_of(other, maya).attributes["default_email"] == maya.email
    erase(other.workspace, "member:1", [person_of(other, maya).id])


def test_a_person_of_another_workspace_is_not_erased(world, maya):
    other = World()
    operation = erase(other.workspace, "member:1", [person_of(world, maya).id])
    assert (operation.people, operation.result["gone"]) == (0, 1)
    assert person_of(world, maya)


def test_whoever_was_merged_goes_with_the_survivor(world, maya):
    twin = Somebody()
    world.say(twin.user_id, attributes={"default_email": twin.email, "default_name": twin.name}, message=twin.said)
    merge(world.workspace, "member:1", person_of(world, maya).id, world.person(twin.user_id).id, set())
    erase(world.workspace, "member:1", [person_of(world, maya).id])
    assert places_of([*maya.needles, *twin.needles]) == {}
    assert not Share.objects.filter(workspace=world.workspace).exists()
    assert len(world.say(twin.user_id, 9).erased) == 1


def test_what_they_left_with_somebody_they_were_merged_into_goes_too(world, maya):
    twin = Somebody()
    world.say(twin.user_id, attributes={"default_email": twin.email, "default_name": twin.name}, message=twin.said)
    kept, gone = person_of(world, maya), world.person(twin.user_id)
    note_id = world.note(twin.user_id, f"{twin.name} called")
    merge(world.workspace, "member:1", kept.id, gone.id, {"default_email", "default_name"})
    world.say(twin.user_id, 5, attributes={"nickname": twin.noted})
    notes.edit(world.workspace, "member:1", notes.find(world.workspace, kept.id, note_id), f"{twin.name} again")
    chat = Chat.objects.filter(workspace=world.workspace, person_id=kept.id, origin_id=gone.id).first()
    change_session_value(world.workspace, "member:1", kept.id, chat.id, "mood", None, twin.noted)
    split(world.workspace, "member:1", kept.id, gone.id)
    erase(world.workspace, "member:1", [gone.id])
    assert places_of(twin.needles) == {}
    assert person_of(world, maya).attributes["default_email"] == maya.email
    erase(world.workspace, "member:1", [kept.id])


def test_a_deletion_can_not_be_undone_for_somebody_erased_since(world, maya):
    person = person_of(world, maya)
    deleted = start(world.workspace, "test", Action.delete(), Selection.of_ids([person.id]))
    undo(world.workspace, "test", deleted.id)
    joined = start(world.workspace, "test", Action.leave([world.segments[0].id]), Selection.of_ids([person.id]))
    erase(world.workspace, "member:1", [person.id])
    undone = undo(world.workspace, "test", joined.id)
    assert (undone.state, undone.people) == ("done", 0)
    assert not Person.objects.filter(workspace=world.workspace, id=person.id).exists()
    assert places_of(maya.needles) == {}


def test_the_effect_is_said_before(world, maya):
    found = effect(world.workspace, person_of(world, maya).id)
    assert (found.merged, found.notes, found.segments, found.files) == (0, 1, 1, 4)
    assert found.chats == Chat.objects.filter(workspace=world.workspace, person_id=person_of(world, maya).id).count()
    assert found.messages >= 4
    assert found.entries > 0


def test_many_are_erased_step_by_step(world, maya, monkeypatch):
    monkeypatch.setattr(crowds, "CHUNK", 2)
    monkeypatch.setattr(erasing, "BATCH", 2)
    ids = list(Person.objects.filter(workspace=world.workspace).values_list("id", flat=True))
    operation = erase(world.workspace, "member:1", ids)
    assert operation.state == "queued"
    mine = Operation.objects.filter(workspace=world.workspace, id=operation.id)
    mine.update(state="running", worker="tests")
    run(mine.get(), "tests")
    operation = mine.get()
    assert (operation.state, operation.people, operation.done) == ("done", 4, 4)
    assert not Person.objects.filter(workspace=world.workspace).exists()
    assert not Identity.objects.filter(workspace=world.workspace).exists()
    assert places_of(maya.needles) == {}
    assert_whole(world.workspace)


def test_an_export_begun_before_and_finished_after_is_swept_away(world, maya):
    audience = audience_of(world.workspace)
    kept = files.keep("users", audience, audience.predicate(None), Form(), files.Reason("test", "", ""))
    manifest = kept.path.parent.joinpath("users.csv.manifest.json").read_text()
    erase(world.workspace, "member:1", [person_of(world, maya).id])
    kept.path.parent.mkdir(parents=True)
    kept.path.write_text("x")
    kept.path.parent.joinpath("users.csv.manifest.json").write_text(manifest)
    sweep()
    assert files.kept(world.workspace) == []


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL's search index is in the rows themselves")
def test_a_search_index_forgets_the_words_too(world, maya):
    word = maya.said.rpartition(" ")[2]
    with connection.cursor() as cursor:
        cursor.execute("CREATE VIRTUAL TABLE said_here USING fts5(words)")
        cursor.execute("INSERT INTO said_here(rowid, words) VALUES (1, %s)", [f"only{word}"])
        cursor.execute("INSERT INTO said_here(rowid, words) VALUES (2, 'else')")
        cursor.execute("DELETE FROM said_here WHERE rowid = 1")
        erase(world.workspace, "member:1", [person_of(world, maya).id])
        found = places_of([f"only{word}", *maya.needles])
        cursor.execute("DROP TABLE said_here")
    assert found == {}


def test_what_platforms_sent_about_them_is_not_kept_either(world, maya):
    channel = make(world.workspace, "test", KINDS["segment"], "Site", {})
    call = {"type": "identify", "userId": maya.user_id, "traits": {"email": maya.email, "name": maya.name}}
    sent = Raw("m1", json.dumps({**call, "messageId": "m1", "timestamp": now().isoformat()}), now(), maya.user_id)
    raw.store(channel, [sent])
    while processing.step():
        pass
    assert RawEvent.objects.filter(workspace=world.workspace, user_id=maya.user_id).exists()
    erase(world.workspace, "member:1", list(Person.objects.filter(user_id=maya.user_id).values_list("id", flat=True)))
    assert places_of(maya.needles) == {}
    raw.store(channel, [replace(sent, native_id="m2")])
    while processing.step():
        pass
    assert not RawEvent.objects.filter(workspace=world.workspace).exists()
    assert not Person.objects.filter(workspace=world.workspace, user_id=maya.user_id).exists()


def test_nobody_else_gets_their_id(world, maya):
    erase(world.workspace, "member:1", [person_of(world, maya).id])
    channel = make(world.workspace, "test", KINDS["segment"], "Site", {})
    for number, call in enumerate(
        [
            {"type": "page", "anonymousId": "anonymous"},
            {"type": "identify", "anonymousId": "anonymous", "userId": maya.user_id},
        ]
    ):
        body = {**call, "messageId": f"m{number}", "timestamp": now().isoformat()}
        raw.store(channel, [Raw(f"m{number}", json.dumps(body), now(), "anonymous:anonymous")])
        while processing.step():
            pass
    assert not Person.objects.filter(workspace=world.workspace, user_id=maya.user_id).exists()
    stranger = Person.objects.get(workspace=world.workspace, user_id="anonymous:anonymous")
    assert "default_email" not in stranger.attributes


def test_whoever_was_deleted_is_erased_too_and_does_not_come_back(world, maya):
    person = person_of(world, maya)
    deleted = start(world.workspace, "test", Action.delete(), Selection.of_ids([person.id]))
    assert maya.email in places_of([maya.email])
    operation = erase(world.workspace, "member:1", [person.id])
    assert (operation.state, operation.people, operation.result) == ("done", 1, {"gone": 0, "back": 0})
    assert places_of(maya.needles) == {}
    undone = undo(world.workspace, "test", deleted.id)
    assert (undone.state, undone.people) == ("done", 0)
    assert not Person.objects.filter(workspace=world.workspace, id=person.id).exists()
    assert len(world.say(maya.user_id, 9, attributes={"default_email": maya.email}).erased) == 1
    assert_whole(world.workspace)


def test_nothing_that_is_only_told_about_them_is_kept_and_nobody_asks_for_them(world, maya):
    channel = make(world.workspace, "test", KINDS["slack"], "Team", {"signing_secret": "s"})
    native = "slack:T:U1"
    world.channels.append(channel)
    world.say(native, 0, 2, attributes={"default_name": maya.name})
    erase(world.workspace, "member:1", [world.person(native).id])
    told = {"type": "user_change", "user": {"id": "U1", "team_id": "T", "real_name": maya.name}}
    said = {"type": "message", "channel": "D1", "user": "U1", "text": maya.said, "ts": f"{now().timestamp():.6f}"}
    for number, event in enumerate((told, said)):
        body = json.dumps({"type": "event_callback", "team_id": "T", "event_id": f"Ev{number}", "event": event})
        raw.store(channel, [Raw(f"Ev{number}", body, now(), native)])
        while processing.step():
            pass
    assert not RawEvent.objects.filter(workspace=world.workspace).exists()
    assert not Person.objects.filter(workspace=world.workspace, user_id=native).exists()
