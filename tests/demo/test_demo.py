"""The invented people: they fit together, they are the same for the same seed, and they are written by the rules."""

import datetime as dt
import json
import re
from collections import Counter

import pytest
from babel import Locale

from coterie.accounts.models import Workspace
from coterie.audience.models import Attribute
from coterie.channels.models import Channel
from coterie.chats.models import Chat, Message
from coterie.core.clock import now
from coterie.core.ids import to_public
from coterie.core.text import clean
from coterie.demo.invent import CHUNK, SEGMENTS, Plan, invent, stamp
from coterie.demo.load import fill
from coterie.demo.places import COUNTRIES
from coterie.journal.models import JournalEntry, Kind
from coterie.people.models import Identity, Person
from coterie.segments.growth import DAYS, Growth, growth
from coterie.segments.models import Membership, Segment

UNTIL = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
PLAN = Plan(seed=5, people=3_000, chats_per_person=2, until=int(UNTIL.timestamp() * 1000))


def _fill(workspace, people=300, chats_per_person=1.5, seed=1):
    return fill(workspace, people, chats_per_person, seed, lambda done: None, until=UNTIL)


@pytest.fixture(scope="module")
def chunk():
    return invent(PLAN, 0)


@pytest.fixture(scope="module")
def attributes(chunk):
    return [json.loads(person[2]) for person in chunk.people]


def test_the_same_seed_gives_the_same_people(workspace, other_workspace):
    def everything(space):
        people = Person.objects.filter(workspace=space).order_by("user_id")
        chats = Chat.objects.filter(workspace=space).order_by("session_id")
        said = Message.objects.filter(workspace=space).order_by("native_id")
        return (
            list(people.values_list("user_id", "attributes", "created_at", "last_seen", "chats")),
            list(chats.values_list("session_id", "started_at", "last_at", "messages", "attributes")),
            list(said.values_list("native_id", "sender", "text", "at")),
        )

    _fill(workspace)
    _fill(other_workspace)
    assert everything(workspace) == everything(other_workspace)


def test_another_seed_gives_other_people(chunk):
    other = invent(Plan(6, PLAN.people, PLAN.chats_per_person, PLAN.until), 0)
    assert {person[2] for person in other.people}.isdisjoint(person[2] for person in chunk.people)


def test_revisions_have_no_gaps_and_reach_the_workspace(workspace):
    summary = _fill(workspace)
    workspace.refresh_from_db()
    entries = JournalEntry.objects.filter(workspace=workspace).order_by("revision")
    assert list(entries.values_list("revision", flat=True)) == list(range(1, workspace.revision + 1))
    assert summary.revision == workspace.revision


def test_every_person_is_in_the_journal_with_their_attributes_and_segments(workspace):
    summary = _fill(workspace)
    entries = JournalEntry.objects.filter(workspace=workspace)
    people = dict(Person.objects.filter(workspace=workspace).values_list("id", "attributes"))
    assert len(people) == summary.people == 300
    assert set(entries.filter(kind=Kind.SEEN).values_list("person_id", flat=True)) == set(people)
    assert dict(entries.filter(kind=Kind.SET).values_list("person_id", "after")) == people
    memberships = Membership.objects.filter(workspace=workspace).values_list("person_id", "segment_id", "joined_at")
    joined = entries.filter(kind=Kind.JOINED).values_list("person_id", "after", "at")
    assert {(who, to_public(where), at) for who, where, at in memberships} == {
        (who, after["segment"], at) for who, after, at in joined
    }
    assert set(entries.values_list("actor", flat=True)) == {"demo"}


def test_rows_fit_together(workspace):
    _fill(workspace)
    chats = Chat.objects.filter(workspace=workspace)
    said = Counter(Message.objects.filter(workspace=workspace).values_list("chat_id", flat=True))
    assert said == dict(chats.values_list("id", "messages"))
    visits = Counter(chats.values_list("person_id", flat=True))
    channels = dict(Channel.objects.filter(workspace=workspace).values_list("kind", "id"))
    identities = dict(Identity.objects.filter(workspace=workspace).values_list("person_id", "channel_id"))
    for person in Person.objects.filter(workspace=workspace):
        assert person.chats == visits[person.id]
        assert person.created_at <= person.last_seen <= UNTIL
        assert identities[person.id] == channels[person.attributes["default_source"]]
    ends = dict(Person.objects.filter(workspace=workspace).values_list("id", "last_seen"))
    assert all(last <= ends[who] for who, last in chats.values_list("person_id", "last_at"))


