"""The append-only record of every change to people."""

import datetime as dt

from django.db import models

from coterie.core.clock import now
from coterie.core.tenancy import TenantModel


class Kind(models.TextChoices):
    """What happened to a person.

    New people of an operation are `created` by it, with the values they got; others are `seen` a first time. `session`:
    values of one of their chats were corrected by hand. `noted`: a member wrote, changed or removed a note.
    """

    CREATED = "created"
    SEEN = "seen"
    SET = "set"
    UNSET = "unset"
    JOINED = "joined"
    LEFT = "left"
    BANNED = "banned"
    UNBANNED = "unbanned"
    MERGED = "merged"
    SPLIT = "split"
    ERASED = "erased"
    RESTORED = "restored"
    SESSION = "session"
    NOTED = "noted"


class JournalEntry(models.Model):
    """One change of one person. `revision` is gap-free and in commit order within the workspace."""

    pk = models.CompositePrimaryKey("workspace_id", "revision")
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.PROTECT, db_index=False, related_name="+")
    revision = models.BigIntegerField()
    person_id = models.BigIntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    actor = models.CharField(max_length=80)
    operation_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "person_id", "revision"], name="journal_of_person"),
            models.Index(
                fields=["workspace", "operation_id", "revision"],
                name="journal_of_operation",
                condition=models.Q(operation_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.revision} {self.kind}"


class State(models.TextChoices):
    """How far an operation is. What is done, cancelled or failed can be undone; what is undone had been done."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"
    UNDONE = "undone", "Undone"


# Something will still happen by itself, or may be resumed.
UNFINISHED = (State.QUEUED, State.RUNNING, State.PAUSED)


class Wish(models.TextChoices):
    """What somebody wants of a running operation; it is granted between two steps."""

    NONE = "", "Nothing"
    PAUSE = "pause", "Pause"
    CANCEL = "cancel", "Cancel"


UNDO_FOR = dt.timedelta(days=30)


def in_thirty_days() -> dt.datetime:
    """When what is done now can no longer be undone."""
    return now() + UNDO_FOR


class Operation(TenantModel):
    """A named group of entries, such as "Save 50 people to Newsletter", and how far it is.

    `people` were changed so far. `done` of `total` things (people; entries when undoing) are finished, which took
    `seconds` of work. `position` is where the next step begins, `details` what was asked for, `forget` names of
    these that go once it is over (somebody in them was erased, see `privacy.mentions`), `result` numbers by
    name, `reason` why it failed. `undo_until` is empty where nothing can be undone; `undone_by` and `undo_of` lead
    from an operation to its undo and back. `worker` holds it until `leased_until`, and so many workers were `lost` in a
    row without a step; see `jobs`.
    """

    kind = models.CharField(max_length=30)
    label = models.CharField(max_length=300)
    actor = models.CharField(max_length=80)
    people = models.BigIntegerField(default=0)
    details = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DONE)
    wish = models.CharField(max_length=10, choices=Wish.choices, default=Wish.NONE, blank=True)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    seconds = models.FloatField(default=0)
    position = models.BigIntegerField(default=0)
    forget = models.JSONField(default=list)
    result = models.JSONField(default=dict)
    reason = models.CharField(max_length=500, default="", blank=True)
    undo_until = models.DateTimeField(null=True, default=in_thirty_days)
    undone_by = models.BigIntegerField(null=True)
    undo_of = models.BigIntegerField(null=True)
    worker = models.CharField(max_length=100, default="", blank=True)
    leased_until = models.DateTimeField(null=True)
    lost = models.PositiveSmallIntegerField(default=0)
    started_at = models.DateTimeField(default=now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "started_at"], name="operation_by_time"),
            # For the workers, who look for work in all workspaces.
            models.Index(
                fields=["state", "started_at"],
                name="operation_waiting",
                condition=models.Q(state__in=UNFINISHED),
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def rate(self) -> float | None:
        """Things a second, or None before the first."""
        return self.done / self.seconds if self.done and self.seconds else None

    @property
    def seconds_left(self) -> float | None:
        """How long the rest will take at that rate, or None when nobody knows."""
        return max(self.total - self.done, 0) / self.rate if self.rate else None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.state not in UNFINISHED

    @property
    def can_be_undone(self) -> bool:
        """Whether there is something to undo, nobody did or is about to, and it is not too late."""
        if self.undo_until is None or self.undone_by is not None or self.undo_until < now():
            return False
        return self.state in (State.DONE, State.FAILED, State.CANCELLED, State.PAUSED)
