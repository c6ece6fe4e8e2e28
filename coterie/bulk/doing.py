"""A step of a bulk action: one part of the people it is about, in one journal transaction."""

from collections.abc import Sequence
from functools import partial

from coterie.bulk.actions import Act, Action
from coterie.bulk.erasing import erase
from coterie.core.ids import to_public
from coterie.jobs.crowds import part
from coterie.jobs.running import Failed, Progress, Run
from coterie.journal.commit import Transaction
from coterie.people.many import ban, lock, patch
from coterie.segments.membership import join, leave
from coterie.segments.membership import lock as lock_ids
from coterie.segments.models import Segment


def step(run: Run) -> None:
    """The next part. The result counts `changed` people, those with whom it was `already` so, and who are `gone`.

    With several segments each has counts of its own, as `changed:<public id>`.
    """
    operation = run.operation
    ids = part(operation, operation.position)
    if ids is None:
        run.save(Progress(operation.position, finished=True))
        return
    action = Action.from_details(operation.kind, operation.details)
    last = operation.done + len(ids) >= operation.total
    run.commit(partial(_work, action=action, ids=ids, position=operation.position + 1, finished=last))


def _work(tx: Transaction, action: Action, ids: Sequence[int], position: int, finished: bool) -> Progress:
    there, changed, counts = _do(tx, action, ids)
    counts = {"changed": changed, "already": there - changed, "gone": len(ids) - there, **counts}
    return Progress(position, len(ids), changed, counts, finished)


def _do(tx: Transaction, action: Action, ids: Sequence[int]) -> tuple[int, int, dict[str, int]]:
    """Changes these people; returns how many of them there are, how many it changed, and further counts."""
    if action.act in (Act.SET, Act.CLEAR):
        people = lock(tx, ids)
        wish = {action.key: action.value}
        return len(people), len(patch(tx, people, {row_id: wish for row_id in people})), {}  # noqa: C420
    there = lock_ids(tx, ids)
    match action.act:
        case Act.DELETE:
            return len(there), len(erase(tx, there)), {}
        case Act.BAN | Act.UNBAN:
            return len(there), len(ban(tx, there, action.act == Act.BAN)), {}
        case _:
            return len(there), *_move(tx, action, there)


def _move(tx: Transaction, action: Action, ids: Sequence[int]) -> tuple[int, dict[str, int]]:
    there = Segment.objects.filter(workspace_id=tx.workspace_id, id__in=action.segments)
    if there.count() < len(action.segments):
        raise Failed("A segment of this operation was removed meanwhile. What was done until then can be undone.")
    change = join if action.act == Act.JOIN else leave
    moved = {segment_id: change(tx, segment_id, ids, tx.at) for segment_id in action.segments}
    counts = {}
    for segment_id, people in moved.items():
        counts[f"changed:{to_public(segment_id)}"] = len(people)
        counts[f"already:{to_public(segment_id)}"] = len(ids) - len(people)
    return len(set().union(*moved.values())), counts
