"""The command line, end to end, as an operator uses it."""

import contextlib
import csv
import io
import json
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import time
import urllib.request
import uuid

import pytest

from coterie import __version__
from tests.companion import Companion, free_port
from tests.conftest import ROOT
from tests.forking import run_coterie

COMMAND = [sys.executable, "-m", "coterie.cli.main"]


@pytest.fixture
def folder(tmp_path):
    """A data folder of its own: every command here is about a Coterie that has nothing yet, on SQLite."""
    return tmp_path / "data"


def _environment(folder):
    unwanted = ("COTERIE_", "DATABASE_URL", "DJANGO_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    return {**kept, "COTERIE_DATA": str(folder), "PYTHONWARNINGS": "error", "COLUMNS": "200", "NO_COLOR": "1"}


@pytest.fixture
def environment(folder):
    return _environment(folder)


@pytest.fixture(scope="module")
def migrated(tmp_path_factory):
    """The data folder of a Coterie that was started once."""
    folder = tmp_path_factory.mktemp("migrated")
    run_coterie(["tidy"], _environment(folder), tmp_path_factory.mktemp("printed"))
    return folder


@pytest.fixture
def coterie(environment, tmp_path, migrated, folder):
    """Runs a command on a Coterie that has nothing yet, in a process of its own; fails unless it ends with `code`."""
    shutil.copytree(migrated, folder)

    def run(*arguments, code=0, **more):
        done = run_coterie(arguments, {**environment, **more}, tmp_path)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    return run


@pytest.fixture
def started(environment):
    """The same through a real start: Python loads everything. Alone, without `coterie`, there is no data folder yet."""

    def run(*arguments, code=0, **more):
        done = subprocess.run(
            [*COMMAND, *arguments],
            cwd=ROOT,
            env={**environment, **more},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done

    return run


@pytest.fixture
def people_file(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("User ID,Email,Name,Country,plan\nu1,ana@b.c,Ana,Poland,pro\nu2,bob@b.c,=Bob,France,\nu3\n")
    return path


def test_help_is_quick_and_needs_no_data_folder(started, folder):
    began = time.monotonic()
    done = started("--help")
    assert time.monotonic() - began < 5
    for name in (
        "serve",
        "worker",
        "demo",
        "member",
        "token",
        "channel",
        "export",
        "import",
        "replica",
        "tidy",
        "doctor",
    ):
        assert name in done.stdout
    assert not folder.exists()


@pytest.mark.parametrize("command", ["serve", "worker", "import", "doctor"])
def test_help_of_a_command_needs_no_settings(environment, folder, tmp_path, command):
    done = run_coterie([command, "--help"], {**environment, "COTERIE_REPLICA_THREADS": "two"}, tmp_path)
    assert done.returncode == 0, done.stderr
    assert f" {command} [OPTIONS]" in done.stdout
    assert not folder.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["serve", "--port", "x"],
        ["worker", "--fast"],
        ["member", "add", "ana@b.c"],
        ["member", "add", "not an address", "--role", "owner"],
        ["member", "add", "ana@b.c", "--role", "king"],
        ["token", "create", "x", "--scopes", "everything"],
        ["channel", "add", "pigeon"],
        ["channel", "add", "widget", "--set", "questions=["],
        ["channel", "add", "widget", "--set", "shoe=1"],
        ["channel", "add", "api", "--set", "noequals"],
        ["channel", "list"],
        ["channel", "off", "Nobody"],
        ["export"],
        ["import", "missing.csv"],
        ["replica", "status", "--workspace", "nobody's"],
    ],
)
def test_wrong_use_ends_with_2(coterie, arguments):
    assert "Traceback" not in coterie(*arguments, code=2).stderr


def test_a_member_is_added_with_a_password_shown_once(coterie, started):
    done = started("member", "add", "Ana@Example.com", "--role", "owner")
    assert "ana@example.com can log in as owner of “My workspace”" in done.stdout
    assert "Password (shown only now): " in done.stdout
    again = coterie("member", "add", "ana@example.com", "--role", "viewer")
    assert "viewer" in again.stdout
    assert "Password" not in again.stdout


def test_a_weak_password_is_refused(coterie):
    assert "too short" in coterie("member", "add", "a@b.example", "--role", "viewer", "--password", "x", code=1).stderr


def test_a_channel_prints_what_is_to_be_pasted_at_the_platform(coterie):
    made = json.loads(coterie("channel", "add", "livechat", "--json").stdout)["made"]
    assert len(made["secret"]) >= 32
    shown = coterie("channel", "add", "messenger", "--set", "app_secret=shh").stdout
    assert "\nverify_token: " in shown
    assert "shh" not in shown


def test_a_channel_prints_where_chats_go(coterie):
    made = json.loads(coterie("channel", "add", "api", "--name", "App", "--json").stdout)
    assert made["path"] == f"/channels/api/{made['key']}"
    questions = '[{"attribute": "default_name", "text": "Your name?"}]'
    shown = coterie("channel", "add", "widget", "--set", f"questions={questions}", "--set", "title=Shop").stdout
    assert '<script src="http://127.0.0.1:8000/widget.js" data-channel="' in shown
    listed = json.loads(coterie("channel", "list", "--json").stdout)["channels"]
    assert [channel["kind"] for channel in listed] == ["api", "widget"]
    assert listed[1]["settings"] == {"questions": json.loads(questions), "title": "Shop"}
    assert "App  (api)  /channels/api/" in coterie("channel", "list").stdout


def test_a_channel_is_switched_off_and_on_by_name_or_id(coterie):
    made = json.loads(coterie("channel", "add", "api", "--name", "App", "--json").stdout)
    assert coterie("channel", "off", "app").stdout == "App is off.\n"
    assert coterie("channel", "list").stdout.endswith("  off\n")
    assert coterie("channel", "on", made["id"]).stdout == "App is on.\n"
    assert json.loads(coterie("channel", "list", "--json").stdout)["channels"][0]["off"] is False
    coterie("channel", "add", "api", "--name", "App")
    refused = coterie("channel", "off", "App", code=2).stderr
    assert "Several channels have this name; give the id" in refused
    assert made["id"] in refused


def test_import_export_round_trip(coterie, people_file, tmp_path):
    done = coterie("import", str(people_file), "--segment", "News")
    assert "3 rows: 2 people created, 0 updated, 0 unchanged, 1 rejected." in done.stdout
    assert "2 people joined the segment." in done.stdout
    rejected = tmp_path / "people.rejected.csv"
    assert str(rejected) in done.stdout
    assert "1 cells" in rejected.read_text()

    exported = coterie("export", "--filter", "default_country:is:Poland", "--columns", "userId,Name,segment").stdout
    assert exported == '"User ID","Name","Segments"\n"u1","Ana","News"\n'
    both = coterie("export", "--filter", "plan:is:pro", "--filter", "default_name:is:=Bob", "--match", "any").stdout
    assert sorted(row["Name"] for row in csv.DictReader(io.StringIO(both))) == ["'=Bob", "Ana"]
    target = tmp_path / "out.csv"
    coterie("export", "--segment", "news", "-o", str(target))
    assert target.read_bytes().count(b"\r\n") == 3
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert "2 unchanged" in coterie("import", str(target), "--on-conflict", "replace").stdout


def test_export_says_what_it_does_not_understand(coterie, people_file):
    coterie("import", str(people_file))
    for arguments, words in [
        (["--filter", "shoe:is:x"], "--filter [0]: there is no attribute “shoe”"),
        (["--filter", "nonsense"], "--filter [0]"),
        (["--match", "some"], "--match: “some”"),
        (["--segment", "None"], "no segment “None”"),
        (["--columns", "shoe"], "no attribute “shoe”"),
    ]:
        assert words in coterie("export", *arguments, code=2).stderr


def test_export_knows_what_is_hidden_in_settings(coterie, people_file, folder):
    coterie("import", str(people_file))
    with contextlib.closing(sqlite3.connect(folder / "coterie.sqlite3")) as database, database:
        database.execute("UPDATE audience_attribute SET hidden = 1, label = 'Tarif' WHERE key = 'plan'")
    assert "plan" not in coterie("export").stdout
    for arguments in (["--columns", "userId,plan"], ["--filter", "plan:is:pro"]):
        assert "“Tarif” is hidden in Settings." in coterie("export", *arguments, code=2).stderr


def test_an_export_that_fails_leaves_nothing_behind(coterie, people_file, tmp_path):
    coterie("import", str(people_file))
    target = tmp_path / "there"
    target.mkdir()
    (target / "x").write_text("")
    assert "Traceback" not in coterie("export", "-o", str(target), code=1).stderr
    assert not list(tmp_path.glob(".*.part"))


def test_import_maps_columns(coterie, tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("mail;note\na@b.c;hello\n")
    assert "must be User ID or Email" in coterie("import", str(path), code=2).stderr
    assert "1 people created" in coterie("import", str(path), "--map", "mail=Email", "--map", "note=").stdout
    assert "hello" not in coterie("export").stdout


def test_with_several_workspaces_one_must_be_chosen(coterie, people_file, folder):
    coterie("demo", "--people", "20")
    coterie("member", "add", "a@b.example", "--role", "owner")
    with contextlib.closing(sqlite3.connect(folder / "coterie.sqlite3")) as database, database:
        database.execute("CREATE TABLE second AS SELECT * FROM accounts_workspace")
        database.execute("UPDATE second SET id = id + 1, uid = ?, name = 'Second'", [uuid.uuid4().hex])
        database.execute("INSERT INTO accounts_workspace SELECT * FROM second")
        database.execute("DROP TABLE second")
    refused = coterie("import", str(people_file), code=2).stderr
    assert "Fernhill Coffee" in refused
    assert "Second" in refused
    assert "2 people created" in coterie("import", str(people_file), "--workspace", "second").stdout
    assert len(coterie("export", "--workspace", "Second").stdout.splitlines()) == 3


def test_the_demo_is_loaded_once_with_a_login_only_the_operator_can_read(coterie, folder):
    shown = coterie("demo", "--people", "30", "--seed", "7").stdout
    assert "Fernhill Coffee: 30 people" in shown
    login = json.loads((folder / "demo-login.json").read_text())
    assert login["email"] == "ines@fernhill.example"
    assert login["password"] in shown
    assert stat.S_IMODE((folder / "demo-login.json").stat().st_mode) == 0o600
    assert coterie("demo", "--once").stdout == ""
    assert len(coterie("export").stdout.splitlines()) == 31


def test_a_replica_is_rebuilt_and_its_status_told(coterie, people_file):
    coterie("import", str(people_file))
    assert "Rebuilt at revision" in coterie("replica", "rebuild").stdout
    told = json.loads(coterie("replica", "status", "--json").stdout)
    assert (told["epoch"], len(told["files"])) == (1, 1)
    file = told["files"][0]
    assert (file["revision"], file["epoch"], file["in_use"]) == (told["revision"], 1, False)
    assert "up to date" in coterie("replica", "status").stdout


def test_doctor_explains_every_setting(coterie, started, folder):
    found = json.loads(started("doctor", "--json").stdout)
    assert found["healthy"] is True
    names = [finding["name"] for finding in found["findings"]]
    assert names == [
        *("COTERIE_DATA", "DATABASE_URL", "COTERIE_SECRET_KEY", "COTERIE_ALLOWED_HOSTS"),
        *(
            "COTERIE_REPLICA_MEMORY",
            "COTERIE_REPLICA_THREADS",
            "COTERIE_IMPORT_MAX_GB",
            "COTERIE_PRIVATE_HOSTS",
            "COTERIE_TRUSTED_PROXIES",
            "COTERIE_GEOIP_FILES",
            "database",
        ),
    ]
    assert found["findings"][0]["value"] == str(folder)
    assert "COTERIE_DATA = " in coterie("doctor").stdout


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("COTERIE_DATA", "/dev/null/x"),
        ("DATABASE_URL", "mysql://x/y"),
        ("DATABASE_URL", "postgres://u:hidden@127.0.0.1:1/x"),
        ("DATABASE_URL", "postgres://[x"),
        ("COTERIE_SECRET_KEY", "short"),
        ("COTERIE_ALLOWED_HOSTS", "http://example.com"),
        ("COTERIE_ALLOWED_HOSTS", "*"),
        ("COTERIE_REPLICA_MEMORY", "lots"),
        ("COTERIE_REPLICA_THREADS", "two"),
        ("COTERIE_IMPORT_MAX_GB", "many"),
        ("COTERIE_PRIVATE_HOSTS", "bot"),
        ("COTERIE_TRUSTED_PROXIES", "proxy.example"),
        ("COTERIE_TRUSTED_PROXIES", "0.0.0.0/0"),
        ("COTERIE_GEOIP_FILES", "/dev/null/places.mmdb"),
    ],
)
def test_doctor_finds_what_is_wrong_and_shows_no_password(coterie, name, value):
    done = coterie("doctor", "--json", code=1, **{name: value})
    findings = {finding["name"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert findings[name]["problem"] or findings["database"]["problem"]
    assert "hidden" not in done.stdout + done.stderr


def test_other_commands_point_to_doctor_when_the_settings_are_wrong(started):
    assert "coterie doctor" in started("channel", "list", code=1, COTERIE_REPLICA_THREADS="two").stderr


@contextlib.contextmanager
def _serving(environment, tmp_path, *options):
    """A server that was started for real, and its address; at the end it is told to stop, and does so in order."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [*COMMAND, "serve", "--port", str(port), *options]
    server = Companion(command, log=tmp_path / "log", env={**environment, "PYTHONWARNINGS": ""}, cwd=ROOT)
    try:
        server.wait_until(lambda: _answer(f"{url}/readyz") is not None)
        yield server, url
    finally:
        server.stop()
    assert server.process.returncode in (0, -signal.SIGTERM)
    assert "Traceback" not in server.text()


def test_serve_with_two_processes_answers_with_a_token_and_ends_when_told(coterie, environment, tmp_path):
    coterie("demo", "--people", "30")
    secret = json.loads(coterie("token", "create", "test", "--scopes", "read,write", "--json").stdout)["token"]
    with _serving(environment, tmp_path, "--processes", "2") as (server, url):
        assert json.loads(_answer(f"{url}/api/users?limit=1", secret))["count"] == 30
        assert url in server.text()
        assert "ines@fernhill.example" in server.text()


def test_serve_migrates_says_how_to_make_the_first_login_and_ends_when_told(environment, folder, tmp_path):
    assert not folder.exists()
    with _serving(environment, tmp_path) as (server, url):
        assert "coterie member add" in server.text()
        assert __version__ in _answer(f"{url}/metrics").decode()
        made = run_coterie(["token", "create", "test", "--json"], environment, tmp_path)
        users = _answer(f"{url}/api/users", json.loads(made.stdout)["token"])
        assert json.loads(users)["count"] == 0


def _answer(url, token=None):
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read()
    except OSError:
        return None


def test_every_format_goes_out_with_a_manifest_and_comes_back(coterie, people_file, tmp_path):
    coterie("import", str(people_file))
    for ending in ("csv", "xlsx", "jsonl", "parquet"):
        target = tmp_path / f"out.{ending}"
        coterie("export", "--filter", "plan:is:pro", "-o", str(target))
        manifest = json.loads((tmp_path / f"out.{ending}.manifest.json").read_text())
        assert (manifest["people"], manifest["format"], manifest["query"]) == (1, ending, "f=plan:is:pro")
        assert "1 unchanged" in coterie("import", str(target)).stdout
    assert coterie("export", "--bom", "--columns", "userId").stdout.startswith("\ufeff")
    raw = coterie("export", "--raw", "--format", "csv", "--columns", "Name").stdout
    assert '\n"=Bob"' in raw


def test_a_dry_run_changes_nothing(coterie, people_file):
    told = coterie("import", str(people_file), "--dry-run", "--segment", "News").stdout
    assert "3 rows: 2 people would be created, 0 updated, 0 unchanged, 1 rejected." in told
    assert len(coterie("export").stdout.splitlines()) == 1
    assert "2 people created" in coterie("import", str(people_file), "--segment", "News", "--segment", "More").stdout


def test_import_matches_by_email_and_refuses_new_attributes(coterie, people_file, tmp_path):
    coterie("import", str(people_file))
    path = tmp_path / "more.csv"
    path.write_text("Email;Plan;Shoe\nANA@b.c;team;43\n")
    refused = coterie("import", str(path), "--map", "Plan=plan", "--no-new-attributes", code=2).stderr
    assert "There is no attribute “Shoe” yet" in refused
    done = coterie("import", str(path), "--map", "Plan=plan", "--match", "email").stdout
    assert "1 updated" in done
