"""A person's page as a browser asks for it: of people who talk much, of anybody, and what its tabs ask for."""

import random
import time
from collections.abc import Iterator, Sequence

from bench.measure import Figure, percentile
from bench.parts.filters import readers
from bench.parts.load import bench_workspace
from bench.server import Reader, serving
from coterie.people.models import Person

PEOPLE, WARM = 60, 10
GOAL = 30.0


def run(people: int) -> Iterator[Figure]:
    """Everybody is asked for once, so that nothing is answered from what was just read for somebody."""
    workspace = bench_workspace()
    everybody = Person.objects.filter(workspace=workspace)
    busiest = everybody.order_by("-chats")[: PEOPLE + WARM]
    ids = list(everybody.order_by("id").values_list("id", flat=True)[: 50 * (PEOPLE + WARM)])
    anybody = everybody.filter(id__in=random.Random(7).sample(ids, min(len(ids), 2 * (PEOPLE + WARM))))
    some = [person.public_id for person in anybody]
    with serving() as server:
        _, page = readers(server, workspace)
        yield _figure(page, "the profile of somebody", some[: PEOPLE + WARM], "")
        yield _figure(page, "the profile of who talks most", [person.public_id for person in busiest], "")
        yield _figure(page, "a timeline", some[PEOPLE + WARM :], "?tab=timeline")


def _figure(page: Reader, name: str, ids: Sequence[str], query: str) -> Figure:
    taken = [_ms(page, f"/users/{public_id}{query}") for public_id in ids][WARM:]
    return Figure(f"{name}, p95 of {len(taken)}", "ms", [percentile(taken, 0.95)], goal=GOAL)


def _ms(page: Reader, path: str) -> float:
    start = time.perf_counter()
    page.get(path)
    return (time.perf_counter() - start) * 1000
