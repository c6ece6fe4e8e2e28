"""Data of earlier versions, opened by the program as it is: everything is there, and what was not over ends.

A fixture is opened once, in a process of its own (`check`), through addresses, the API, channels and the terminal; the
tests look at what that process found.
"""

import fcntl
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import DATABASE, ROOT
from tests.upgrades.opening import HERE, fixtures, known_of, opened

TEA, BAKERY = "Harbour Tea", "Hill Bakery"
FOLDERS = fixtures(DATABASE)


@pytest.fixture(scope="module", params=FOLDERS, ids=[path.name for path in FOLDERS])
def fixture(request):
    """Each of the versions."""
    return request.param


@pytest.fixture(scope="module")
def known(fixture):
    """What was written down when it was made."""
    return known_of(fixture, DATABASE)


@pytest.fixture(scope="module")
def found(fixture, database, tmp_path_factory):
    """What `check` finds out. Of several processes that run the tests, one does it and the others read of it."""
    folder = tmp_path_factory.getbasetemp()
    folder = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    path = folder / f"upgrade-{fixture.name}.json"
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            path.write_text(_checked(fixture, tmp_path_factory.mktemp("upgrade")), encoding="utf-8")
    return json.loads(path.read_text(encoding="utf-8"))


def _checked(fixture: Path, folder: Path) -> str:
    known = fixture / f"{DATABASE}.json"
    command = [sys.executable, "-W", "error", "-m", "tests.upgrades.check", str(known)]
    own = {name: value for name, value in os.environ.items() if not name.startswith(("COTERIE_", "DATABASE_"))}
    with opened(fixture, DATABASE, folder, os.environ.get("DATABASE_URL", "")) as environment:
        done = subprocess.run(
            command, env=own | environment, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
        )
    assert done.returncode == 0, done.stderr
    return done.stdout


def people(known, *numbers):
    return [known["people"][f"u-{number}"] for number in numbers]


def test_the_tables_are_brought_up_to_date(found):
    assert set(found["migrated"].values()) == {None}


def test_members_log_in_with_their_password_and_with_no_other(found):
    assert (found["login"], found["wrong password"]) == (True, False)


def test_sessions_go_on(found):
    assert found["sessions"] == {"owner": True, "editor": True}


def test_tokens_do_what_they_may(found):
    expected = {"reads": True, "of another": 404, "may not write": 403, "writes": True, "made up": 401}
    assert found["tokens"] == expected


def test_lists_and_filters_count_as_before(found, known):
    assert found["counts"] == known["counts"]
    assert found["bakery"] == known["bakery"]


def test_the_lists_have_exactly_the_people_that_are_stored(found, known):
    assert found["stored"] == {TEA: known["counts"][""], BAKERY: known["bakery"]}
    assert all(listed == stored for listed, stored in found["lists"].values())


def test_views_open_for_those_whose_they_are(found, known):
    views, counts = found["views"], known["counts"]
    poles, vips, free = (counts[f"f={f}"] for f in ("default_country:is:Poland", "vip:is_true", "plan:is:free"))
    assert views["listed"] == {"Mine in Poland": poles, "Team VIPs": vips, "Opens first": free}
    assert views["seen"] == {"owner": ["Opens first", "Team VIPs"], "editor": ["Mine in Poland", "Team VIPs"]}
    assert views["first"] == free


def test_the_former_address_of_a_merged_person_leads_to_who_they_are_now(found, known):
    survivor = known["merged"]["survivor"]
    assert found["merged"] == {"leads to": f"/users/{survivor}", "status": 302, "api": True}


def test_merged_people_can_be_taken_apart(found):
    assert found["apart"] == [200, 200]


def test_erased_people_stay_erased_and_what_comes_late_for_them_is_refused(found):
    assert found["erased"] == {
        "page": [404, 404],
        "event": [{"messageId": "late-1", "reason": "erased"}],
        "address": [{"messageId": "late-2", "reason": "erased"}],
        "found": False,
        "rows": [],
    }


def test_banned_people_are_banned_and_what_they_said_is_kept(found, known):
    refused = [{"messageId": "banned-2", "reason": "banned"}]
    assert found["banned"]["listed"] == people(known, 5)
    assert found["banned"]["answer"] == [200, refused, "Harbour Tea does not answer you any more."]
    assert found["banned"]["kept"] == ["This samovar is a disgrace", "Let me in"]


def test_deleted_people_come_back_by_undo(found):
    assert (found["deleted"], found["back"]) == ([404, 404], [200, 200])


def test_a_page_of_a_person_has_notes_and_what_was_corrected(found):
    assert "Asked for a catalogue by post." in found["page"]
    assert "You set plan pro now enterprise" in found["page"]


