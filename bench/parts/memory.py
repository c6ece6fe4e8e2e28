"""What the server holds in memory with the demo: at rest, after a first look at the list, and after fifty."""

from bench.measure import Figure
from bench.parts.filters import readers
from bench.parts.load import bench_workspace
from bench.server import Reader, serving

GOAL_MB = 250.0
REQUESTS = 50
STARTS = 3


def run(people: int) -> list[Figure]:
    """Several starts of the server."""
    starts = [_one_start() for _ in range(STARTS)]
    names = ("at rest", "after the first list request", f"after {REQUESTS} list requests")
    return [
        Figure(f"resident memory {name}", "MB", [start[index] for start in starts], goal=GOAL_MB)
        for index, name in enumerate(names)
    ]


def _one_start() -> tuple[float, float, float]:
    with serving() as server:
        _, page = readers(server, bench_workspace())
        at_rest = server.memory_mb()
        page.get("/users")
        first = server.memory_mb()
        _look_around(page)
        return at_rest, first, server.memory_mb()


def _look_around(page: Reader) -> None:
    """Different lists, as somebody at work asks for them."""
    paths = ("/users", "/users?f=default_country:is:Poland", "/users?f=default_email:contains:mail&sort=createdAt")
    for number in range(REQUESTS - 1):
        page.get(paths[number % len(paths)])
