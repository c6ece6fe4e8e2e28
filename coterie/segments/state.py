"""Who may write what rules decided, and what it was decided from.

One row per workspace. Whoever settles holds it for a while, so that two processes do not do the same work. That alone
would not make it safe: a process may stop for longer than that and then go on. So every transaction that writes what
rules decided begins with `keep`, which fails if meanwhile somebody else took over, or a segment was changed that rules
depend on. (Both lock the row, and so wait for the transaction or come before it.)
"""

import datetime as dt
from dataclasses import dataclass

from coterie.accounts.models import Workspace
from coterie.core.clock import now
from coterie.core.ids import new_id
from coterie.segments.models import Kind as SegmentKind
from coterie.segments.models import RuleState, Segment

HELD_FOR = dt.timedelta(seconds=15)


class Overtaken(Exception):
    """What was decided may be wrong by now, so nothing of it was written: decide again."""


@dataclass(slots=True)
class Hold:
    """The right to settle a workspace, as of one version of its segments. People were tested up to `revision`."""

    workspace_id: int
    holder: int
    version: int
    revision: int

    def keep(self, revision: int | None = None) -> None:
        """First in a transaction that writes; raises Overtaken. With `revision`, people were tested up to that one."""
        changes = {"held_until": now() + HELD_FOR} | ({} if revision is None else {"revision": revision})
        mine = RuleState.objects.filter(workspace_id=self.workspace_id, holder=self.holder, version=self.version)
        if not mine.update(**changes):
            raise Overtaken

    def end(self, settled: bool) -> None:
        """Lets go, if it is still ours; `settled`: everything of this version is done."""
        changes = {"holder": 0} | ({"settled": self.version} if settled else {})
        mine = RuleState.objects.filter(workspace_id=self.workspace_id, holder=self.holder)
        mine.update(**changes)


def take(workspace: Workspace) -> Hold | None:
    """The right to settle; None while somebody else has it, or where there never was a rule."""
    moment, holder = now(), new_id()
    rows = RuleState.objects.filter(workspace=workspace)
    free = rows.filter(holder=0) | rows.filter(held_until__lt=moment)
    if not free.update(holder=holder, held_until=moment + HELD_FOR):
        return None
    state = rows.filter(holder=holder).first()
    return Hold(workspace.pk, holder, state.version, state.revision) if state else None


def changed(workspace: Workspace) -> None:
    """First in a transaction that changes segments which rules may depend on, or rules. Locks the row until its end.

    What is being decided from the former state will not be written, and soon everything is settled anew.
    """
    revision = Workspace.objects.values_list("revision", flat=True).get(pk=workspace.pk)
    RuleState.objects.bulk_create([RuleState(workspace=workspace, revision=revision)], ignore_conflicts=True)
    state = RuleState.objects.select_for_update().get(workspace=workspace)
    state.version += 1
    if not Segment.objects.filter(workspace=workspace, kind=SegmentKind.RULE).exists():
        state.revision = revision  # Nobody followed, and there is nothing to catch up with.
    RuleState.objects.filter(workspace=workspace).update(version=state.version, revision=state.revision)
