"""The Users page as a browser asks for it: page and exact count, suggestions, the builder, one person, memory."""

import gzip
import time
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median
from urllib.parse import urlencode

import duckdb

from bench.measure import Figure, in_turns, percentile
from bench.parts.filters import raw_copy, readers
from bench.parts.load import bench_workspace
from bench.parts.questions import Question, questions_of
from bench.parts.toggling import interactions
from bench.processes import peak_mb
from bench.server import Reader, serving

ROUNDS = 20
MANY = 5_000_000
PATIENCE_MS = 300.0
PAGE_KB, MEMORY_MB = 60.0, 2_500.0
FACETS = ("default_country", "default_city", "plan", "default_name", "default_email")


def run(people: int) -> Iterator[Figure]:
    """Everything that the page asks for, through HTTP, with the raw engine in turns where it can do the same."""
    workspace = bench_workspace()
    raw = raw_copy(workspace)
    asked = questions_of(workspace, raw)
    with serving() as server:
        _, page = readers(server, workspace)
        lists = []
        for question in asked:
            lists.append(_list(page, raw, question, people))
            yield lists[-1]
        yield from _overall(lists, people)
        yield from (_facet(page, raw, key) for key in FACETS)
        yield _builder(page)
        yield from _one_person(page, raw)
        yield from _sizes(page)
        yield Figure("peak memory of the server", "MB", [peak_mb(server.process.process.pid)], goal=MEMORY_MB)
        yield from interactions(server, page.headers["Cookie"])


def _list(page: Reader, raw: duckdb.DuckDBPyConnection, question: Question, people: int) -> Figure:
    """p95 of the list with its exact count; where the count follows the page, of both together."""
    path = f"/users?{question.view.query}"
    found = in_turns(
        {"raw": partial(_ms, partial(_by_hand, raw, question)), "ours": partial(_whole, page, path)}, ROUNDS, 2
    )
    late = b"<late-count" in page.get(path)
    return Figure(
        f"list, p95: {question.name}",
        "ms",
        [percentile(found["ours"], 0.95)],
        [percentile(found["raw"], 0.95)],
        "count and page in plain SQL, in a DuckDB of its own on a copy of the same file",
        goal=400.0 if people >= MANY else 60.0,
        note=f"median {median(found['ours']):.0f} ms; the page came first, the count followed" if late else "",
    )


def _whole(page: Reader, path: str) -> float:
    """Milliseconds until the page and its number are there."""
    start = time.perf_counter()
    body = page.get(path)
    if b"<late-count" in body:
        page.get("/users/count?" + urlencode({"view": path.partition("?")[2]}))
    return (time.perf_counter() - start) * 1000


def _overall(lists: list[Figure], people: int) -> list[Figure]:
    goal = 120.0 if people >= MANY else None
    return [Figure("list, p95: median over the filters", "ms", [median(figure.value for figure in lists)], goal=goal)]


def _facet(page: Reader, raw: duckdb.DuckDBPyConnection, key: str) -> Figure:
    fields = {"attribute": key, "rule": "any_of"}
    column = f"custom['{key}']::VARCHAR" if not key.startswith("default_") else key.removeprefix("default_")
    sql = f"SELECT {column} AS v, count(*) n FROM people WHERE v IS NOT NULL GROUP BY v ORDER BY n DESC, v LIMIT 50"
    tasks = {
        "raw": partial(_ms, lambda: raw.execute(sql).fetchall()),
        "ours": partial(_ms, partial(page.get, f"/users/filter/values?{urlencode(fields)}")),
    }
    found = in_turns(tasks, 5, 1)
    return Figure(f"values of {key}", "ms", found["ours"], found["raw"], "GROUP BY in plain SQL", goal=150.0)


def _builder(page: Reader) -> Figure:
    path = "/users/filter?" + urlencode({"attribute": "default_city"})
    return Figure("filter editor ready", "ms", [_ms(partial(page.get, path)) for _ in range(ROUNDS)], goal=100.0)


def _one_person(page: Reader, raw: duckdb.DuckDBPyConnection) -> list[Figure]:
    row = raw.execute(
        "SELECT email, user_id FROM people WHERE email IS NOT NULL ORDER BY id LIMIT 1"
        " OFFSET (SELECT count(*) // 2 FROM people)"
    ).fetchone()
    assert row is not None
    figures = []
    for key, value in (("default_email", row[0]), ("userId", row[1])):
        path = "/users?f=" + f"{key}:is:{value.replace('@', '%40')}"
        runs = [_ms(partial(page.get, path)) for _ in range(ROUNDS)]
        figures.append(Figure(f"exact {key}", "ms", runs, goal=30.0))
    search = [_ms(partial(page.get, f"/users?search={row[0][:9].replace('@', '%40')}")) for _ in range(5)]
    return [*figures, Figure("search box, nine letters", "ms", search)]


def _sizes(page: Reader) -> list[Figure]:
    body = gzip.compress(page.get("/users?match=all"), 6)
    return [Figure("HTML of a page of 50, compressed", "KB", [len(body) / 1000], goal=PAGE_KB)]


def _by_hand(raw: duckdb.DuckDBPyConnection, question: Question) -> None:
    raw.execute(question.count_sql, question.values).fetchone()
    raw.execute(question.page_sql, question.values).fetchall()


def _ms(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000
