"""Page + exact count: through `Audience.page`, through the API, through the page, and by hand in DuckDB."""

import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import duckdb
from django.conf import settings
from django.test import Client

from bench.measure import Figure, in_turns, seconds
from bench.parts.load import bench_workspace
from bench.parts.questions import Question, questions_of
from bench.parts.raw import open_raw
from bench.server import Reader, Server, serving
from coterie.accounts import tokens
from coterie.accounts.models import Member, Role, User, Workspace
from coterie.audience.audience import audience_of
from coterie.audience.replicas import close_all, replica_of

PAGE = 50
API_PAGE = 40
ROUNDS = 15
FACTOR, OWN_MS = 1.5, 15.0


def run(people: int) -> list[Figure]:
    """Every question in four ways, in turns."""
    workspace = bench_workspace()
    raw = raw_copy(workspace)
    asked = questions_of(workspace, raw)
    with serving() as server:
        api, page = readers(server, workspace)
        figures = []
        for question in asked:
            _check(question, workspace, raw)
            query = question.view.query
            figures += _figures(
                question.name,
                {
                    "raw": partial(_by_hand, raw, question),
                    "Audience.page": partial(_ours, workspace, question),
                    "GET /api/users": partial(api.get, f"/api/users?limit={API_PAGE}&sort=-lastSeen&{query}"),
                    "GET /users": partial(page.get, f"/users?{query}".removesuffix("?")),
                },
            )
    ways = list(dict.fromkeys(_way(figure) for figure in figures))
    return sorted(figures, key=lambda figure: ways.index(_way(figure)))


def _way(figure: Figure) -> str:
    return figure.name.partition(":")[0]


def raw_copy(workspace: Workspace) -> duckdb.DuckDBPyConnection:
    """A DuckDB of its own on a copy of the replica's file, with the same memory and threads."""
    replica_of(workspace).catch_up()
    path = replica_of(workspace).path
    close_all()
    copy = Path(os.environ["COTERIE_DATA"]) / "raw.duckdb"
    shutil.copyfile(path, copy)
    return open_raw(copy)


def readers(server: Server, workspace: Workspace) -> tuple[Reader, Reader]:
    """Clients with a token and with a login, for the API and for the pages."""
    _, secret = tokens.create(workspace, "bench", ["read"], "bench")
    user, _ = User.objects.get_or_create(email="bench@example.test")
    # As somebody new sees the list: an earlier run may have chosen 100 rows.
    Member.objects.update_or_create(workspace=workspace, user=user, defaults={"role": Role.OWNER, "preferences": {}})
    client = Client()
    client.force_login(user)
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
    return Reader(server, {"Authorization": f"Bearer {secret}"}), Reader(server, {"Cookie": cookie})


def _by_hand(raw: duckdb.DuckDBPyConnection, question: Question) -> tuple[int, list[int]]:
    found = raw.execute(question.count_sql, question.values).fetchone()
    rows = raw.execute(question.page_sql, question.values).fetchall()
    return (found[0] if found else 0), [row[0] for row in rows]


def _ours(workspace: Workspace, question: Question) -> tuple[int, list[int]]:
    """As a door asks: the catalogue and the revision are looked up every time."""
    page = audience_of(workspace).page(question.view, PAGE)
    return page.total, [row.id for row in page.rows]


def _check(question: Question, workspace: Workspace, raw: duckdb.DuckDBPyConnection) -> None:
    """Both must answer the same question, or their times mean nothing."""
    ours, theirs = _ours(workspace, question), _by_hand(raw, question)
    if ours != theirs:
        raise RuntimeError(f"{question.name}: ours finds {ours[0]:,} people, the SQL by hand {theirs[0]:,}")


def _figures(name: str, ways: dict[str, Callable[[], object]]) -> list[Figure]:
    """One figure per way of ours, in milliseconds; all measured in the same turns as the raw engine."""
    tasks = {way: partial(_milliseconds, work) for way, work in ways.items()}
    found = in_turns(tasks, ROUNDS, warm=2)
    raw = found.pop("raw")
    limit = FACTOR * sorted(raw)[len(raw) // 2] + OWN_MS
    return [
        Figure(
            f"{way}: {name}",
            "ms",
            runs,
            raw,
            "count and page in plain SQL, in a DuckDB of its own on a copy of the same file",
            goal=limit,
            goal_words=f"{FACTOR} × raw + {OWN_MS:.0f} ms",
        )
        for way, runs in found.items()
    ]


def _milliseconds(work: Callable[[], object]) -> float:
    return seconds(work) * 1000
