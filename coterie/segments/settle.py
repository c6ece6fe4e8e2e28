"""Bringing the segments that are filled by rules up to date: first whoever changed, then whatever needs everybody.

1. Whoever has a journal entry since the last time is tested against all rules at once. Entries that rules wrote do not
   count: no rule depends on them.
2. A rule that is new, means something else than before, or has to be looked at because time went by, is tested on
   everybody. Whoever has to move does so in parts, each in one transaction. Between two parts comes whoever changed
   meanwhile, so that no big rule makes the others late; the rest is then tested again before it moves.

All of it may be stopped anywhere and done again; see `state` for why it is safe when two do it.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import duckdb
import pyarrow as pa
from django.db import connection, transaction
from django.db.models import F, QuerySet

from coterie.accounts.models import Workspace
from coterie.audience.audience import Audience, audience_of
from coterie.audience.moving import Pair, all_changing, differences, replica_revision
from coterie.core.clock import now
from coterie.journal.commit import Transaction, commit
from coterie.journal.models import JournalEntry, Operation
from coterie.segments.membership import lock
from coterie.segments.models import Kind, RuleState, Segment
from coterie.segments.moves import Cause, move
from coterie.segments.plan import Broken, Plan, Ready, plan
from coterie.segments.state import Hold, Overtaken, take

# Who wrote the journal entries.
ACTOR = "rules"
# How many journal entries are looked at, or people tested, for one transaction.
CHUNK = 10_000
_ATTEMPTS = 20


def settle(workspace: Workspace) -> int:
    """Brings all rules of the workspace up to its revision; returns how many times somebody joined or left.

    Does nothing while another process or thread is at it. Safe to stop and to repeat.
    """
    if not is_due(workspace):
        return 0
    audience_of(workspace).replica.catch_up()  # Before it is held: a rebuild takes longer than it can be held.
    moved = 0
    for _ in range(_ATTEMPTS):
        hold = take(workspace)
        if hold is None:
            return moved
        work = _Settling(workspace, hold)
        done = False
        try:
            work.run()
            done = True
        except Overtaken:
            continue  # The rules were changed, and what they are now is settled; or another process is at it.
        finally:
            moved += work.moved
            hold.end(settled=done)
        break
    return moved


def is_due(workspace: Workspace) -> bool:
    """Whether there is anything to settle now."""
    state = RuleState.objects.filter(workspace=workspace).first()
    segments = _rules(workspace)
    if state is None or not segments:
        return False
    if state.version != state.settled or state.revision < _revision(workspace):
        return True
    found = plan(audience_of(workspace), segments)
    return any(rule.due(now()) or rule.segment.broken for rule in found.ready) or any(map(_is_news, found.broken))


@dataclass(slots=True)
class _Settling:
    """One run, while it is held."""

    workspace: Workspace
    hold: Hold
    moved: int = 0

    def run(self) -> None:
        """Until nothing is left to do."""
        while True:
            rules = self._follow()
            due = [rule.segment for rule in rules.ready if rule.due(now())]
            if not due:
                return
            for segment in due:
                if self._news():
                    self._follow()
                self._everybody(segment)

    def _plan(self) -> tuple[Audience, Plan]:
        """The rules as they are at this moment. News about broken ones are written down first."""
        audience = audience_of(self.workspace)
        found = plan(audience, _rules(self.workspace))
        news = [one for one in found.broken if _is_news(one)]
        healed = [rule.segment for rule in found.ready if rule.segment.broken]
        if news or healed:
            self._say(news, healed)
        return audience, found

    def _say(self, news: Sequence[Broken], healed: Sequence[Segment]) -> None:
        with transaction.atomic():
            self.hold.keep()
            for one in news:
                since = one.segment.broken_since or now()
                _update(one.segment, broken=one.reason, broken_since=since, evaluated="")
            for segment in healed:
                _update(segment, broken="", broken_since=None, evaluated="")
                segment.evaluated = ""  # Others may have come and gone meanwhile.

    def _follow(self) -> Plan:
        """Tests whoever changed until everybody did; returns the rules as they were then."""
        while True:
            audience, rules = self._plan()
            step = audience.ask(partial(self._changed, rules=rules.ready))
            if step.joining or step.leaving:
                self._move(step, step.revision)
            elif step.revision > self.hold.revision:
                self.hold.keep(step.revision)
            self.hold.revision = step.revision
            if step.is_last:
                return rules

    def _changed(self, reader: duckdb.DuckDBPyConnection, rules: Sequence[Ready]) -> "_Step":
        """Whoever changed next, tested."""
        upto = replica_revision(reader)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT person_id, revision FROM journal_journalentry WHERE workspace_id = %s AND revision > %s"
                " AND revision <= %s AND actor <> %s ORDER BY revision LIMIT %s",
                [self.workspace.pk, self.hold.revision, upto, ACTOR, CHUNK],
            )
            entries: list[tuple[int, int]] = cursor.fetchall()
        is_last = len(entries) < CHUNK
        causes = dict(entries)  # The last entry of each person.
        joining, leaving = differences(reader, [rule.test for rule in rules], sorted(causes))
        return _Step(
            joining, leaving, upto if is_last else entries[-1][1], lambda row_id: {"because": causes[row_id]}, is_last
        )

    def _everybody(self, segment: Segment) -> None:
        """Tests everybody for one rule, and writes down that this was done."""
        audience = audience_of(self.workspace)
        began = audience.moments.now
        ready = plan(audience, [segment]).ready  # As of this moment: relative dates count from it.
        if not ready:
            return  # It broke a moment ago, which the next plan writes down.
        rule = ready[0]
        is_new = segment.evaluated != rule.mark
        revision, found = audience.ask(partial(_all_changing, rule=rule))
        operation_id = self._operation(segment, len(found)) if is_new else None
        why = "rule" if is_new else "time"
        is_true = True
        for start in range(0, len(found), CHUNK):
            part = found.slice(start, CHUNK)
            if self._news():
                self._follow()
                is_true = False  # From now on, somebody of the rest may be another than was tested.
            if is_true:
                step = _step(rule, part, revision, why)
            else:
                step = self._again(rule, part.column("id").to_pylist(), why)
            self._move(step, None, operation_id)
        self._finish(rule, began, operation_id)

    def _news(self) -> bool:
        """Whether anybody changed since, other than by rules."""
        later = JournalEntry.objects.filter(workspace=self.workspace, revision__gt=self.hold.revision)
        return later.exclude(actor=ACTOR).exists()

    def _again(self, rule: Ready, person_ids: Sequence[int], why: str) -> "_Step":
        """These people as they are now. Raises Overtaken when the rule means something else by now."""
        audience, rules = self._plan()
        same = [one for one in rules.ready if one.mark == rule.mark and one.segment.id == rule.segment.id]
        if not same:
            raise Overtaken
        return audience.ask(partial(_tested, rule=same[0], person_ids=person_ids, why=why))

    def _move(self, step: "_Step", reached: int | None, operation_id: int | None = None) -> None:
        def work(tx: Transaction) -> int:
            self.hold.keep(reached)
            lock(tx, [person_id for _, person_id in (*step.joining, *step.leaving)])
            people, moved = move(tx, step.joining, step.leaving, step.cause)
            if operation_id is not None and people:
                _operations(self.workspace, operation_id).update(people=F("people") + people)
            return moved

        self.moved += commit(self.workspace.pk, ACTOR, work, operation_id=operation_id)

    def _operation(self, segment: Segment, people: int) -> int | None:
        """What the test of everybody belongs to: the change of the rule, or its own when the rule means something new
        although nobody changed it.
        """
        if segment.operation_id is None and people:
            with transaction.atomic():
                self.hold.keep()
                operation = Operation.objects.create(
                    workspace=self.workspace,
                    kind="rule",
                    label=f"Bring {segment.name} up to date"[:300],
                    actor=ACTOR,
                    details={"segments": [segment.public_id]},
                    undo_until=None,
                )
                _update(segment, operation_id=operation.id)
                segment.operation_id = operation.id
        return segment.operation_id

    def _finish(self, rule: Ready, began: dt.datetime, operation_id: int | None) -> None:
        with transaction.atomic():
            self.hold.keep()
            _update(rule.segment, evaluated=rule.mark, swept_at=began, operation_id=None)
            if operation_id is not None:
                _operations(self.workspace, operation_id).update(finished_at=now())


@dataclass(frozen=True, slots=True)
class _Step:
    """Who has to move, and what to write about it. `revision` is what they were tested at."""

    joining: Sequence[Pair]
    leaving: Sequence[Pair]
    revision: int
    cause: Cause
    is_last: bool = True


def _all_changing(reader: duckdb.DuckDBPyConnection, rule: Ready) -> tuple[int, pa.Table]:
    return replica_revision(reader), all_changing(reader, rule.predicate, rule.segment.id)


def _step(rule: Ready, found: pa.Table, revision: int, why: str) -> _Step:
    ids, joins = found.column("id").to_pylist(), found.column("joins").to_pylist()
    joining = [(rule.segment.id, row_id) for row_id, joins_it in zip(ids, joins, strict=True) if joins_it]
    leaving = [(rule.segment.id, row_id) for row_id, joins_it in zip(ids, joins, strict=True) if not joins_it]
    return _Step(joining, leaving, revision, lambda _: {"because": revision, "why": why})


def _tested(reader: duckdb.DuckDBPyConnection, rule: Ready, person_ids: Sequence[int], why: str) -> _Step:
    revision = replica_revision(reader)
    joining, leaving = differences(reader, [rule.test], person_ids)
    return _Step(joining, leaving, revision, lambda _: {"because": revision, "why": why})


def _rules(workspace: Workspace) -> list[Segment]:
    return list(Segment.objects.filter(workspace=workspace, kind=Kind.RULE).order_by("id"))


def _is_news(broken: Broken) -> bool:
    return broken.segment.broken != broken.reason


def _revision(workspace: Workspace) -> int:
    return Workspace.objects.values_list("revision", flat=True).get(pk=workspace.pk)


def _update(segment: Segment, **values: Any) -> None:
    Segment.objects.filter(workspace_id=segment.workspace_id, id=segment.id).update(**values)


def _operations(workspace: Workspace, operation_id: int) -> QuerySet[Operation]:
    return Operation.objects.filter(workspace=workspace, id=operation_id)
