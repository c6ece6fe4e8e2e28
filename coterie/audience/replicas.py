"""The replicas of this process, one per workspace that was asked for."""

import threading
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.db.models import F

from coterie.accounts.models import Workspace
from coterie.audience.replica import Replica

_replicas: dict[str, Replica] = {}
_replicas_lock = threading.Lock()


def replica_of(workspace: Workspace) -> Replica:
    """This process's replica of a workspace; opened at the first call."""
    with _replicas_lock:
        key = str(workspace.uid)
        if key not in _replicas:
            _replicas[key] = Replica(workspace)
        return _replicas[key]


def renew(workspace: Workspace) -> None:
    """Has every replica of the workspace made anew, in a new file: of the present ones not a byte stays in the folder.

    Other processes notice it with their next question. Until then they go on with files that have no name any more.
    """
    folder = Path(settings.DATA) / "replica"
    former = {path: path.stat().st_ino for path in folder.glob(f"{workspace.uid}-*.duckdb*")}
    Workspace.objects.filter(pk=workspace.pk).update(replica_epoch=F("replica_epoch") + 1)
    with _replicas_lock:
        mine = _replicas.get(str(workspace.uid))
    if mine is not None:
        mine.catch_up()
    for path, inode in former.items():
        # Whoever was quicker has a new file under the old name already.
        with suppress(FileNotFoundError):
            if path.stat().st_ino == inode:
                path.unlink()


def close_all() -> None:
    """Closes every replica of this process, for a clean end and for tests."""
    with _replicas_lock:
        while _replicas:
            _replicas.popitem()[1].close()
