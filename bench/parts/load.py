"""How long the demo people take to load. The others are measured on what this part leaves behind."""

import sys

from bench.measure import Figure, seconds
from coterie.accounts.models import Workspace
from coterie.demo.load import fill

WORKSPACE = "Bench"
CHATS_PER_PERSON = 1.0
SEED = 1


def run(people: int) -> list[Figure]:
    """Loads into an empty database, once."""
    workspace = Workspace.objects.create(name=WORKSPACE)
    taken = seconds(lambda: fill(workspace, people, CHATS_PER_PERSON, SEED, _progress))
    note = f"one run; {CHATS_PER_PERSON} chats per person, with their messages, identities, segments and journal"
    return [Figure(f"load {people:,} people", "s", [taken], note=note)]


def bench_workspace() -> Workspace:
    """The workspace that was filled."""
    return Workspace.objects.get(name=WORKSPACE)


def _progress(done: int) -> None:
    if sys.stdout.isatty():
        print(f"\r  {done:,} people", end="\n" if not done else "\r", flush=True)
