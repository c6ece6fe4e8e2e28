"""`python -m bench.part NAME DATABASE PEOPLE [--no-result]`: one part. COTERIE_DATA says where its people are."""

import sys
from collections.abc import Callable, Iterable

from django.core.management import call_command

from bench import report
from bench.measure import Figure
from bench.parts import (
    archives,
    bulk,
    export,
    filters,
    importing,
    ingest,
    listing,
    load,
    memory,
    profile,
    replica,
    rules,
    webhooks,
    widget,
)

PARTS: dict[str, Callable[[int], Iterable[Figure]]] = {
    "load": load.run,
    "filters": filters.run,
    "list": listing.run,
    "archives": archives.run,
    "profile": profile.run,
    "replica": replica.run,
    "ingest": ingest.run,
    "webhooks": webhooks.run,
    "rules": rules.run,
    "export": export.run,
    "import": importing.run,
    "bulk": bulk.run,
    "memory": memory.run,
    "widget": widget.run,
}


def main() -> None:
    """Runs the part, shows its figures and keeps them."""
    name, database, people = sys.argv[1], sys.argv[2], int(sys.argv[3])
    print(f"\n{report.TITLES[name]} ({database}, {people:,} people)", flush=True)
    # People that were loaded by an older version are brought up to this one.
    call_command("migrate", verbosity=0, interactive=False)
    figures = []
    for figure in PARTS[name](people):
        print(report.line(figure), flush=True)
        figures.append(figure)
    if "--no-result" in sys.argv:
        return
    command = f"python -m bench --people {people} --database {database} --only {name}"
    report.save(name, database, people, command, figures)


if __name__ == "__main__":
    main()
