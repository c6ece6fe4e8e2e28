"""What commands stand on: a migrated database and a workspace."""

import fcntl
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from coterie.accounts.models import Workspace
from coterie.cli.say import wrong_use

ACTOR = "cli"


def migrate() -> None:
    """Brings the database up to date; quick when it is."""
    # Two processes that start together on a new folder: the second waits and finds nothing to do.
    with (Path(settings.DATA) / "migrate.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", verbosity=0, interactive=False)


def choose(name_or_id: str | None, *, create: bool = False) -> Workspace:
    """The workspace that is meant: by name or id, otherwise the only one. `create` makes a first one."""
    workspaces = list(Workspace.objects.order_by("pk"))
    if name_or_id is not None:
        return _named(name_or_id, workspaces)
    if len(workspaces) == 1:
        return workspaces[0]
    if workspaces:
        wrong_use(f"There are several workspaces; choose one with --workspace:\n{_listed(workspaces)}")
    if not create:
        wrong_use("There is no workspace yet. `coterie member add EMAIL --role owner` makes one.")
    return Workspace.objects.create(name="My workspace")


def _named(name_or_id: str, workspaces: list[Workspace]) -> Workspace:
    wanted = name_or_id.casefold()
    found = [w for w in workspaces if wanted in (w.name.casefold(), str(w.pk), str(w.uid))]
    if len(found) != 1:
        problem = "Several workspaces have this name; give the id" if found else f"There is no workspace “{name_or_id}”"
        wrong_use(f"{problem}:\n{_listed(found or workspaces)}")
    return found[0]


def _listed(workspaces: list[Workspace]) -> str:
    return "\n".join(f"  {workspace.pk}  {workspace.name}" for workspace in workspaces)
