"""What every test is built on. Warnings are errors.

A run of the tests uses one database, chosen by `COTERIE_TEST_DATABASE`: `sqlite` (the default) or `postgres`. It is in
a temporary folder, is migrated once, and nothing is rolled back or flushed: the read side, the command line
and the live server use connections of their own and see only what is committed. Every test makes its own
workspace, and tenant isolation does the rest. So `django_db` and the fixtures that bring it are refused.

Only a test that requests `database`, mostly through `workspace`, can reach it; the database is started by the first
one that does. The run on SQLite has every test. The run on PostgreSQL has the tests that request `database`, except
those marked `one_database` and the browser tests that are not marked `every_database`.
"""

import atexit
import contextlib
import gc
import os
import secrets
import shutil
import signal
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import django
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from pytest_django import DjangoDbBlocker

import tests.profiles  # noqa: F401 (how many examples Hypothesis takes)
from tests.companion import Companion, free_port
from tests.database import new_url, start_postgres

ROOT = Path(__file__).parent.parent
DATABASE = os.environ.get("COTERIE_TEST_DATABASE", "sqlite")
PASSWORD = "correct horse battery"
_SHM = "/dev/shm"
# Bytes. A whole run writes 1.2 GB in each of its processes.
_ROOM = 8 << 30
_REFUSED = {
    "db",
    "transactional_db",
    "django_db_reset_sequences",
    "live_server",
    "admin_user",
    "admin_client",
}

_at_the_end = contextlib.ExitStack()
atexit.register(_at_the_end.close)
_servers: list[Companion] = []
_MARKS: pytest.StashKey[list[tuple[Companion, int]]] = pytest.StashKey()