def test_segments_grew_by_whoever_joined_in_the_last_30_days(workspace):
    """As where people are put in by hand: the Segments page shows no zero for a segment that is filled."""
    fill(workspace, 600, 1.5, 1, lambda done: None)
    segments = list(Segment.objects.filter(workspace=workspace))
    since = now().date() - dt.timedelta(days=DAYS - 1)
    for segment in segments:
        joined = Membership.objects.filter(workspace=workspace, segment_id=segment.id, joined_at__date__gte=since)
        assert growth(workspace, [segment.id])[segment.id] == Growth(joined.count(), 0)
    assert any(growth(workspace, [segment.id])[segment.id].change for segment in segments)


def test_filling_again_adds_other_people_to_the_same_channels_and_segments(workspace):
    _fill(workspace)
    _fill(workspace)
    assert Person.objects.filter(workspace=workspace).count() == 600
    assert Channel.objects.filter(workspace=workspace).count() == 2
    assert set(Segment.objects.filter(workspace=workspace).values_list("name", flat=True)) == set(SEGMENTS)
    assert Attribute.objects.get(workspace=workspace, key="orders").type == "number"
    emails = [
        a["default_email"]
        for a in Person.objects.filter(workspace=workspace).values_list("attributes", flat=True)
        if "default_email" in a
    ]
    assert len(emails) == len(set(emails))


def test_an_existing_channel_is_used(workspace):
    Channel.objects.create(workspace=workspace, kind="widget", name="Mine", settings={"title": "Mine"})
    _fill(workspace, people=5)
    channel = Channel.objects.get(workspace=workspace, kind="widget")
    assert (channel.name, channel.settings) == ("Mine", {"title": "Mine"})


def test_progress_counts_people_after_every_transaction(workspace):
    seen: list[int] = []
    fill(workspace, CHUNK + 20, 0, 1, seen.append, until=UNTIL)
    assert seen == [CHUNK, CHUNK + 20]


def test_times_are_written_as_django_writes_them(workspace):
    for microsecond in (0, 7_000):
        moment = UNTIL.replace(microsecond=microsecond)
        person = Person.objects.create(workspace=workspace, user_id=str(moment), last_seen=moment)
        assert (
            Person.objects.get(workspace=workspace, last_seen=stamp(int(moment.timestamp() * 1000)) + "+00:00")
            == person
        )
        assert stamp(int(moment.timestamp() * 1000)) == str(moment.replace(tzinfo=None))


def test_places_fit_together(attributes):
    places = {
        (country.name, city.region, city.name, city.time_zone, kind.language)
        for country in COUNTRIES.items
        for city in country.cities.items
        for kind in country.kinds.items
    }
    keys = ("default_country", "default_region", "default_city", "default_timezone", "default_language")
    located = [tuple(a[key] for key in keys) for a in attributes if "default_city" in a]
    assert len(located) > 0.85 * len(attributes)
    assert places.issuperset(located)


def test_countries_and_languages_have_their_cldr_names():
    english = Locale("en")
    assert {country.name for country in COUNTRIES.items} <= set(english.territories.values())
    assert {kind.language for c in COUNTRIES.items for kind in c.kinds.items} <= set(english.languages.values())


def test_shares_are_plausible(attributes):
    def share(found):
        return sum(map(bool, found)) / len(attributes)

    assert share(a.get("default_country") == "United States" for a in attributes) == pytest.approx(0.3, abs=0.04)
    assert share("default_email" not in a for a in attributes) == pytest.approx(0.25, abs=0.03)
    assert share("default_name" not in a for a in attributes) == pytest.approx(0.12, abs=0.03)


def test_nothing_leads_to_a_real_place_on_the_internet(attributes):
    for known in attributes:
        if email := known.get("default_email"):
            assert re.fullmatch(r"[a-z_.]+\d*@[a-z-]+\.example", email)
        for key in ("default_url", "default_referrer", "default_avatar"):
            assert re.match(r"https://([a-z-]+\.)+example/", known.get(key, "https://x.example/"))
        assert known.get("default_ip", "192.0.2.1").startswith(("192.0.2.", "198.51.100.", "203.0.113."))


def test_texts_are_clean_and_complete(chunk, attributes):
    texts = [value for known in attributes for value in known.values() if isinstance(value, str)]
    texts += [message[3] for message in chunk.messages]
    assert all(text and text == clean(text) and not re.search("[{}|]", text) for text in texts)


def test_people_were_seen_until_just_now_and_for_two_years(chunk):
    last_seen = [dt.datetime.fromisoformat(person[4]).replace(tzinfo=dt.UTC) for person in chunk.people]
    assert UNTIL - dt.timedelta(minutes=5) <= max(last_seen) <= UNTIL
    assert UNTIL - dt.timedelta(days=731) <= min(last_seen) <= UNTIL - dt.timedelta(days=600)


def test_chats_per_person_is_an_average(chunk):
    assert len(chunk.chats) / len(chunk.people) == pytest.approx(2, abs=0.15)


@pytest.mark.parametrize("people", [1, 3])
def test_small_workspaces_are_filled_too(workspace: Workspace, people):
    assert _fill(workspace, people=people).people == people
