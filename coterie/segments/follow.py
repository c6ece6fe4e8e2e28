"""The follower: notices that people, segments or the time moved on, and settles the rules. Runs in the worker.

Nothing depends on it for being right: filters mean the rules themselves (docs/decisions/0013-rule-segments.md). It
keeps the sizes, the pills and the history of the segments up to date.
"""

import logging
import threading
import time

from django.db import DatabaseError, close_old_connections, connection
from django.db.models import F, Q

from coterie.accounts.models import Workspace
from coterie.segments.models import Kind, RuleState, Segment
from coterie.segments.settle import settle

log = logging.getLogger(__name__)
# Seconds between two looks at the revisions, and between two looks at the time and the catalogues.
POLL = 0.1
TICK = 5.0
# After something failed.
PAUSE = 5.0


def follow(stop: threading.Event) -> None:
    """Settles every workspace whenever something moved, until `stop` is set. Several may run, in whatever processes."""
    ticked = 0.0
    failed: dict[int, float] = {}
    while not stop.is_set():
        tick = time.monotonic() >= ticked + TICK
        if tick:
            ticked = time.monotonic()
            close_old_connections()
        try:
            for workspace in waiting(everybody=tick):
                if stop.is_set() or time.monotonic() < failed.get(workspace.pk, 0.0):
                    continue
                if not _settled(workspace):
                    failed[workspace.pk] = time.monotonic() + PAUSE
        except DatabaseError:
            log.warning("the rules cannot be followed now", exc_info=True)
            connection.close()
            stop.wait(PAUSE)
        stop.wait(POLL)
    connection.close()


def waiting(everybody: bool = False) -> list[Workspace]:
    """The workspaces whose rules are behind; with `everybody`, all that have rules."""
    states = RuleState.objects.filter(
        workspace_id__in=Segment.objects.filter(kind=Kind.RULE).values("workspace_id"),
    )
    if not everybody:
        states = states.filter(Q(workspace__revision__gt=F("revision")) | ~Q(settled=F("version")))
    return [state.workspace for state in states.select_related("workspace")]


def _settled(workspace: Workspace) -> bool:
    try:
        settle(workspace)
    except DatabaseError:
        raise
    except Exception:  # One workspace must not stop the others.
        log.exception("the rules of workspace %s cannot be settled", workspace.pk)
        return False
    return True
