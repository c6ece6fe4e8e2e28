"""How long the demo people take to load. The others are measured on what this part leaves behind."""

import sys

from django.db import connection

from bench.measure import Figure, seconds
from coterie.accounts.models import Workspace
from coterie.demo.load import fill

WORKSPACE = "Bench"
SEED = 1
# Above this many people, fewer chats, since a disk has an end: on PostgreSQL ten million people with fifty million
# messages, on SQLite what the list needs, which is all that is measured there.
_MANY = 5_000_000
_FEWER = {"postgresql": 0.86, "sqlite": 0.1}


def chats_per_person(people: int) -> float:
    """How many chats each of so many people gets."""
    return 1.0 if people <= _MANY else _FEWER[connection.vendor]


def run(people: int) -> list[Figure]:
    """Loads into an empty database, once."""
    workspace = Workspace.objects.create(name=WORKSPACE)
    chats = chats_per_person(people)
    taken = seconds(lambda: fill(workspace, people, chats, SEED, _progress))
    note = f"one run; {chats} chats per person, with their messages, identities, segments and journal"
    return [Figure(f"load {people:,} people", "s", [taken], note=note)]


def bench_workspace() -> Workspace:
    """The workspace that was filled."""
    return Workspace.objects.get(name=WORKSPACE)


def _progress(done: int) -> None:
    if sys.stdout.isatty():
        print(f"\r  {done:,} people", end="\n" if not done else "\r", flush=True)
