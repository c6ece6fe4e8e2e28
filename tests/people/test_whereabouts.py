"""Where somebody is, from a file of MaxMind's form."""

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from coterie.core.clock import now
from coterie.journal.commit import commit
from coterie.people import whereabouts
from coterie.people.changes import People
from coterie.people.models import Person
from coterie.people.whereabouts import follow, place_of
from tests.makers import make_person

LONDON = {
    "city": {"names": {"en": "London", "de": "London"}},
    "country": {"iso_code": "GB", "names": {"en": "United Kingdom"}},
    "subdivisions": [{"iso_code": "ENG", "names": {"en": "England"}}],
    "location": {"time_zone": "Europe/London"},
}
KRAKOW = {
    "city": "Kraków (Stare Miasto)",
    "country_code": "PL",
    "state1": "Małopolskie",
    "state2": "",
    "timezone": "",
    "postcode": "",
}
IN_LONDON, IN_KRAKOW, IN_NORWAY, NOWHERE = "81.2.69.142", "31.0.0.7", "77.16.0.9", "8.8.8.8"
PLACES = {
    IN_LONDON: LONDON,
    IN_KRAKOW: KRAKOW,
    IN_NORWAY: {"country_code": "NO"},
    NOWHERE: {"city": "Unknown", "country_code": "ZZ", "timezone": "Mars/Olympus"},
    "9.9.9.9": {"city": ["x"], "country": {"iso_code": 5}, "subdivisions": {}, "location": []},
}


def write(path, places=PLACES, version=4, kind="Test-City"):
    writer = MMDBWriter(ip_version=version, database_type=kind)
    for ip, record in places.items():
        writer.insert_network(IPSet([f"{ip}/{24 if version == 4 else 48}"]), record)
    writer.to_db_file(str(path))


@pytest.fixture
def places(tmp_path, settings):
    path = tmp_path / "places.mmdb"
    write(path)
    settings.GEOIP_FILES = [str(path)]
    return path


def test_a_place_is_read_from_maxmind_s_records(places):
    assert place_of(IN_LONDON) == {
        "default_city": "London",
        "default_region": "England",
        "default_country": "United Kingdom",
        "default_timezone": "Europe/London",
    }


def test_a_place_is_read_from_flat_records_without_what_is_empty_in_them(places):
    assert place_of(IN_KRAKOW) == {
        "default_city": "Kraków",
        "default_region": "Małopolskie",
        "default_country": "Poland",
    }


@pytest.mark.parametrize("ip", [f"::ffff:{IN_LONDON}", f"{IN_LONDON}:443"])
def test_an_address_in_another_form_is_the_same_address(places, ip):
    assert place_of(ip)["default_city"] == "London"


@pytest.mark.parametrize(
    "ip", [NOWHERE, "9.9.9.9", "127.0.0.1", "10.0.0.1", "::1", "2001:470::1", "1.1.1.1", "nonsense", ""]
)
def test_what_nobody_knows_is_no_place(places, ip):
    assert place_of(ip) == {}


def test_several_files_are_asked_in_turn(places, tmp_path, settings):
    write(tmp_path / "six.mmdb", {"2a02:c7f::1": LONDON}, version=6)
    settings.GEOIP_FILES = [str(places), str(tmp_path / "six.mmdb")]
    assert place_of("2a02:c7f::7")["default_city"] == "London"
    assert place_of(IN_KRAKOW)["default_city"] == "Kraków"


def test_without_a_file_or_with_a_broken_one_nobody_has_a_place(places, tmp_path, settings):
    (tmp_path / "broken.mmdb").write_bytes(b"not a database" * 100)
    settings.GEOIP_FILES = [str(tmp_path / "missing.mmdb"), str(tmp_path / "broken.mmdb")]
    assert place_of(IN_LONDON) == {}
    settings.GEOIP_FILES = []
    assert place_of(IN_LONDON) == {}


def test_a_file_that_was_replaced_is_read_anew(places, monkeypatch):
    assert place_of(IN_LONDON)["default_city"] == "London"
    write(places, {IN_LONDON: {"city": "Leeds", "country_code": "GB"}})
    monkeypatch.setattr(whereabouts, "_FRESH", 0.0)
    assert place_of(IN_LONDON)["default_city"] == "Leeds"


def moved(workspace, person, ip, at=None):
    """What is known of the place after an event from this address."""

    def work(tx):
        people = People.lock(tx, [person.id])
        one = people[person.id]
        values = follow(people, one, ip, at or now())
        people.set(one, {**values, "default_ip": ip}, at or now())
        people.save()

    commit(workspace.pk, "test", work)
    person = Person.objects.get(workspace=workspace, id=person.id)
    return {key: value for key, value in person.attributes.items() if key in whereabouts.PLACE}


def test_a_guess_fills_gaps_and_replaces_nothing_that_was_told(workspace, places):
    person = make_person(workspace, default_city="Gdynia")
    assert moved(workspace, person, IN_KRAKOW) == {
        "default_city": "Gdynia",
        "default_region": "Małopolskie",
        "default_country": "Poland",
    }
    assert moved(workspace, person, IN_LONDON)["default_city"] == "Gdynia"


def test_a_guess_follows_the_traveller(workspace, places):
    person = make_person(workspace)
    moved(workspace, person, IN_KRAKOW)
    assert moved(workspace, person, IN_LONDON) == place_of(IN_LONDON)


def test_a_guess_that_does_not_hold_any_more_goes(workspace, places):
    person = make_person(workspace)
    moved(workspace, person, IN_LONDON)
    assert moved(workspace, person, IN_NORWAY) == {"default_country": "Norway"}


def test_an_address_that_nobody_knows_leaves_the_last_guess(workspace, places):
    person = make_person(workspace)
    moved(workspace, person, IN_LONDON)
    assert moved(workspace, person, "1.1.1.1") == place_of(IN_LONDON)


def test_a_late_event_fills_gaps_only(workspace, places):
    person = make_person(workspace)
    moved(workspace, person, IN_NORWAY)
    late = moved(workspace, person, IN_LONDON, person.created_at)
    assert late["default_country"] == "Norway"
    assert late["default_city"] == "London"
