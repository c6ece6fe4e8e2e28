"""Attributes that an operation brought into being: they go when it is undone, unless somebody has or names them."""

from collections.abc import Iterator, Mapping
from typing import Any

from coterie.accounts.models import Member, Workspace
from coterie.audience.audience import audience_of
from coterie.audience.models import SavedView
from coterie.audience.tree import FilterError, Node, conditions, from_json
from coterie.jobs.running import rows
from coterie.journal.commit import Transaction
from coterie.journal.models import Operation
from coterie.people.attributes import uncatalogue
from coterie.segments.models import Segment


def drop_with(tx: Transaction, operation: Operation) -> None:
    """At the end of an undo: `attributes_undone` of its details go; which of them went is noted as `attributes_gone`.

    When the counts of the same transaction are written, so that it is known who has them.
    """
    made: Mapping[str, str] = operation.details.get("attributes_undone", {})
    if made:
        tx.last_of_all(lambda: _drop(operation, made))


def _drop(operation: Operation, made: Mapping[str, str]) -> None:
    gone = uncatalogue(operation.workspace_id, set(made) - set(_named(operation.workspace)))
    rows(operation).update(details={**operation.details, "attributes_gone": gone})


def _named(workspace: Workspace) -> Iterator[str]:
    """Every attribute that a rule, a saved view or somebody's list names."""
    for rule in Segment.with_removed.filter(workspace=workspace).exclude(filter=None).values_list("filter", flat=True):
        try:
            yield from _of(from_json(rule, "rule"))
        except FilterError:
            continue
    audience = audience_of(workspace)
    for query in SavedView.objects.filter(workspace=workspace).values_list("query", flat=True):
        view = audience.parse(query).view
        yield from _of(view.node)
        yield from (*(view.columns or ()), view.sort.removeprefix("-"))
    preferences: dict[str, Any]
    for preferences in Member.objects.filter(workspace=workspace).values_list("preferences", flat=True):
        yield from preferences.get("columns", ())


def _of(node: Node | None) -> Iterator[str]:
    return (condition.attribute for condition in conditions(node)) if node is not None else iter(())
