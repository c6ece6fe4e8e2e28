"""The ground the other tests stand on."""

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.hashers import check_password
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client

from coterie.accounts.models import Member, User, Workspace
from tests.companion import alive
from tests.conftest import PASSWORD, ROOT


def test_runs_on_the_database_that_was_asked_for(database: str) -> None:
    asked = os.environ["COTERIE_TEST_DATABASE"]
    assert database == connection.vendor == {"sqlite": "sqlite", "postgres": "postgresql"}[asked]


@pytest.mark.usefixtures("database")
def test_the_database_is_temporary() -> None:
    data = Path(os.environ["COTERIE_DATA"])
    assert data == settings.DATA
    assert "coterie-test-" in str(data)
    if connection.vendor == "sqlite":
        assert connection.settings_dict["NAME"] == data / "coterie.sqlite3"
        assert (data / "coterie.sqlite3").exists()
    else:
        assert connection.settings_dict["HOST"] == "127.0.0.1"
        with connection.cursor() as cursor:
            cursor.execute("SHOW data_directory")
            assert "coterie-postgres-" in cursor.fetchone()[0]


def test_the_database_is_closed_to_a_test_that_does_not_request_it() -> None:
    with pytest.raises(RuntimeError, match="Database access not allowed"):
        Workspace.objects.count()


@pytest.mark.usefixtures("database")
def test_every_migration_is_applied() -> None:
    executor = MigrationExecutor(connection)
    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []


def test_another_connection_sees_what_a_test_wrote(workspace: Workspace) -> None:
    seen = []

    def look() -> None:
        seen.extend(Workspace.objects.filter(pk=workspace.pk).values_list("name", flat=True))
        connection.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [workspace.name]


def test_another_process_sees_what_a_test_wrote(workspace: Workspace) -> None:
    code = (
        "import django; django.setup()\n"
        "from coterie.accounts.models import Workspace\n"
        f"print(Workspace.objects.get(pk={workspace.pk}).name)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == workspace.name, done.stderr


def test_the_cast(workspace: Workspace, other_workspace: Workspace, owner: User, viewer: User, stranger: User) -> None:
    def roles(place: Workspace) -> set[tuple[int, str]]:
        return set(Member.objects.filter(workspace=place).values_list("user_id", "role"))

    assert roles(workspace) == {(owner.pk, "owner"), (viewer.pk, "viewer")}
    assert roles(other_workspace) == {(stranger.pk, "owner")}
    assert check_password(PASSWORD, owner.password)


def test_client_of_logs_in(client_of: Callable[[User], Client], viewer: User) -> None:
    assert client_of(viewer).session[SESSION_KEY] == str(viewer.pk)


def test_warnings_are_errors() -> None:
    with pytest.raises(UserWarning):
        warnings.warn("old ways", stacklevel=1)


COMPANIONS = {
    "run": "from tests.companion import Companion; beside = Companion(['sleep', '100'], log=log)",
    "forked": "from tests.forking import Forked; beside = Forked(time.sleep, [100], log)",
}


@pytest.mark.parametrize("kind", COMPANIONS)
def test_a_companion_dies_with_tests_that_were_killed(kind: str, tmp_path: Path) -> None:
    code = (
        "import os, pathlib, signal, time\n"
        f"log = pathlib.Path({str(tmp_path / 'log')!r})\n"
        f"{COMPANIONS[kind]}\n"
        "print(beside.process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    assert done.returncode == -signal.SIGKILL
    deadline = time.monotonic() + 5
    while alive(int(done.stdout)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(int(done.stdout))


def test_the_real_server_answers(live_server_url: str) -> None:
    with urllib.request.urlopen(f"{live_server_url}/healthz", timeout=5) as answer:
        assert answer.status == 200
