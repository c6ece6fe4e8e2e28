"""The append-only record of every change to people."""

from django.db import models

from coterie.core.clock import now
from coterie.core.tenancy import TenantModel


class Kind(models.TextChoices):
    """What happened to a person."""

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
        indexes = [models.Index(fields=["workspace", "person_id", "revision"], name="journal_of_person")]

    def __str__(self) -> str:
        return f"{self.revision} {self.kind}"


class Operation(TenantModel):
    """A named group of entries, such as "Save 50 people to Newsletter"."""

    kind = models.CharField(max_length=30)
    label = models.CharField(max_length=300)
    actor = models.CharField(max_length=80)
    people = models.BigIntegerField(default=0)
    details = models.JSONField(default=dict)
    started_at = models.DateTimeField(default=now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["workspace", "started_at"], name="operation_by_time")]

    def __str__(self) -> str:
        return self.label
