"""The Archives as a browser asks for them: by date and integration, by what was said, and one chat of them."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg

from bench.measure import Figure, in_turns, percentile
from bench.parts.filters import readers
from bench.parts.load import bench_workspace
from bench.server import Reader, serving
from coterie.accounts.models import Workspace
from coterie.channels.models import Channel
from coterie.chats.models import Chat
from coterie.core.clock import now
from coterie.core.ids import to_public

ROUNDS = 40
# Milliseconds.
_SLOW = 1_000.0
LIST_GOAL, TEXT_GOAL, CHATS_GOAL = 60.0, 150.0, 20.0
_RAW = "the chats and their people by plain SQL in the same database"
_CHATS = (
    "SELECT c.*, p.attributes FROM chats_chat c JOIN people_person p ON p.workspace_id = c.workspace_id"
    " AND p.id = c.person_id WHERE c.workspace_id = {space} AND c.by_user{where}"
    " ORDER BY c.started_at DESC, c.id DESC LIMIT 26"
)
_SAID = {
    "sqlite": "SELECT m.*, c.* FROM chats_said s CROSS JOIN chats_message m ON m.workspace_id = {space}"
    " AND m.place = s.rowid CROSS JOIN chats_chat c ON c.workspace_id = {space} AND c.id = m.chat_id"
    " WHERE chats_said MATCH ? ORDER BY s.rowid DESC LIMIT 26",
    "postgres": "SELECT m.*, c.* FROM chats_message m JOIN chats_chat c ON c.workspace_id = m.workspace_id"
    " AND c.id = m.chat_id WHERE m.workspace_id = {space} AND m.words @@ %s::tsquery ORDER BY m.place DESC LIMIT 26",
}


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked of the page, the same by plain SQL, and how long it may take (ms)."""

    name: str
    fields: dict[str, str]
    sql: str
    values: list[Any]
    goal: float | None


class _Bare:
    """The database without us."""

    def __init__(self) -> None:
        url = os.environ.get("DATABASE_URL")
        self.kind = "postgres" if url else "sqlite"
        path = Path(os.environ["COTERIE_DATA"]) / "coterie.sqlite3"
        self._connection: Any = psycopg.connect(url, autocommit=True) if url else sqlite3.connect(path)

    def settle(self) -> None:
        """Has PostgreSQL look at what was just loaded; by itself it does so within a minute."""
        if self.kind == "postgres":
            self._connection.execute("ANALYZE chats_message, chats_chat, people_person")

    def ask(self, question: _Question) -> None:
        """Runs the SQL and takes every row."""
        self._connection.execute(question.sql, question.values).fetchall()


def run(people: int) -> Iterator[Figure]:
    """Each question through HTTP, in turns with plain SQL."""
    workspace, bare = bench_workspace(), _Bare()
    bare.settle()
    with serving() as server:
        _, page = readers(server, workspace)
        for question in [*_lists(workspace, bare.kind), *_texts(workspace, bare.kind)]:
            yield _measured(page, bare, question)
        chat = Chat.objects.filter(workspace=workspace, by_user=True).order_by("-messages")[0]
        path = f"/archives/{chat.public_id}"
        yield Figure(
            f"one chat of {chat.messages} messages", "ms", [_ms(partial(page.get, path)) for _ in range(ROUNDS)]
        )


def _measured(page: Reader, bare: _Bare, question: _Question) -> Figure:
    path = f"/archives?{urlencode(question.fields)}"
    tasks = {"raw": _once_if_slow(lambda: _ms(lambda: bare.ask(question))), "ours": lambda: _ms(lambda: page.get(path))}
    found = in_turns(tasks, ROUNDS, 2)
    ours, raw = ([percentile(found[name], 0.95)] for name in ("ours", "raw"))
    return Figure(f"{question.name}, p95", "ms", ours, raw, _RAW, goal=question.goal)


def _once_if_slow(task: Callable[[], float]) -> Callable[[], float]:
    """Some plain SQL takes minutes: its first figure is enough."""
    first: list[float] = []

    def measured() -> float:
        if first and first[0] > _SLOW:
            return first[0]
        first.append(task())
        return first[-1]

    return measured


def _lists(workspace: Workspace, kind: str) -> list[_Question]:
    channel = Channel.objects.filter(workspace=workspace, kind="widget").order_by("id")[0]
    since = now() - timedelta(days=200)
    until = now() - timedelta(days=100)
    mark = "?" if kind == "sqlite" else "%s"
    days = f" AND c.started_at >= {mark} AND c.started_at < {mark}"
    moments = [str(at.replace(tzinfo=None)) if kind == "sqlite" else at for at in (since, until)]
    period = {"from": f"{since:%Y-%m-%d}", "to": f"{until:%Y-%m-%d}"}
    busy = Chat.objects.filter(workspace=workspace, by_user=True).order_by("-started_at")[0].person_id

    def ask(name: str, fields: dict[str, str], where: str, values: list[Any], goal: float) -> _Question:
        return _Question(name, fields, _CHATS.format(space=workspace.pk, where=where), values, goal)

    return [
        ask("all chats", {}, "", [], LIST_GOAL),
        ask("a period", period, days, moments, LIST_GOAL),
        ask(
            "a period of one integration",
            {**period, "channel": channel.public_id},
            f"{days} AND c.channel_id = {mark}",
            [*moments, channel.id],
            LIST_GOAL,
        ),
        ask("a story", {"story": "Gifts"}, f" AND c.story = {mark}", ["Gifts"], LIST_GOAL),
        ask("chats of a person", {"user": to_public(busy)}, f" AND c.person_id = {mark}", [busy], CHATS_GOAL),
    ]


def _texts(workspace: Workspace, kind: str) -> list[_Question]:
    channel = Channel.objects.filter(workspace=workspace, kind="widget").order_by("id")[0]
    period = {"from": f"{now() - timedelta(days=300):%Y-%m-%d}", "to": f"{now() - timedelta(days=100):%Y-%m-%d}"}
    mark, quote = f"{workspace.pk}w", '"' if kind == "sqlite" else "'"
    both = " AND " if kind == "sqlite" else " & "
    phrase = f'"{mark}my {mark}order"' if kind == "sqlite" else f"'{mark}my' <-> '{mark}order'"

    def ask(name: str, fields: dict[str, str], asked: str) -> _Question:
        return _Question(f"search: {name}", fields, _SAID[kind].format(space=workspace.pk), [asked], TEXT_GOAL)

    def word(text: str) -> str:
        return f"{quote}{mark}{text}{quote}"

    rare = Chat.objects.filter(workspace=workspace, attributes__has_key="order_number").order_by("id")[0]
    number = str(rare.attributes["order_number"]).removeprefix("FH-")
    return [
        ask("a common word", {"q": "order"}, word("order")),
        ask("a rare word", {"q": f'"{number}"'}, word(number)),
        ask("the beginning of words", {"q": "sub"}, word("subscription")),
        ask("a phrase", {"q": '"my order"'}, phrase),
        ask("two words", {"q": "kitchen coffee"}, both.join(map(word, ("kitchen", "coffee")))),
        ask("nothing", {"q": "zzzyx"}, word("zzzyx")),
        ask(
            "a common word, a period, an integration",
            {"q": "order", "channel": channel.public_id, **period},
            both.join([word("order"), f"{quote}{workspace.pk}c{channel.id}{quote}"]),
        ),
        ask("a common word in a story", {"q": "order", "story": "Gifts"}, word("order")),
    ]


def _ms(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000
