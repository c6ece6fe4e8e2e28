"""A step of an undo: so many entries of the other operation, newest first, taken back in one journal transaction.

Only what is still as the operation left it is put back to what it was before. Who was edited since is left alone and
listed. An undo makes entries of its own, so it can be undone like anything else.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from django.db import connection

from coterie.bulk.erasing import erase, restore
from coterie.bulk.past import BANNED, ROW, Entry, Thing, changed_by, entries, made_by, touched_since
from coterie.bulk.unused import drop_with
from coterie.core.bulk import among
from coterie.core.ids import from_public, to_public
from coterie.jobs import crowds
from coterie.jobs.running import Progress, Run
from coterie.journal.commit import Transaction
from coterie.journal.models import Kind, Operation
from coterie.people.attributes import Value
from coterie.people.many import Locked, ban, lock, patch, same
from coterie.segments.membership import join, leave
from coterie.segments.models import Segment

_MADE = (Kind.CREATED, Kind.RESTORED)
_VALUES = (Kind.SET, Kind.UNSET)


@dataclass(slots=True)
class _Goal:
    """A thing as the operation left it and as it was before; `revision` is that of its newest change."""

    left: Value | None
    target: Value | None
    revision: int


@dataclass(slots=True)
class _Outcome:
    """Who was changed back, who needed nothing, and who was left alone because they were edited since."""

    changed: set[int] = field(default_factory=set)
    already: set[int] = field(default_factory=set)
    skipped: set[int] = field(default_factory=set)


def step(run: Run) -> None:
    """The next entries. The result counts people who `changed`, were `already` so, or were `skipped`."""
    operation = run.operation
    batch = entries(operation.workspace_id, operation.undo_of or 0, operation.position, crowds.CHUNK)
    if not batch:
        run.save(Progress(operation.position, finished=True))
        return
    run.commit(partial(_work, operation=operation, batch=batch))


def _work(tx: Transaction, operation: Operation, batch: Sequence[Entry]) -> Progress:
    target = operation.undo_of or 0
    ids = {entry.person_id for entry in batch}
    values = any(entry.kind in _VALUES for entry in batch)
    people, outcome = lock(tx, ids, values=values), _Outcome()
    # Asked after the rows are ours: what others did until then is in the journal.
    touched = touched_since(tx.workspace_id, batch, target)
    made = made_by(tx.workspace_id, target, ids) if operation.details["makes_people"] else set()
    _take_away(tx, [e for e in batch if e.kind in _MADE], people, touched, outcome)
    _bring_back(tx, [e for e in batch if e.kind == Kind.ERASED], people, outcome)
    # People whom the operation made come and go as a whole: their values are no separate matter.
    _put_right(tx, [e for e in batch if e.person_id not in made], people, touched, outcome)
    crowds.skip(operation, outcome.skipped)
    # Somebody with entries in two steps is one person.
    known = changed_by(tx.workspace_id, operation.id, outcome.changed) if operation.details["repeats"] else set()
    changed = len(outcome.changed - known)
    counts = {
        "changed": changed,
        "already": len(outcome.already - outcome.changed - outcome.skipped),
        "skipped": len(outcome.skipped),
    }
    finished = operation.done + len(batch) >= operation.total
    if finished:
        drop_with(tx, operation)
    return Progress(batch[-1].revision, len(batch), changed, counts, finished)


def _take_away(
    tx: Transaction,
    batch: Sequence[Entry],
    people: Mapping[int, Locked],
    touched: Mapping[tuple[int, Thing], int],
    outcome: _Outcome,
) -> None:
    """Removes those whom the operation made, unless anything happened to them since."""
    going = []
    for entry in batch:
        if entry.person_id not in people:
            outcome.already.add(entry.person_id)
        elif touched.get((entry.person_id, ROW), 0) > entry.revision:
            outcome.skipped.add(entry.person_id)
        else:
            going.append(entry.person_id)
    outcome.changed.update(erase(tx, going))


def _bring_back(tx: Transaction, batch: Sequence[Entry], people: Mapping[int, Locked], outcome: _Outcome) -> None:
    """Restores those whom the operation erased, unless they came again meanwhile or are forgotten for good."""
    saved = {e.person_id: e.before for e in batch if e.before and e.person_id not in people}
    back = set(restore(tx, saved))
    outcome.changed |= back
    outcome.already |= {e.person_id for e in batch if e.person_id in people}
    outcome.skipped |= {e.person_id for e in batch if e.person_id not in people} - back


def _put_right(
    tx: Transaction,
    batch: Sequence[Entry],
    people: Mapping[int, Locked],
    touched: Mapping[tuple[int, Thing], int],
    outcome: _Outcome,
) -> None:
    """Values, memberships and bans back to what they were."""
    goals = _goals(batch)
    state = _Present(tx, people, goals)
    wishes: dict[Thing, dict[int, Value | None]] = defaultdict(dict)
    for (person_id, thing), goal in goals.items():
        if person_id not in people or not state.possible(thing, goal.target):
            outcome.skipped.add(person_id)
            continue
        present = state.of(person_id, thing)
        if touched.get((person_id, thing), 0) > goal.revision:
            outcome.skipped.add(person_id)
        elif same(present, goal.target):  # An undo that was cancelled got this far.
            outcome.already.add(person_id)
        elif not same(present, goal.left):
            outcome.skipped.add(person_id)
        else:
            wishes[thing][person_id] = goal.target
    outcome.changed.update(_apply(tx, people, wishes))


def _goals(batch: Sequence[Entry]) -> dict[tuple[int, Thing], _Goal]:
    """What each thing is like now and should be; the newest entry says the one, the oldest the other."""
    goals: dict[tuple[int, Thing], _Goal] = {}
    for entry in batch:
        for thing, left, target in _differences(entry):
            goal = goals.setdefault((entry.person_id, thing), _Goal(left, target, entry.revision))
            goal.target = target
    return goals


def _differences(entry: Entry) -> Iterator[tuple[Thing, Value | None, Value | None]]:
    """Each thing of an entry, as it was left and as it was before."""
    for thing in entry.things():
        if thing[0] == "attribute":
            yield thing, entry.after.get(thing[1]), entry.before.get(thing[1])
        else:
            did = entry.kind in (Kind.JOINED, Kind.BANNED)
            yield thing, did, not did


class _Present:
    """How things are now."""

    def __init__(self, tx: Transaction, people: Mapping[int, Locked], goals: Mapping[tuple[int, Thing], _Goal]) -> None:
        self.people = people
        names = {name for _, (sort, name) in goals if sort == "segment"}
        wanted = {from_public(name) or 0 for name in names}
        there = Segment.objects.filter(workspace_id=tx.workspace_id, id__in=wanted).values_list("id", flat=True)
        self.segments = set(map(to_public, there))
        self.ids = {to_public(row_id): row_id for row_id in wanted}
        self.members = _members(tx, sorted(wanted), sorted(people)) if wanted else set()

    def of(self, person_id: int, thing: Thing) -> Value | None:
        """A value, or whether the person is in the segment or banned."""
        sort, name = thing
        if sort == "attribute":
            return self.people[person_id].attributes.get(name)
        if sort == "segment":
            return (self.ids.get(name), person_id) in self.members
        return self.people[person_id].banned

    def possible(self, thing: Thing, target: Value | None) -> bool:
        """Nobody can go back into a segment that is gone."""
        return thing[0] != "segment" or not target or thing[1] in self.segments


def _members(tx: Transaction, segment_ids: Sequence[int], person_ids: Sequence[int]) -> set[tuple[int | None, int]]:
    (segments, segment_values), (people, person_values) = among(segment_ids), among(person_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT segment_id, person_id FROM segments_membership"
            f" WHERE workspace_id = %s AND segment_id {segments} AND person_id {people}",
            [tx.workspace_id, segment_values, person_values],
        )
        return set(cursor.fetchall())


def _apply(
    tx: Transaction, people: Mapping[int, Locked], wishes: Mapping[Thing, Mapping[int, Value | None]]
) -> set[int]:
    """Carries out what is left; returns who changed."""
    patches: dict[int, dict[str, Value | None]] = defaultdict(dict)
    changed: set[int] = set()
    for (sort, name), targets in wishes.items():
        yes = sorted(person_id for person_id, target in targets.items() if target)
        no = sorted(person_id for person_id, target in targets.items() if not target)
        if sort == "attribute":
            for person_id, target in targets.items():
                patches[person_id][name] = target
        elif (sort, name) == BANNED:
            changed.update(ban(tx, yes, True), ban(tx, no, False))
        else:
            segment_id = from_public(name) or 0
            changed.update(join(tx, segment_id, yes, tx.at), leave(tx, segment_id, no, tx.at))
    return changed.union(patch(tx, people, patches))