def test_attributes_keep_their_types_names_and_secrets(found):
    attributes, types = found["attributes"], found["attributes"]["types"]
    assert attributes["labels"] and attributes["personal"]
    assert attributes["numbers"] > 0, "filtered as a number"
    assert not attributes["hidden is shown"] and attributes["hidden lists"] == 0
    kept = {key: types[key] for key in ("plan", "visits", "vip", "signed_up", "shoe_size", "door_code")}
    assert list(kept.values()) == ["text", "number", "boolean", "time", "number", "text"]


def test_the_archives_find_what_was_said(found):
    assert [words for words, is_found in found["archives"].items() if not is_found] == []


def test_sealed_secrets_open(found):
    assert found["secrets"] == {"slack": [200, "c-1"], "forged": 401, "telegram": 200, "shown": True}


def test_a_visitor_of_the_widget_is_known_again(found):
    assert found["visitor"] == {"known": True, "status": 200, "same": True}


def test_a_channel_that_was_off_is_off(found):
    assert found["off"] == 404


def test_a_kept_export_can_be_downloaded(found):
    export = found["export"]
    assert export["status"] == 200
    assert export["lines"] == export["people"] + 1 > 30


def test_policies_are_those_that_were_decided(found):
    assert "not seen for 36,500 days" in found["policies"]["retention"]
    assert "Harbour Tea does not answer you any more." in found["policies"]["banned"]


def test_the_audit_trail_goes_on(found, known):
    assert found["audit"] > known["audit"], "with the login"


@pytest.mark.parametrize("name", ["running", "paused", "undo", "queued"])
def test_what_was_not_over_changes_each_person_exactly_once(found, known, name):
    job, meant = found["jobs"][name], known["meant"][name]
    assert (job["state"], job["reason"]) == ("done", "")
    assert job["times"] == dict.fromkeys(meant, 1)
    assert job["people"] == job["done"] == job["total"] == len(meant)


def test_the_jobs_leave_what_they_were_begun_for(found, known):
    values = found["values"]
    assert {name for name, plan in values["plan"].items() if plan == "gold"} == {f"u-{n}" for n in range(8, 18)}
    assert {name for name, size in values["shoe_size"].items() if size == 50} == {f"u-{n}" for n in range(12, 20)}
    assert {name: values["coupon"][name] for name in (f"u-{n}" for n in range(20, 25))} == {
        f"u-{n}": f"TEA{n}" for n in range(20, 25)
    }
    assert found["campaign"] == sorted(known["meant"]["paused"])


def test_a_half_done_import_takes_each_row_exactly_once(found):
    job = found["jobs"]["import"]
    assert (job["state"], job["reason"]) == ("done", "")
    expected = {"rows": 6010, "new": 20, "changed": 0, "same": 0, "rejected": 5990}
    assert {name: job["result"][name] for name in expected} == expected
    assert set(job["times"].values()) == {1} and len(job["times"]) == 20
    assert set(found["imported"]["people"]) == {f"i-{number}" for number in range(20)}
    assert found["imported"]["rejected"] == [5991], "and the headings"
    assert found["imported"]["page"] == 200


def test_an_export_that_waited_is_made(found):
    assert (found["jobs"]["export"]["state"], found["exported"]) == ("done", 3)


def test_events_that_waited_become_chats_and_what_failed_is_read_again(found):
    events = found["events"]
    assert events["states"].keys() == {"done"}
    assert events["said"] == {
        "pu-erh": ["telegram:600"],
        "lapsang": ["slack:T77:U9"],
        "waits, says Bea": ["telegram:500"],
        "darjeeling": ["facebook:1040:7302"],
        "assam": [],
    }
    assert events["found"], "in the archives"
    assert len(events["identified"]) == 1


def test_nothing_is_kept_of_events_about_erased_people(found):
    assert found["events"]["of erased"] == 0


def test_a_live_segment_catches_up(found, known):
    before, joins = known["regulars"]["before"], known["regulars"]["joins"]
    assert found["regulars"] == before
    assert found["regulars now"] == sorted([*before, joins])


def test_a_removed_segment_comes_back_with_its_people(found, known):
    assert found["restored"] == sorted(people(known, 6, 7))


def test_the_journal_has_no_gap(found):
    for name in (TEA, BAKERY):
        revision, entries, first, last = found["journal"][name]
        assert (entries, first, last) == (revision, 1, revision), name


@pytest.mark.parametrize("path", sorted(HERE.glob("*/*.gz")), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_fixture_is_small_and_tells_nothing_of_where_it_was_made(path):
    content = gzip.decompress(path.read_bytes())
    assert path.stat().st_size < 500_000
    assert [place for place in (b"/tmp/", b"/home/", b"/root/", b"/Users/") if place in content] == []