def _folder(prefix: str, at: str | None = None) -> Path:
    # Root's TMPDIR may be closed to the user that PostgreSQL runs as.
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=at or ("/tmp" if os.geteuid() == 0 else None)))
    _at_the_end.callback(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _memory() -> str | None:
    """A folder in memory, if there is room: the tests never crash the machine, so they need not wait for a disk."""
    return _SHM if Path(_SHM).is_dir() and shutil.disk_usage(_SHM).free > _ROOM else None


def _prepare() -> None:
    """A folder and a database of our own, before anything loads the settings."""
    if settings.configured:
        # pytest-django loaded them before us: the tests would run on the operator's own database.
        raise pytest.UsageError("unset DJANGO_SETTINGS_MODULE: the tests choose their own database.")
    if DATABASE not in ("sqlite", "postgres"):
        raise pytest.UsageError(f"COTERIE_TEST_DATABASE is {DATABASE!r}; it can be 'sqlite' or 'postgres'.")
    # Nothing of the operator's own Coterie reaches the tests.
    for name in [name for name in os.environ if name.startswith(("COTERIE_", "PG")) or name == "DATABASE_URL"]:
        del os.environ[name]
    data = _folder("coterie-test-", _memory()) / "data"
    data.mkdir()
    os.environ["COTERIE_TEST_DATABASE"] = DATABASE
    os.environ["COTERIE_DATA"] = str(data)
    os.environ["COTERIE_SECRET_KEY"] = secrets.token_urlsafe(32)
    os.environ["DJANGO_SETTINGS_MODULE"] = "coterie.settings"
    # Playwright keeps an event loop running in the thread of the tests, which Django would mistake for ours.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    if DATABASE == "postgres":
        os.environ["DATABASE_URL"] = new_url()
    # SIGTERM ends the tests as Ctrl-C does: in order.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    django.setup()


_prepare()

from django.contrib.auth.hashers import Argon2PasswordHasher, make_password  # noqa: E402
from django.test import Client  # noqa: E402

from coterie.accounts.models import Member, Role, User, Workspace  # noqa: E402
from coterie.audience.replicas import close_all  # noqa: E402
from tests.statics import static_files_found_once  # noqa: E402

__all__ = ["static_files_found_once"]

# A password costs 0.1 s and 100 MB in production, and the tests check hundreds.
Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost, Argon2PasswordHasher.parallelism = 1, 8, 1


def pytest_xdist_setupnodes() -> None:
    """Processes that pytest-xdist starts choose a folder and a database of their own, as this one did."""
    del os.environ["DJANGO_SETTINGS_MODULE"]


def pytest_report_header() -> str:
    """One line in the head of the report."""
    return f"database: {DATABASE}; warnings are errors"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse what rolls back or flushes; leave out what this database need not run; put the browser last."""
    for item in items:
        refused = _REFUSED.intersection(getattr(item, "fixturenames", ()))
        if item.get_closest_marker("django_db") or refused:
            raise pytest.UsageError(
                f"{item.nodeid}: no django_db here ({', '.join(sorted(refused))}). "
                "The database is always open and never rolled back; use the fixture `workspace`."
            )
    items.sort(key=_in_browser)
    if DATABASE == "postgres":
        left_out = [item for item in items if not _depends_on_the_database(item)]
        items[:] = [item for item in items if _depends_on_the_database(item)]
        config.hook.pytest_deselected(items=left_out)


def pytest_collection_finish() -> None:
    """What is loaded by now stays to the end: walking through it at every garbage collection takes 6 % of the time."""
    gc.freeze()


def _in_browser(item: pytest.Item) -> bool:
    return "browser" in item.path.parts


def _depends_on_the_database(item: pytest.Item) -> bool:
    """Whether the test may end differently on another database."""
    if _in_browser(item):
        return item.get_closest_marker("every_database") is not None
    return "database" in getattr(item, "fixturenames", ()) and item.get_closest_marker("one_database") is None


def pytest_unconfigure() -> None:
    """Stop the servers, remove the folders; also after Ctrl-C."""
    gc.unfreeze()
    _at_the_end.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Remember where the servers' logs stood, for the next hook."""
    item.stash[_MARKS] = [(server, server.log.stat().st_size) for server in _servers]
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[pytest.TestReport]:
    """A failure shows what the servers wrote during the test."""
    report: pytest.TestReport = yield
    if report.failed:
        for server, start in item.stash[_MARKS]:
            if text := server.text(start).strip():
                report.sections.append((f"{server.log.name} meanwhile", text[-4000:]))
    return report


@pytest.fixture(scope="session")
def database(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The migrated database, open to every test that requests it. Gives its vendor."""
    if DATABASE == "postgres":
        _start_postgres()
    with django_db_blocker.unblock():
        call_command("migrate", verbosity=0, interactive=False)
        yield connections["default"].vendor
        for connection in connections.all(initialized_only=True):
            connection.close()
            if hasattr(connection, "close_pool"):
                connection.close_pool()


def _start_postgres() -> None:
    server = start_postgres(_folder("coterie-postgres-", _memory()), os.environ["DATABASE_URL"])
    _at_the_end.callback(server.stop)
    _servers.append(server)


@pytest.fixture(autouse=True)
def _no_other_database_access(request: pytest.FixtureRequest, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A test that does not request `database` cannot reach it, so that leaving it out on PostgreSQL hides nothing."""
    if "database" in request.fixturenames:
        yield
    else:
        # Or Django would look whether the connection of a test before is still good.
        connections.close_all()
        with django_db_blocker.block():
            yield


@pytest.fixture(scope="module", autouse=True)
def replicas() -> Iterator[None]:
    """Closes replicas after each module: every test has its own workspace, and thousands would take gigabytes."""
    yield
    close_all()


@pytest.fixture(scope="session")
def django_db_setup(database: str) -> None:
    """In place of pytest-django's, which would make a second database."""


def _workspace(kind: str) -> Workspace:
    return Workspace.objects.create(name=f"{kind} {secrets.token_hex(4)}")


@pytest.fixture
def workspace(database: str) -> Workspace:
    """A fresh, empty workspace."""
    return _workspace("Workspace")


@pytest.fixture
def other_workspace(database: str) -> Workspace:
    """Another one, whose people and members must never show."""
    return _workspace("Other")


@pytest.fixture(scope="session")
def password_hash() -> str:
    """`PASSWORD`, hashed with Argon2, but at little cost."""
    return make_password(PASSWORD)


@pytest.fixture
def member_of(database: str, password_hash: str) -> Callable[..., User]:
    """Factory: `member_of(workspace, "editor")` is a new login with `PASSWORD` and that role."""

    def make(workspace: Workspace, role: str = Role.VIEWER) -> User:
        user = User.objects.create(email=f"{role}-{secrets.token_hex(5)}@example.test", password=password_hash)
        Member.objects.create(workspace=workspace, user=user, role=role)
        return user

    return make


@pytest.fixture
def owner(workspace: Workspace, member_of: Callable[..., User]) -> User:
    """May do everything in `workspace`."""
    return member_of(workspace, Role.OWNER)


@pytest.fixture
def admin(workspace: Workspace, member_of: Callable[..., User]) -> User:
    """Admin of `workspace`."""
    return member_of(workspace, Role.ADMIN)


@pytest.fixture
def editor(workspace: Workspace, member_of: Callable[..., User]) -> User:
    """Editor of `workspace`."""
    return member_of(workspace, Role.EDITOR)


@pytest.fixture
def viewer(workspace: Workspace, member_of: Callable[..., User]) -> User:
    """May only look at `workspace`."""
    return member_of(workspace, Role.VIEWER)


@pytest.fixture
def stranger(other_workspace: Workspace, member_of: Callable[..., User]) -> User:
    """Owner of `other_workspace`, nobody in `workspace`."""
    return member_of(other_workspace, Role.OWNER)


@pytest.fixture
def client_of(database: str) -> Callable[[User], Client]:
    """Factory: Django's test client, logged in as a user."""

    def make(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return make


@pytest.fixture(scope="session")
def live_server_url(database: str) -> Iterator[str]:
    """The real server on the same database and data folder, in a process of its own."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_ALLOW_ASYNC_UNSAFE"}
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "coterie.asgi:application",
        "--port",
        str(port),
        "--no-access-log",
        "--no-proxy-headers",
    ]
    log = Path(os.environ["COTERIE_DATA"]).parent / "server.log"
    server = Companion(command, log=log, env=environment, cwd=ROOT)
    _servers.append(server)
    try:
        server.wait_until(lambda: _healthy(f"{url}/healthz"))
        yield url
    finally:
        _servers.remove(server)
        server.stop()


def _healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except urllib.error.HTTPError as error:
        with error:
            raise RuntimeError(f"{url} answered {error.code}") from error
    except OSError:
        return False
