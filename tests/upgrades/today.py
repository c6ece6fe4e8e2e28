"""What `make` needs of the program that has no door: the one place here that names modules of the program.

It is about the program of the day on which a fixture is made, so when modules move, it is put right the next time that
one is made.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

# No name of the machine gets into a fixture.
SERVER = "server"


def nameless() -> None:
    """Has workers call themselves by a name that says nothing."""
    socket.gethostname = lambda: SERVER  # type: ignore[assignment]


def workspace(name: str, time_zone: str) -> str:
    """A new workspace; its uid."""
    from coterie.accounts.models import Workspace

    return str(Workspace.objects.create(name=name, time_zone=time_zone).uid)


@contextmanager
def left_to_workers(people_in_a_step: int) -> Iterator[None]:
    """Nothing is small enough to be done at once, and steps are small, so that few people are enough for several."""
    from coterie.bulk import start
    from coterie.jobs import crowds
    from coterie.transfers import importer
    from coterie.web import exports

    with (
        patch.object(start, "AT_ONCE", -1),
        patch.object(importer, "AT_ONCE", -1),
        patch.object(exports, "AT_ONCE", -1),
        patch.object(crowds, "CHUNK", people_in_a_step),
    ):
        yield


def begin(kind: str, steps: int = 1) -> None:
    """A worker takes the operation of this kind that waits longest, does so many steps of it, and is killed."""
    from coterie.jobs.kinds import step_of
    from coterie.jobs.running import Run
    from coterie.jobs.worker import claim, worker_name

    name = worker_name()
    operation = claim(name, [kind])
    assert operation is not None, f"no {kind} waits"
    run = Run(operation, name)
    for _ in range(steps):
        step_of(kind)(run)
    assert run.operation.state == "running", f"{kind} is {run.operation.state} already"


def finish(kind: str) -> None:
    """A worker does the operation of this kind that waits longest."""
    from coterie.jobs.worker import claim, run, worker_name

    name = worker_name()
    operation = claim(name, [kind])
    assert operation is not None, f"no {kind} waits"
    run(operation, name)


def grant(operation_id: int) -> None:
    """The worker that has the operation does what was wished of it, between two steps."""
    from coterie.jobs.running import Run
    from coterie.jobs.worker import granted
    from coterie.journal.models import Operation

    operation = Operation.objects.get(id=operation_id)
    assert granted(Run(operation, operation.worker))


def read_inbox() -> None:
    """What platforms delivered becomes people and chats."""
    from coterie.channels import processing

    while processing.step():
        pass


def fail_to_read(kind: str) -> None:
    """The same, while reading this kind of channel has a mistake."""
    import dataclasses

    from coterie.channels import processing
    from coterie.channels.registry import KINDS

    def mistaken(*_: object) -> None:
        raise RuntimeError("a mistake of this version, for the fixture")

    broken = dataclasses.replace(KINDS[kind], read=mistaken)
    with patch.dict(KINDS, {kind: broken}), patch.object(processing.log, "error"):
        read_inbox()


def follow_rules() -> None:
    """Segments that are filled by rules are brought up to date."""
    from coterie.segments.follow import waiting
    from coterie.segments.settle import settle

    for behind in waiting(everybody=True):
        settle(behind)


def close_replicas() -> None:
    """Lets go of the files of the read side; the next question opens them again."""
    from coterie.audience.replicas import close_all

    close_all()


def close() -> None:
    """Lets go of replicas and of the database."""
    from django.db import connections

    close_replicas()
    for connection in connections.all(initialized_only=True):
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()
