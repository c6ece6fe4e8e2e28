"""`python -m bench`: everything, or one part, on SQLite or PostgreSQL."""

import argparse
import sys

from bench import ground, report

# What each part needs: the databases it says something about, and its own number of people if it has one.
DATABASES = ("sqlite", "postgres")
PARTS: dict[str, tuple[tuple[str, ...], int | None]] = {
    "filters": (DATABASES[:1], None),
    "list": (DATABASES[:1], None),
    "archives": (DATABASES, None),
    "profile": (DATABASES, None),
    "replica": (DATABASES, None),
    "ingest": (DATABASES, None),
    "webhooks": (DATABASES, None),
    "rules": (DATABASES, None),
    "export": (DATABASES, None),
    "import": (DATABASES, None),
    "bulk": (DATABASES, None),
    "memory": (DATABASES, 5_000),
    "widget": (DATABASES[:1], 5_000),
}
# These change nobody, and so need no copy of their own: ten million people are 15 GB.
LOOKING = {"filters", "list", "archives", "profile"}


def main() -> int:
    """Runs the parts that were asked for and writes the page."""
    arguments = _arguments()
    wanted = (
        [arguments.only] if arguments.only else [n for n, (where, _) in PARTS.items() if arguments.database in where]
    )
    with ground.database_server(arguments.database) as cluster:
        everybody = ground.Ground(arguments.people, arguments.database, cluster)
        if arguments.fresh or set(wanted) != {"memory"}:
            everybody.load(arguments.fresh or arguments.only == "load")
        for people in {PARTS[part][1] or arguments.people for part in wanted if part != "load"}:
            place = ground.Ground(people, arguments.database, cluster)
            place.load(keep=people == arguments.people)
            here = [part for part in wanted if part != "load" and (PARTS[part][1] or arguments.people) == people]
            for part in LOOKING.intersection(here):
                place.run_part(part, place.loaded)
            if others := [part for part in here if part not in LOOKING]:
                with place.copy() as folder:
                    for part in others:
                        place.run_part(part, folder)
    report.write_page()
    print("docs/benchmarks.md is written.")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000, help="how many people (default: 1,000,000)")
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--only", choices=("load", *PARTS), help="one part instead of all")
    parser.add_argument("--fresh", action="store_true", help="load the people anew")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
