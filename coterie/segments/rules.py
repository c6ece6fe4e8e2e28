"""Segments that are filled by a rule: making and changing them, and what that would do.

Here a rule is only written down. Who joins and leaves is decided by `settle`, within a moment, in the background; a
filter that names the segment means the new rule at once.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from django.db import transaction

from coterie.accounts.audit import record
from coterie.accounts.models import Workspace
from coterie.audience.audience import Audience, audience_of
from coterie.audience.columns import Catalogue
from coterie.audience.compiler import compile_filter
from coterie.audience.moving import Effect, effect
from coterie.audience.segments import MAX_EXPANDED, ListedSegment, expanded, named
from coterie.audience.sentence import sentence
from coterie.audience.tree import FilterError, Node, conditions, from_json, to_json
from coterie.journal.models import Operation
from coterie.segments.catalogue import add, free_name
from coterie.segments.models import Kind, Segment
from coterie.segments.state import changed

KIND = "rule"
# So many of those who enter and leave are named.
SHOWN = 20


def preview_rule(workspace: Workspace, node: Node, segment: Segment | None = None) -> Effect:
    """Who enters and leaves if `node` were the rule of a new segment, or of `segment`. Raises FilterError."""
    audience = audience_of(workspace)
    check_rule(node, audience, segment)
    predicate = audience.predicate(node)
    segment_id = segment.id if segment else 0
    return audience.ask(lambda reader: effect(reader, predicate, segment_id, SHOWN, audience.catalogue))


def create_rule(workspace: Workspace, name: str, node: Node, actor: str) -> Segment:
    """A new segment that `node` keeps up to date. Raises NameTaken, FilterError, or ValueError for the name."""
    audience = audience_of(workspace)
    check_rule(node, audience)
    segment = Segment(workspace=workspace, name=free_name(workspace, name), kind=Kind.RULE, created_by=actor[:80])
    segment.filter = to_json(node)
    with transaction.atomic():
        changed(workspace)
        segment.operation_id = _operation(workspace, actor, segment, "Fill", None).id
        return add(workspace, segment)


def change_rule(workspace: Workspace, segment: Segment, node: Node, actor: str) -> Operation | None:
    """Another rule for the segment; the operation that names the change, None when it is the same rule.

    Raises FilterError, also when it would stand on itself, in whatever circle, and ValueError when it has no rule to
    change.
    """
    with transaction.atomic():
        changed(workspace)  # Two changes that together make a circle come one after the other.
        former = _present(workspace, segment).filter
        check_rule(node, audience_of(workspace), segment)
        segment.filter = to_json(node)
        if former == segment.filter:
            return None
        operation = _operation(workspace, actor, segment, "Change the rule of", former)
        _write(segment, filter=segment.filter, evaluated="", broken="", broken_since=None, operation_id=operation.id)
        details = {"segment": segment.public_id, "before": former, "after": segment.filter}
        record(workspace, actor, "segment.rule", details)
        return operation


def undo_rule(workspace: Workspace, segment: Segment, operation_id: int, actor: str) -> None:
    """The rule that was there before an operation changed it.

    Raises ValueError when the rule is no longer the one that the operation made, and FilterError when the former one
    cannot be used any more.
    """
    with transaction.atomic():
        changed(workspace)
        operation = Operation.objects.filter(workspace=workspace, id=operation_id, kind=KIND).first()
        details = operation.details if operation else {}
        if details.get("segments") != [segment.public_id] or details["before"] is None:
            raise ValueError(f"There is no such change of “{segment.name}”.")
        if _present(workspace, segment).filter != details["after"]:
            raise ValueError(f"The rule of “{segment.name}” was changed since, so it was left as it is.")
        change_rule(workspace, segment, from_json(details["before"], "rule"), actor)


def make_manual(workspace: Workspace, segment: Segment, actor: str) -> None:
    """From now on the segment is filled by hand. Whoever is in it stays. Raises ValueError when it has no rule."""
    with transaction.atomic():
        changed(workspace)
        _present(workspace, segment)
        segment.kind, segment.filter = Kind.MANUAL, None
        _write(segment, kind=segment.kind, filter=None, evaluated="", broken="", broken_since=None, operation_id=None)
        record(workspace, actor, "segment.manual", {"segment": segment.public_id, "name": segment.name})


def check_rule(node: Node, audience: Audience, segment: Segment | None = None) -> None:
    """Raises FilterError unless `node` can be the rule of a new segment, or of `segment`."""
    segments = dict(audience.catalogue.segments or {})
    if segment is not None:
        if circle := _circle(node, segment.id, segments):
            words = " → ".join((segment.name, *circle))
            raise FilterError("rule", f"a segment cannot stand on itself: {words}.")
        # With the new rule in its place, for those that stand on it.
        segments[segment.id] = replace(segments[segment.id], rule=json.dumps(to_json(node)))
    _as_rule(node, replace(audience, catalogue=replace(audience.catalogue, segments=segments)))
    for other in segments.values():
        if segment is not None and other.rule is not None and _circle(other.tree, segment.id, segments):
            _small_enough(other.tree, segments, f"then “{other.name}”, which stands on it, would be too large: ")


def rule_of(segment: Segment) -> Node:
    """The tree of a rule segment; raises FilterError when it cannot be read."""
    return from_json(segment.filter, "rule")


def rule_sentence(segment: Segment, catalogue: Catalogue) -> str:
    """The rule in words: "Country is Poland". An attribute that is gone goes by its key."""
    return sentence(rule_of(segment), catalogue)


def _as_rule(node: Node, audience: Audience) -> None:
    from_json(to_json(node), "rule")  # As deep as it can be read again.
    _small_enough(node, audience.catalogue.segments or {}, "")
    compile_filter(node, audience.catalogue, audience.moments, "rule")


def _small_enough(node: Node, segments: Mapping[int, ListedSegment], words: str) -> None:
    try:
        if sum(1 for _ in islice(expanded(node, segments), MAX_EXPANDED + 1)) <= MAX_EXPANDED:
            return
    except FilterError as error:
        raise FilterError("rule", f"{words}{error.message}") from error
    raise FilterError("rule", f"{words}more than {MAX_EXPANDED} conditions, with those of the rules that it names.")


def _circle(node: Node, target: int, segments: Mapping[int, ListedSegment]) -> tuple[str, ...]:
    """The names on the way from `node` to the segment `target`, itself last; nothing when there is no way."""
    for condition in conditions(node):
        for row_id in named(condition):
            segment = segments.get(row_id)
            if segment is None:
                continue
            if row_id == target:
                return (segment.name,)
            if segment.rule is not None and (rest := _circle(segment.tree, target, segments)):
                return (segment.name, *rest)
    return ()


def _present(workspace: Workspace, segment: Segment) -> Segment:
    """The rule segment as it is now; raises ValueError when it was removed or became manual meanwhile."""
    found = Segment.objects.filter(workspace=workspace, id=segment.id, kind=Kind.RULE).first()
    if found is None:
        raise ValueError(f"“{segment.name}” is not there any more, or has no rule.")
    return found


def _operation(workspace: Workspace, actor: str, segment: Segment, verb: str, former: object) -> Operation:
    """What the test of everybody will belong to."""
    return Operation.objects.create(
        workspace=workspace,
        kind=KIND,
        label=f"{verb} {segment.name}"[:300],
        actor=actor,
        details={"segments": [segment.public_id], "before": former, "after": segment.filter},
        undo_until=None,  # Another rule undoes it; people put back by hand would not stay.
    )


def _write(segment: Segment, **values: Any) -> None:
    Segment.objects.filter(workspace_id=segment.workspace_id, id=segment.id).update(**values)
