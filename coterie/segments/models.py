"""Segments: lists of people."""

import datetime as dt

from django.db import models
from django.db.models.functions import Lower

from coterie.core.clock import now
from coterie.core.tenancy import TenantModel

# How long a removed segment can be brought back.
RESTORABLE = dt.timedelta(days=30)


class Kind(models.TextChoices):
    """Who decides who is in a segment."""

    MANUAL = "manual", "Manual"
    RULE = "rule", "Rule"


class Present(models.Manager["Segment"]):
    """The segments that were not removed."""

    def get_queryset(self) -> models.QuerySet["Segment"]:
        """Without the trash."""
        return super().get_queryset().filter(removed_at=None)


class Segment(TenantModel):
    """A named list of people: filled by hand, by chats and by the API, or by a rule that keeps it up to date.

    `filter` is the rule as JSON (`audience.tree.to_json`). `evaluated` identifies what the whole workspace was last
    tested against; when it is no longer what the rule means now, everybody is tested again. `swept_at` is when that
    was. While `broken` says why the rule cannot be evaluated (since `broken_since`), nobody joins or leaves.
    `operation_id` is the operation that the next test of everybody belongs to.

    `objects` has the segments that are there, `with_removed` also those in the trash.
    """

    name = models.CharField(max_length=256)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.MANUAL)
    filter = models.JSONField(null=True)
    evaluated = models.CharField(max_length=64, default="", blank=True)
    swept_at = models.DateTimeField(null=True)
    broken = models.CharField(max_length=500, default="", blank=True)
    broken_since = models.DateTimeField(null=True)
    operation_id = models.BigIntegerField(null=True)
    created_by = models.CharField(max_length=80, default="", blank=True)
    created_at = models.DateTimeField(default=now)
    removed_at = models.DateTimeField(null=True)

    with_removed = models.Manager["Segment"]()
    objects = Present()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace", Lower("name"), name="segment_name_once", condition=models.Q(removed_at=None)
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_rule(self) -> bool:
        """Whether it keeps itself up to date."""
        return self.kind == Kind.RULE

    @property
    def is_filling(self) -> bool:
        """Whether its rule is new or was changed, and not everybody has been tested yet."""
        return self.is_rule and not self.broken and not self.evaluated

    @property
    def restorable_until(self) -> dt.datetime | None:
        """When a removed segment is gone for good."""
        return self.removed_at + RESTORABLE if self.removed_at else None


class Membership(models.Model):
    """One person in one segment. Written only through `segments.membership` and `segments.moves`, in a journal
    transaction.
    """

    pk = models.CompositePrimaryKey("workspace_id", "segment_id", "person_id")
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.PROTECT, db_index=False, related_name="+")
    segment_id = models.BigIntegerField()
    person_id = models.BigIntegerField()
    joined_at = models.DateTimeField(default=now)

    class Meta:
        indexes = [models.Index(fields=["workspace", "person_id", "segment_id"], name="membership_of_person")]

    def __str__(self) -> str:
        return f"{self.person_id} in {self.segment_id}"


class SegmentDay(models.Model):
    """How many people joined and left a segment on one day (UTC): counted with the journal entries, see `growth`."""

    pk = models.CompositePrimaryKey("workspace_id", "segment_id", "day")
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.PROTECT, db_index=False, related_name="+")
    segment_id = models.BigIntegerField()
    day = models.DateField()
    joined = models.BigIntegerField(default=0)
    departed = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.segment_id} on {self.day}: +{self.joined} -{self.departed}"


class RuleState(TenantModel):
    """How far the rules of a workspace are; one row per workspace that ever had a rule. See `state`.

    Everybody who changed up to `revision` was tested. `version` is raised by every change to segments that rules may
    depend on; `settled` is the version that was settled last. `holder` is at work until `held_until`.
    """

    revision = models.BigIntegerField(default=0)
    version = models.BigIntegerField(default=0)
    settled = models.BigIntegerField(default=-1)
    holder = models.BigIntegerField(default=0)
    held_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace"], name="rule_state_once")]

    def __str__(self) -> str:
        return f"rules of {self.workspace_id} at {self.revision}"
