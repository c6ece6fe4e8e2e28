"""Chats coming in through the real server over real HTTP, beside bare INSERT and COMMIT in the same database."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psycopg
from django.db import connection

from bench.measure import Figure, in_turns, percentile
from bench.parts.chatter import Chatter
from bench.parts.load import bench_workspace
from bench.report import ROOT
from bench.server import Server, serving
from coterie.accounts.models import Workspace
from coterie.channels.models import Channel
from coterie.chats.models import Message
from coterie.people.models import Identity

ROUNDS = 5
SIZE = 500
BATCHES = 20
BATCH_GOAL = 5_000.0
SINGLE_GOAL = 300.0
_TABLE = "CREATE TABLE IF NOT EXISTS bench_message (id BIGINT PRIMARY KEY, body TEXT)"


class _Bare:
    """The raw engine: one row per event, committed and on disk."""

    def __init__(self) -> None:
        self._next = time.time_ns()
        if connection.vendor == "postgresql":
            self._postgres = psycopg.connect(os.environ["DATABASE_URL"])
            self._postgres.execute(_TABLE)
            self._postgres.commit()
            self.name = "rows per second by bare INSERT and COMMIT in the same PostgreSQL, synchronous_commit=on"
        else:
            path = Path(os.environ["COTERIE_DATA"]) / "bare.sqlite3"
            self._sqlite = sqlite3.connect(path, isolation_level=None)
            self._sqlite.execute("PRAGMA journal_mode=WAL")
            self._sqlite.execute("PRAGMA synchronous=FULL")
            self._sqlite.execute(_TABLE)
            self.name = "rows per second by bare INSERT and COMMIT in SQLite, synchronous=FULL, WAL"

    def rate(self, bodies: list[bytes], rows_per_commit: int) -> float:
        """Events per second when each body is one commit of so many rows."""
        texts = [body.decode() for body in bodies]
        piece = [text[: len(text) // rows_per_commit] for text in texts]
        start = time.perf_counter()
        for text in piece:
            rows = [(self._next + index, text) for index in range(rows_per_commit)]
            self._next += rows_per_commit
            self._commit(rows)
        return len(bodies) * rows_per_commit / (time.perf_counter() - start)

    def _commit(self, rows: list[tuple[int, str]]) -> None:
        if connection.vendor == "postgresql":
            with self._postgres.cursor() as cursor:
                cursor.executemany("INSERT INTO bench_message VALUES (%s, %s)", rows)
            self._postgres.commit()
        else:
            self._sqlite.execute("BEGIN IMMEDIATE")
            self._sqlite.executemany("INSERT INTO bench_message VALUES (?, ?)", rows)
            self._sqlite.execute("COMMIT")


class _Sender:
    """The load client against the server; keeps what it saw."""

    def __init__(self, server: Server, channel: Channel, connections: int) -> None:
        self._command = [
            *(sys.executable, "-m", "bench.client", str(server.port), f"/channels/api/{channel.key}"),
            str(connections),
        ]
        self.latencies: list[float] = []
        self.accepted = 0

    def rate(self, bodies: list[bytes]) -> float:
        """Events per second, as acknowledged."""
        done = subprocess.run(self._command, input=b"\n".join(bodies), stdout=subprocess.PIPE, check=True, cwd=ROOT)
        answer = json.loads(done.stdout)
        self.latencies += answer["latencies"]
        self.accepted += answer["accepted"]
        return float(answer["accepted"] / answer["seconds"])


def run(people: int) -> list[Figure]:
    """Batches and single messages, over one and several connections."""
    workspace = bench_workspace()
    channel = Channel.objects.get(workspace=workspace, kind="api")
    natives = Identity.objects.filter(workspace=workspace, channel_id=channel.id).values_list("native_id", flat=True)
    chatter, bare = Chatter(list(natives), people), _Bare()
    many, others = f"batches of {SIZE}, chats of 4 turns", f"batches of {SIZE}, every event by another user"
    ways = (
        (f"{many}, 2 connections", 2, partial(chatter.batches, BATCHES, SIZE, 4), SIZE, BATCH_GOAL),
        (f"{others}, 2 connections", 2, partial(chatter.batches, BATCHES, SIZE, 1), SIZE, BATCH_GOAL),
        ("single messages, 8 connections", 8, partial(chatter.singles, 1_500), 1, SINGLE_GOAL),
        ("single messages, 1 connection", 1, partial(chatter.singles, 400), 1, None),
    )
    found: list[Figure] = []
    with serving() as server:
        for name, connections, bodies, size, goal in ways:
            sender = _Sender(server, channel, connections)
            found += _measured(
                workspace, name, sender, bodies, partial(bare.rate, rows_per_commit=size), bare.name, goal
            )
    return found


def _measured(
    workspace: Workspace,
    name: str,
    sender: _Sender,
    make: Callable[[], list[bytes]],
    bare: Callable[[list[bytes]], float],
    raw_name: str,
    goal: float | None,
) -> list[Figure]:
    """The rate in turns with the raw engine, and how long the answers took."""
    before = Message.objects.filter(workspace=workspace).count()
    tasks = {"raw": lambda: bare(make()), "ours": lambda: sender.rate(make())}
    found = in_turns(tasks, ROUNDS)
    stored = Message.objects.filter(workspace=workspace).count() - before
    if stored != sender.accepted:
        raise RuntimeError(f"{name}: {sender.accepted:,} events were acknowledged, {stored:,} are stored")
    latencies = sender.latencies
    return [
        Figure(name, "events/s", found["ours"], found["raw"], raw_name, goal, more_is_better=True),
        Figure(f"{name}: answer, p50", "ms", [percentile(latencies, 0.5) * 1000]),
        Figure(f"{name}: answer, p99", "ms", [percentile(latencies, 0.99) * 1000]),
    ]
