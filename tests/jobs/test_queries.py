"""The Activity page asks little and gets everything in order."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from coterie.jobs.queries import operation, over, running
from coterie.journal.models import Operation, State


@pytest.fixture
def some(workspace, other_workspace):
    Operation.objects.create(workspace=other_workspace, kind="set", label="theirs", state=State.QUEUED)
    states = [State.DONE, State.PAUSED, State.FAILED, State.RUNNING, State.UNDONE, State.QUEUED, State.CANCELLED]
    made = [Operation.objects.create(workspace=workspace, kind="set", label=s, state=s) for s in states]
    yield made
    Operation.objects.filter(workspace__in=[workspace, other_workspace]).update(state=State.DONE)


def test_operations_come_newest_first_and_page_by_page(workspace, some):
    first = over(workspace, 3)
    assert [o.label for o in first] == ["cancelled", "undone", "failed"]
    assert [o.label for o in over(workspace, 3, first[-1].id)] == ["done"]
    assert [o.label for o in over(workspace, 3, first[0].id)] == ["undone", "failed", "done"]


def test_what_is_not_over_comes_oldest_first(workspace, some):
    assert [o.label for o in running(workspace)] == ["paused", "running", "queued"]


def test_each_is_one_query(workspace, some):
    for ask in (lambda: over(workspace, 50), lambda: running(workspace)):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            ask()
        assert len(queries) == 1


def test_one_is_found_in_its_own_workspace_only(workspace, other_workspace, some):
    assert operation(workspace, some[0].id) == some[0]
    assert operation(other_workspace, some[0].id) is None


def test_time_left_is_told_by_the_rate(workspace):
    one = Operation(done=1_000, total=4_000, seconds=2.0)
    assert (one.rate, one.seconds_left) == (500.0, 6.0)
    assert (Operation(total=10).rate, Operation(total=10).seconds_left) == (None, None)
