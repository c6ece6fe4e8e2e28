"""People who were not seen for a long time are erased for good every night, where a workspace decided so.

Who that is, is a filter like any other: the rehearsal, its list and the night itself ask the one compiler.
"""

import datetime as dt
import logging
from zoneinfo import ZoneInfo

from coterie.accounts.audit import record
from coterie.accounts.models import Workspace
from coterie.audience.audience import audience_of
from coterie.audience.tree import All, Condition, Node
from coterie.audience.view import View
from coterie.core.clock import now
from coterie.people.models import Policy
from coterie.people.policy import change, policy_of
from coterie.privacy.erasing import erase

log = logging.getLogger(__name__)
ACTOR = "retention"
LEAST_DAYS, MOST_DAYS = 1, 36_500
# The hour in the workspace's time zone from which on it is night enough.
_HOUR = 2


class WrongDays(ValueError):
    """Not a number of days that people can be kept."""


def filter_of(days: int) -> Node:
    """Whoever was neither seen nor first seen within so many days."""
    words = (f"{days} days",)
    return All((Condition("lastSeen", "not_in_last", words), Condition("createdAt", "not_in_last", words)))


def view_of(days: int) -> View:
    """The list of them."""
    found = filter_of(days)
    return View("all", found.children if isinstance(found, All) else (found,))


def rehearse(workspace: Workspace, days: int) -> int:
    """How many people would be erased if it were night now."""
    return audience_of(workspace).count(filter_of(days))


def checked(days: int | None) -> int | None:
    """The days, if they can be; raises WrongDays."""
    if days is not None and not LEAST_DAYS <= days <= MOST_DAYS:
        raise WrongDays(f"People can be kept for {LEAST_DAYS} to {MOST_DAYS:,} days.")
    return days


def decide(workspace: Workspace, actor: str, days: int | None) -> None:
    """Has people erased after so many days, or (None) nobody, from the coming night on. Raises WrongDays."""
    before, days = policy_of(workspace.pk).keep_days, checked(days)
    if before != days:
        change(workspace, keep_days=days, swept_on=_last_night(workspace))
        record(workspace, actor, "retention.change", {"from": before, "to": days})


def sweep() -> None:
    """Erases whoever is due in every workspace where a night has begun that was not done yet. May run anywhere, twice.

    A night that nobody was there for is made up for. A rule that knows of no night yet begins with the coming one.
    """
    for policy in Policy.objects.exclude(keep_days=None).select_related("workspace"):
        night, mine = _last_night(policy.workspace), Policy.objects.filter(workspace=policy.workspace)
        if mine.filter(swept_on=None).update(swept_on=night):
            continue
        # Only one of those who are at it gets this night. As long as the rule is the one that was read.
        if mine.filter(swept_on__lt=night, keep_days=policy.keep_days).update(swept_on=night):
            try:
                run(policy.workspace)
            except Exception:  # One workspace must not stop the others; the next night comes.
                log.exception("the retention of workspace %s failed", policy.workspace.pk)


def _last_night(workspace: Workspace) -> dt.date:
    """The day on which the last night began where the workspace is, which may be this one."""
    local = now().astimezone(ZoneInfo(workspace.time_zone))
    return local.date() if local.hour >= _HOUR else local.date() - dt.timedelta(days=1)


def run(workspace: Workspace) -> int:
    """Erases whoever is due; returns how many were found. Whoever comes back meanwhile stays."""
    days = policy_of(workspace.pk).keep_days
    if days is None:
        return 0
    audience = audience_of(workspace)
    ids = audience.matching_ids(filter_of(days))
    if ids:
        limit = audience.moments.now - dt.timedelta(days=days)
        erase(workspace, ACTOR, ids, f", not seen for {days:,} days", unless_seen_since=limit)
    return len(ids)
